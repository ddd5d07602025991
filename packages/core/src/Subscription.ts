/**
 * Who must be told about a commit. Plain listeners are told of each one. A selector's listener is told when
 * its selection changed; which commits can change it is known from what the selector read: top-level fields,
 * and single rows of a Collection.
 */
import type { Equals, Selector } from "./Handle.ts"
import { isRows, RowsId, track, type Tracker } from "./internal/rows.ts"

type Key = string | number

/**
 * What a selection can have come from: pairs of a field and, where it took one row, that row's key; in the
 * order of reading. Without pairs it has to be computed again after each commit.
 */
type Reads = ReadonlyArray<PropertyKey | Key | undefined> | undefined

/** A collection that was read, and whether what was done with it is not known yet. */
interface Taken {
  readonly collection: unknown
  readonly field: PropertyKey
  open: boolean
}

/**
 * Notes what a selector reads. Only a selection that cannot hide an unread part of the state is narrowed: a
 * primitive, a field's value, or a row. For any other value (`s => ({ a: s.a })`) the parts it carries out
 * may be read later, so it counts as having read everything.
 *
 * What cannot be seen: that a selector takes one collection both for its reference (it compares or remembers
 * it) and for a row, through one variable or through another path to the same collection. It then counts as
 * having read the row alone.
 */
class Observation implements ProxyHandler<object>, Tracker {
  private readonly reads: Array<PropertyKey | Key | undefined> = []
  /** What it got, besides collections. */
  private readonly values: Array<unknown> = []
  private readonly taken: Array<Taken> = []
  private everything = false

  get(target: object, field: PropertyKey): unknown {
    const value: unknown = Reflect.get(target, field)
    if (isRows(value)) this.take(value, field)
    else {
      this.reads.push(field, undefined)
      this.values.push(value)
    }
    return value
  }

  has(target: object, field: PropertyKey): boolean {
    this.reads.push(field, undefined)
    return Reflect.has(target, field)
  }

  ownKeys(target: object): Array<string | symbol> {
    this.everything = true
    return Reflect.ownKeys(target)
  }

  getOwnPropertyDescriptor(target: object, field: PropertyKey): PropertyDescriptor | undefined {
    this.everything = true
    return Reflect.getOwnPropertyDescriptor(target, field)
  }

  private take(collection: unknown, field: PropertyKey): void {
    const before = this.find(collection)
    // One collection in two fields: a read of it does not say which was meant. Or taken again before it was
    // read, as by a selector that remembers its result for this collection.
    if (before !== undefined && (before.open || before.field !== field)) {
      this.reads.push(before.field, undefined, field, undefined)
    }
    if (before === undefined) this.taken.push({ collection, field, open: true })
    else before.open = true
  }

  private find(collection: unknown): Taken | undefined {
    // A loop, because a callback would cost each read of a row its allocation.
    for (const taken of this.taken) if (taken.collection === collection) return taken
    return undefined
  }

  row(collection: object, key: Key, row: unknown): void {
    const taken = this.find(collection)
    if (taken === undefined) this.everything = true
    else {
      taken.open = false
      this.reads.push(taken.field, key)
      this.values.push(row)
    }
  }

  all(collection: object): void {
    const taken = this.find(collection)
    if (taken === undefined) this.everything = true
    else this.reads.push(taken.field, undefined)
  }

  readsOf(selected: unknown): Reads {
    for (const { collection, field, open } of this.taken) {
      if (open || collection === selected) this.reads.push(field, undefined)
    }
    const opaque = typeof selected === "function" || (typeof selected === "object" && selected !== null)
    const hides = opaque && !this.values.includes(selected) && this.find(selected) === undefined
    return this.everything || hides ? undefined : this.reads
  }
}

/** Runs the selector, and notes with the watch what the selection can have come from. */
const select = <S, B>(state: S, selector: Selector<S, B>, watch: Watch<S>): B => {
  if (typeof state === "object" && state !== null) {
    try {
      const observation = new Observation()
      // A new one each time: to a selector that remembers its result for its argument, the same one would be
      // the same state.
      const observed: S = new Proxy<S & object>(state, observation)
      const selected = track(observation, () => selector(observed))
      // The selector gave its own argument back; callers compare with the state itself.
      const isState = (selected as unknown) === observed
      watch.note(isState ? undefined : observation.readsOf(selected))
      return isState ? (state as unknown as B) : selected
    } catch {
      // A Map or a class with private fields cannot be looked at through a proxy. If it is the selector that
      // fails, it does so again here.
    }
  }
  watch.note(undefined)
  return selector(state)
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
  readonly reads: Reads
  readonly note: (reads: Reads) => void
  readonly recheck: (state: S) => void
  /** The last commit that affected it. Written by `affected`. */
  commit: number
}

