/**
 * Who must be told about a commit. Plain listeners are told of each one. A selector's listener is told when
 * its selection changed; which commits can change it is known from what the selector read: top-level fields,
 * and single rows of a Collection.
 */
import * as Collection from "./Collection.ts"
import type { Equals, Selector } from "./Handle.ts"

/** What a selection can have come from. `everything`: it has to be computed again after each commit. */
interface Reads {
  readonly everything: boolean
  readonly fields: ReadonlySet<PropertyKey>
  readonly rows: ReadonlyMap<PropertyKey, ReadonlySet<string | number>>
}

const everything: Reads = { everything: true, fields: new Set(), rows: new Map() }

interface Selected<B> {
  readonly selected: B
  readonly reads: Reads
}

/**
 * Runs the selector and notes what it read. Only a selection that cannot hide an unread part of the state is
 * narrowed: a primitive, a field's value, or a row. For any other value (`s => ({ a: s.a })`) the parts it
 * carries out may be read later, so it counts as having read everything.
 *
 * What cannot be seen: that a selector takes one collection both for its reference (it compares or remembers
 * it) and for a row, through one variable or through another path to the same collection. It then counts as
 * having read the row alone.
 */
const observe = <S extends object, B>(state: S, selector: Selector<S, B>): Selected<B> => {
  const fields = new Set<PropertyKey>()
  const rows = new Map<PropertyKey, Set<string | number>>()
  const fieldOf = new Map<unknown, PropertyKey>()
  /** Fields whose collection was taken and not read since: what was done with it is not known. */
  const taken = new Set<PropertyKey>()
  const known = new Set<unknown>()
  let enumerated = false
  const take = (collection: unknown, field: PropertyKey) => {
    const other = fieldOf.get(collection)
    // One collection in two fields: a read of it does not say which was meant.
    if (other !== undefined && other !== field) fields.add(other).add(field)
    // Taken again before it was read, as by a selector that remembers its result for this collection.
    else if (taken.has(field)) fields.add(field)
    fieldOf.set(collection, field)
    taken.add(field)
  }
  const observed = new Proxy(state, {
    get(target, field) {
      const value: unknown = Reflect.get(target, field)
      if (Collection.isCollection(value)) take(value, field)
      else fields.add(field)
      known.add(value)
      return value
    },
    has(target, field) {
      fields.add(field)
      return Reflect.has(target, field)
    },
    ownKeys(target) {
      enumerated = true
      return Reflect.ownKeys(target)
    },
    getOwnPropertyDescriptor(target, field) {
      enumerated = true
      return Reflect.getOwnPropertyDescriptor(target, field)
    }
  })
  const tracker: Collection.Tracker = {
    row(collection, key, row) {
      known.add(row)
      const field = fieldOf.get(collection)
      if (field === undefined) {
        enumerated = true
        return
      }
      taken.delete(field)
      if (!rows.get(field)?.add(key)) rows.set(field, new Set([key]))
    },
    all(collection) {
      const field = fieldOf.get(collection)
      if (field === undefined) enumerated = true
      else fields.add(field)
    }
  }
  const selected = Collection.track(tracker, () => selector(observed))
  // The selector gave its own argument back; callers compare with the state itself.
  if ((selected as unknown) === observed) return { selected: state as unknown as B, reads: everything }
  for (const field of taken) fields.add(field)
  const selectedField = fieldOf.get(selected)
  if (selectedField !== undefined) fields.add(selectedField)
  const opaque = typeof selected === "function" || (typeof selected === "object" && selected !== null)
  if (enumerated || (opaque && !known.has(selected))) return { selected, reads: everything }
  return { selected, reads: { everything: false, fields, rows } }
}

const select = <S, B>(state: S, selector: Selector<S, B>): Selected<B> => {
  if (typeof state === "object" && state !== null) {
    try {
      return observe(state, selector)
    } catch {
      // A Map or a class with private fields cannot be looked at through a proxy. If it is the selector that
      // fails, it does so again here.
    }
  }
  return { selected: selector(state), reads: everything }
}

class Listener<S> {
  readonly notify: (state: S) => void
  /** The commit after which it came; it is not told of that one. */
  readonly since: number
  active = true
  previous: Listener<S> | undefined
  next: Listener<S> | undefined

  constructor(notify: (state: S) => void, since: number) {
    this.notify = notify
    this.since = since
  }
}

interface Watch<S> {
  readonly recheck: (state: S) => void
  reads: Reads
}

/** Watches by what they read. */
class Index<S> {
  private readonly everything = new Set<Watch<S>>()
  private readonly fields = new Map<PropertyKey, Set<Watch<S>>>()
  private readonly rows = new Map<PropertyKey, Map<string | number, Set<Watch<S>>>>()
  size = 0