/** A selector that is watched. All in one object: among very many, those of one row are in no cache. */
class Selection<S, B> implements Watch<S> {
  private readonly index: Index<S>
  private readonly selector: Selector<S, B>
  private readonly notify: (selected: B) => void
  private readonly equals: Equals<B>
  private selected: B
  private active = false
  reads: Reads = undefined
  commit = 0

  constructor(
    index: Index<S>,
    state: S,
    selector: Selector<S, B>,
    notify: (selected: B) => void,
    equals: Equals<B>
  ) {
    this.index = index
    this.selector = selector
    this.notify = notify
    this.equals = equals
    this.selected = select(state, selector, this)
    this.active = true
    index.add(this)
  }

  note(reads: Reads): void {
    if (sameReads(this.reads, reads)) return
    if (this.active) this.index.remove(this)
    this.reads = reads
    if (this.active) this.index.add(this)
  }

  recheck(next: S): void {
    if (!this.active) return
    // If the selector fails, it has been noted that what it would have read is not known.
    const selected = select(next, this.selector, this)
    if (this.equals(this.selected, selected)) return
    this.selected = selected
    this.notify(selected)
  }

  end(): void {
    if (!this.active) return
    this.active = false
    this.index.remove(this)
  }
}

/** One watch, or several. */
type Some<S> = Watch<S> | Set<Watch<S>>

/** Watches by what they read. */
class Index<S> {
  private readonly everything = new Set<Watch<S>>()
  private readonly fields = new Map<PropertyKey, Some<S>>()
  private readonly rows = new Map<PropertyKey, Map<Key, Some<S>>>()
  size = 0

  add(watch: Watch<S>): void {
    this.size++
    if (watch.reads === undefined) this.everything.add(watch)
    else eachRead(watch.reads, (field, key) => addTo(this.mapOf(field, key), key ?? field, watch))
  }

  remove(watch: Watch<S>): void {
    this.size--
    if (watch.reads === undefined) this.everything.delete(watch)
    else eachRead(watch.reads, (field, key) => removeFrom(this.mapOf(field, key), key ?? field, watch))
  }

  private mapOf(field: PropertyKey, key: Key | undefined): Map<PropertyKey, Some<S>> {
    if (key === undefined) return this.fields
    const known = this.rows.get(field)
    if (known !== undefined) return known
    const made = new Map<Key, Some<S>>()
    this.rows.set(field, made)
    return made
  }

  /** Those whose selection may differ between the two states, each once. */
  affected(previous: S, next: S, commit: number): ReadonlyArray<Watch<S>> {
    const found: Array<Watch<S>> = []
    const find = (some: Some<S>) => {
      if (some instanceof Set) some.forEach(find)
      else if (some.commit !== commit) {
        some.commit = commit
        found.push(some)
      }
    }
    find(this.everything)
    for (const [field, watches] of this.fields) {
      if (!Object.is(read(previous, field), read(next, field))) find(watches)
    }
    for (const [field, byKey] of this.rows) {
      const before = read(previous, field)
      const after = read(next, field)
      if (before === after || byKey.size === 0) continue
      if (isRows(before) && isRows(after)) {
        before[RowsId].diff(after[RowsId], (key) => {
          const watches = byKey.get(key)
          if (watches !== undefined) find(watches)
        })
      } else {
        byKey.forEach(find)
      }
    }
    return found
  }
}

const eachRead = (reads: Reads & {}, visit: (field: PropertyKey, key: Key | undefined) => void): void => {
  // They come in pairs, of which only the second may be missing.
  for (let i = 0; i < reads.length; i += 2) visit(reads[i] as PropertyKey, reads[i + 1] as Key | undefined)
}

const sameReads = (a: Reads, b: Reads): boolean =>
  a === b ||
  (a !== undefined && b !== undefined && a.length === b.length && a.every((read, i) => read === b[i]))

const read = (state: unknown, field: PropertyKey): unknown =>
  typeof state === "object" && state !== null ? Reflect.get(state, field) : undefined

const addTo = <S>(map: Map<PropertyKey, Some<S>>, key: PropertyKey, watch: Watch<S>): void => {
  const known = map.get(key)
  if (known === undefined) map.set(key, watch)
  else if (known instanceof Set) known.add(watch)
  else if (known !== watch) map.set(key, new Set([known, watch]))
}

const removeFrom = <S>(map: Map<PropertyKey, Some<S>>, key: PropertyKey, watch: Watch<S>): void => {
  const known = map.get(key)
  if (known === watch || (known instanceof Set && known.delete(watch) && known.size === 0)) map.delete(key)
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
    const selection = new Selection(this.index, state, selector, notify, equals)
    return () => selection.end()
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
    for (const watch of this.index.affected(previous, next, commit)) {
      try {
        watch.recheck(next)
      } catch (error) {
        this.failed(error)
      }
    }
  }
}