  add(watch: Watch<S>): void {
    this.size++
    const { reads } = watch
    if (reads.everything) this.everything.add(watch)
    for (const field of reads.fields) getOrMake(this.fields, field, makeSet<Watch<S>>).add(watch)
    for (const [field, keys] of reads.rows) {
      const byKey = getOrMake(this.rows, field, () => new Map<string | number, Set<Watch<S>>>())
      for (const key of keys) getOrMake(byKey, key, makeSet<Watch<S>>).add(watch)
    }
  }

  remove(watch: Watch<S>): void {
    this.size--
    const { reads } = watch
    this.everything.delete(watch)
    for (const field of reads.fields) removeFrom(this.fields, field, watch)
    for (const [field, keys] of reads.rows) {
      const byKey = this.rows.get(field)
      if (byKey === undefined) continue
      for (const key of keys) removeFrom(byKey, key, watch)
      if (byKey.size === 0) this.rows.delete(field)
    }
  }

  /** Those whose selection may differ between the two states. */
  affected(previous: S, next: S): ReadonlySet<Watch<S>> {
    const found = new Set(this.everything)
    for (const [field, watches] of this.fields) {
      if (!Object.is(read(previous, field), read(next, field))) for (const watch of watches) found.add(watch)
    }
    for (const [field, byKey] of this.rows) {
      const before = read(previous, field)
      const after = read(next, field)
      if (before === after) continue
      if (Collection.isCollection(before) && Collection.isCollection(after)) {
        Collection.diff(before, after, (key) => {
          for (const watch of byKey.get(key) ?? []) found.add(watch)
        })
      } else {
        for (const watches of byKey.values()) for (const watch of watches) found.add(watch)
      }
    }
    return found
  }
}

const read = (state: unknown, field: PropertyKey): unknown =>
  typeof state === "object" && state !== null ? Reflect.get(state, field) : undefined

const makeSet = <T>(): Set<T> => new Set()

const getOrMake = <K, V>(map: Map<K, V>, key: K, make: () => V): V => {
  const found = map.get(key)
  if (found !== undefined) return found
  const made = make()
  map.set(key, made)
  return made
}

const removeFrom = <K, V>(map: Map<K, Set<V>>, key: K, value: V): void => {
  const set = map.get(key)
  if (set?.delete(value) && set.size === 0) map.delete(key)
}

export class Subscriptions<S> {
  private readonly failed: (error: unknown) => void
  private first: Listener<S> | undefined
  private last: Listener<S> | undefined
  private readonly index = new Index<S>()
  /** Commits told so far. Written by `tell`. */
  private told = 0

  constructor(failed: (error: unknown) => void) {
    this.failed = failed
  }

  subscribe(notify: (state: S) => void): () => void {
    const listener = new Listener(notify, this.told)
    listener.previous = this.last
    if (this.last === undefined) this.first = listener
    else this.last.next = listener
    this.last = listener
    return () => {
      if (!listener.active) return
      listener.active = false
      if (listener.previous === undefined) this.first = listener.next
      else listener.previous.next = listener.next
      if (listener.next === undefined) this.last = listener.previous
      else listener.next.previous = listener.previous
      // `listener.next` stays: whoever is telling this listener goes on from it.
    }
  }

  subscribeTo<B>(
    state: S,
    selector: Selector<S, B>,
    notify: (selected: B) => void,
    equals: Equals<B> = Object.is
  ): () => void {
    const first = select(state, selector)
    let selected = first.selected
    let active = true
    const watch: Watch<S> = {
      reads: first.reads,
      recheck: (next) => {
        if (!active) return
        let again: Selected<B>
        try {
          again = select(next, selector)
        } catch (error) {
          // What it would have read is not known.
          this.watchFor(watch, everything)
          throw error
        }
        this.watchFor(watch, again.reads)
        if (equals(selected, again.selected)) return
        selected = again.selected
        notify(selected)
      }
    }
    this.index.add(watch)
    return () => {
      if (!active) return
      active = false
      this.index.remove(watch)
    }
  }

  private watchFor(watch: Watch<S>, reads: Reads): void {
    if (reads === everything && watch.reads === everything) return
    this.index.remove(watch)
    watch.reads = reads
    this.index.add(watch)
  }

  get none(): boolean {
    return this.first === undefined && this.index.size === 0
  }

  /** A listener that throws is reported; the others are told. */
  tell(previous: S, next: S): void {
    const commit = ++this.told
    for (let listener = this.first; listener !== undefined; listener = listener.next) {
      if (!listener.active || listener.since >= commit) continue
      try {
        listener.notify(next)
      } catch (error) {
        this.failed(error)
      }
    }
    if (this.index.size === 0) return
    for (const watch of this.index.affected(previous, next)) {
      try {
        watch.recheck(next)
      } catch (error) {
        this.failed(error)
      }
    }
  }
}
