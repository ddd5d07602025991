/**
 * Who must be told about a commit. Plain listeners are told of each one. A selector's listener is told when
 * its selection changed; which commits can change it is known from what the selector read: top-level fields,
 * and single rows of a Collection.
 */
import type { Equals, Selector, Watch } from "./Handle.ts"
import type { Any } from "./internal/any.ts"
import { Places } from "./internal/places.ts"
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
  readonly before: Taken | undefined
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
  // Begun anew for each run of a selector. What is read the same as the last time is not written down again.
  private last: Reads
  /** How much of `last` was read again, until something else was. */
  private again = 0
  private reads: Array<PropertyKey | Key | undefined> | undefined
  private taken: Taken | undefined
  /** What was read last: most selections are that, or of it. */
  private value: unknown
  private everything = false

  begin(last: Reads): void {
    this.last = last
    this.again = 0
    this.reads = undefined
    this.taken = undefined
    this.value = undefined
    this.everything = false
  }

  get(target: object, field: PropertyKey): unknown {
    const value: unknown = Reflect.get(target, field)
    if (isRows(value)) this.take(value, field)
    else {
      this.value = value
      this.note(field, undefined)
    }
    return value
  }

  has(target: object, field: PropertyKey): boolean {
    this.note(field, undefined)
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

  private note(field: PropertyKey, key: Key | undefined): void {
    const { again, last } = this
    if (this.reads !== undefined) this.reads.push(field, key)
    else if (last !== undefined && again < last.length && last[again] === field && last[again + 1] === key)
      this.again += 2
    else if (again === 0) this.reads = [field, key]
    else this.reads = [...last!.slice(0, again), field, key]
  }

  private take(collection: unknown, field: PropertyKey): void {
    const before = this.find(collection)
    // One collection in two fields: a read of it does not say which was meant. Or taken again before it was
    // read, as by a selector that remembers its result for this collection.
    if (before !== undefined && (before.open || before.field !== field)) {
      this.note(before.field, undefined)
      this.note(field, undefined)
    }
    if (before === undefined) this.taken = { collection, field, open: true, before: this.taken }
    else before.open = true
  }

  private find(collection: unknown): Taken | undefined {
    let { taken } = this
    while (taken !== undefined && taken.collection !== collection) taken = taken.before
    return taken
  }

  row(collection: object, key: Key, row: unknown): void {
    const taken = this.find(collection)
    if (taken === undefined) this.everything = true
    else {
      taken.open = false
      this.value = row
      this.note(taken.field, key)
    }
  }

  all(collection: object): void {
    const taken = this.find(collection)
    if (taken === undefined) this.everything = true
    else this.note(taken.field, undefined)
  }

  /** The same as the last time where nothing else was read. */
  readsOf(state: object, selected: unknown): Reads {
    for (let { taken } = this; taken !== undefined; taken = taken.before) {
      if (taken.open || taken.collection === selected) this.note(taken.field, undefined)
    }
    const { again, last } = this
    const reads = this.reads ?? (last?.length === again ? last : (last ?? []).slice(0, again))
    const opaque =
      selected !== this.value &&
      (typeof selected === "function" || (typeof selected === "object" && selected !== null))
    const everything = this.everything || (opaque && !holds(state, reads, selected))
    // What it still tells of, should the selector have kept its argument, is of no run.
    this.begin(undefined)
    return everything ? undefined : reads
  }
}

/** Whether the value is one of those that were read. */
const holds = (state: object, reads: Reads & {}, value: unknown): boolean => {
  let found = false
  eachRead(reads, (field, key) => {
    const part: unknown = Reflect.get(state, field)
    found ||= (key !== undefined && isRows(part) ? part[RowsId].get(key) : part) === value
  })
  return found
}

class Listener<S> {
  /** A profile puts its own in its place. */
  notify: (state: S) => void
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

/** Where selections are made from. */
interface Source<S> {
  readonly state: S
}

interface Indexed<S> {
  readonly reads: Reads
  readonly selector: Selector<S, Any>
  readonly recheck: (state: S) => void
  /** The last commit that affected it, and the next that the same commit did. Written by `affected`. */
  commit: number
  next: Indexed<S> | undefined
}

/** A selector and what it reads. All in one object: among very many, those of one row are in no cache. */
abstract class Selection<S, B> implements Indexed<S> {
  protected readonly index: Index<S>
  protected readonly equals: Equals<B>
  // Written by `select` of those that can exchange it.
  selector: Selector<S, B>
  protected active = true
  /** Written by `enter`, `leave` and `end`. */
  private entered = false
  reads: Reads = undefined
  commit = 0
  next: Indexed<S> | undefined = undefined

  constructor(index: Index<S>, selector: Selector<S, B>, equals: Equals<B>) {
    this.index = index
    this.selector = selector
    this.equals = equals
  }

  abstract recheck(next: S): void

  protected enter(): void {
    if (!this.entered) this.index.add(this)
    this.entered = true
  }

  protected leave(): void {
    if (this.entered) this.index.remove(this)
    this.entered = false
  }

  /** Runs the selector, and notes what the selection can have come from. */
  protected run(state: S): B {
    const { index, selector } = this
    if (typeof state === "object" && state !== null) {
      // Another where the selector is one that watches something itself.
      const observation = index.observation ?? new Observation()
      index.observation = undefined
      try {
        observation.begin(this.reads)
        // A new one each time: to a selector that remembers its result for its argument, the same one would be
        // the same state.
        const observed: S = new Proxy<S & object>(state, observation)
        const selected = track(observation, selector, observed)
        // The selector gave its own argument back; callers compare with the state itself.
        const isState = (selected as unknown) === observed
        this.note(isState ? undefined : observation.readsOf(state, selected))
        return isState ? (state as unknown as B) : selected
      } catch {
        // A Map or a class with private fields cannot be looked at through a proxy. If it is the selector that
        // fails, it does so again here.
      } finally {
        index.observation = observation
      }
    }
    this.note(undefined)
    return selector(state)
  }

  protected note(reads: Reads): void {
    if (sameReads(this.reads, reads)) return
    if (this.entered) this.index.remove(this)
    this.reads = reads
    if (this.entered) this.index.add(this)
  }

  end(): void {
    if (!this.active) return
    this.active = false
    this.leave()
  }
}

/** Told of selections. What its selector throws is the listener's failure. */
class Told<S, B> extends Selection<S, B> {
  private readonly notify: (selected: B) => void
  private selected: B

  constructor(
    index: Index<S>,
    state: S,
    selector: Selector<S, B>,
    notify: (selected: B) => void,
    equals: Equals<B>
  ) {
    super(index, selector, equals)
    this.notify = notify
    this.selected = this.run(state)
    this.enter()
  }

  recheck(next: S): void {
    if (!this.active) return
    // If the selector fails, it has been noted that what it would have read is not known.
    const selected = this.run(next)
    if (this.equals(this.selected, selected)) return
    this.selected = selected
    this.notify(selected)
  }
}

/** Stands for a selection that failed. It equals nothing, not even itself. */
const failed: unique symbol = Symbol("failed")

/** So many selections of one instance are noted by what they read as soon as they are run; of more, not all. */
const few = 128

/**
 * Told that there is something to look at: another selection, or a failure. Most that come or are exchanged see no
 * commit before they go or are exchanged again, so a selector is run only when the next one comes, on the state of
 * the moment at which it was given.
 *
 * To note what a selector reads costs more than ten runs of it. Among very many, and where the selector is exchanged
 * as an inline one is, a selection is therefore loose at first, and again after a commit that affected it: it is run at
 * every commit, until it has stayed the same for some.
 */
class Watching<S, B> extends Selection<S, B> implements Watch<S, B>, Fresh, Loose<S> {
  private readonly source: Source<S>
  private readonly onChange: () => void
  private selected: B | typeof failed = failed
  /** The state that the selector is still to be run on; `failed` where there was none, or none any more. */
  private given: S | typeof failed = failed
  /** Whether the selector has been exchanged, as it will be again. */
  private inline = false

  // Written by the index, the two.
  place = -1
  freshAt = -1
  /** For how many commits it has stayed the same while loose. */
  private calm = 0
  /** Whether it depends on everything, and is loose for that. */
  private opaque = false

  constructor(
    index: Index<S>,
    source: Source<S>,
    selector: Selector<S, B>,
    onChange: () => void,
    equals: Equals<B>
  ) {
    super(index, selector, equals)
    this.source = source
    this.onChange = onChange
    this.wait()
  }

  private wait(): void {
    try {
      this.given = this.source.state
    } catch {
      this.given = failed
    }
    this.index.fresh.add(this)
  }

  /** With the next commit. Called by `Index.settle`. */
  settle(): void {
    this.calm = 0
    this.opaque = false
    this.selected = this.selectNow(this.given)
    this.given = failed
  }

  private selectNow(state: S | typeof failed): B | typeof failed {
    if (!this.inline && this.index.size < few) return this.noted(state)
    this.loosen()
    return this.plain(state)
  }

  /** Runs the selector, and puts the selection where it belongs. */
  private noted(state: S | typeof failed): B | typeof failed {
    this.index.loose.remove(this)
    const selected = this.selectionOf(state)
    this.opaque = this.reads === undefined
    if (this.opaque) this.loosen()
    else this.enter()
    return selected
  }

  private loosen(): void {
    if (this.place >= 0) return
    this.leave()
    this.index.loose.add(this)
    this.calm = 0
  }

  private plain(state: S | typeof failed): B | typeof failed {
    try {
      return state === failed ? failed : this.selector(state)
    } catch {
      return failed
    }
  }

  tighten(state: S): void {
    if (this.calm >= 2 && !this.opaque && this.freshAt < 0) this.noted(state)
  }

  private selectionOf(state: S | typeof failed): B | typeof failed {
    try {
      if (state !== failed) return this.run(state)
    } catch {
      // As where the source could not give its state.
    }
    this.note(undefined)
    return failed
  }

  private same(a: B | typeof failed, b: B | typeof failed): boolean {
    if (a === failed || b === failed) return false
    if (Object.is(a, b)) return true
    try {
      return this.equals(a, b)
    } catch {
      return false
    }
  }

  recheck(next: S): void {
    // One that is fresh was given its selector after this commit.
    if (!this.active || this.freshAt >= 0) return
    const selected = this.place < 0 ? this.selectNow(next) : this.plain(next)
    if (this.same(this.selected, selected)) {
      this.calm++
      return
    }
    if (this.calm >= 2) this.opaque = false
    this.calm = 0
    this.selected = selected
    this.onChange()
  }

  select(selector: Selector<S, B>): void {
    if (!this.active) return
    this.selector = selector
    this.inline = true
    this.wait()
  }

  override end(): void {
    this.index.fresh.remove(this)
    this.index.loose.remove(this)
    super.end()
  }
}

/** One that is not in the index by what it reads. */
interface Loose<S> {
  /** Among the loose ones; -1 for none. */
  place: number
  /** Notes what it reads, if it has stayed the same for some commits. */
  readonly tighten: (state: S) => void
}

/** One whose selector is still to be run. */
interface Fresh {
  /** Among the fresh ones; -1 for none. */
  freshAt: number
  readonly settle: () => void
}

/** One selection, or several. */
type Some<S> = Indexed<S> | Set<Indexed<S>>

/** Selections by what they read. */
class Index<S> {
  private readonly everything = new Set<Indexed<S>>()
  private readonly fields = new Map<PropertyKey, Some<S>>()
  private readonly rows = new Map<PropertyKey, Map<Key, Some<S>>>()
  /** Of those that are noted by what they read. */
  private noted = 0
  readonly loose = new Places<"place", Loose<S> & Indexed<S>>("place")
  /** Which of them was looked at last. Written by `tighten`. */
  private turn = 0
  readonly fresh = new Places<"freshAt", Fresh>("freshAt")
  /** For the next run of a selector. Taken and put back by `Selection`. */
  observation: Observation | undefined = undefined
  /** The commit that is being told, and what it affects so far. Written by `affected`. */
  private commit = 0
  private firstHit: Indexed<S> | undefined = undefined
  private lastHit: Indexed<S> | undefined = undefined

  get size(): number {
    return this.noted + this.loose.members.length
  }

  settle(): void {
    const { members } = this.fresh
    if (members.length === 0) return
    // More may come, and some may go.
    for (const each of members) {
      each.freshAt = -1
      each.settle()
    }
    members.length = 0
  }

  add(watch: Indexed<S>): void {
    this.noted++
    if (watch.reads === undefined) this.everything.add(watch)
    else eachRead(watch.reads, (field, key) => addTo(this.mapOf(field, key), key ?? field, watch))
  }

  remove(watch: Indexed<S>): void {
    this.noted--
    if (watch.reads === undefined) this.everything.delete(watch)
    else eachRead(watch.reads, (field, key) => removeFrom(this.mapOf(field, key), key ?? field, watch))
  }

  /** Notes what some of the loose ones read, so that of very many no commit has to do it for all. */
  tighten(state: S): void {
    const { members } = this.loose
    for (let left = Math.max(32, members.length >> 4); left > 0 && members.length > 0; left--) {
      this.turn = (this.turn + 1) % members.length
      members[this.turn]?.tighten(state)
    }
  }

  private mapOf(field: PropertyKey, key: Key | undefined): Map<PropertyKey, Some<S>> {
    if (key === undefined) return this.fields
    const known = this.rows.get(field)
    if (known !== undefined) return known
    const made = new Map<Key, Some<S>>()
    this.rows.set(field, made)
    return made
  }

  /** The first of those whose selection may differ between the two states; each leads to the next. */
  affected(previous: S, next: S, commit: number): Indexed<S> | undefined {
    this.commit = commit
    for (const selection of this.loose.members) this.hit(selection)
    if (this.everything.size > 0) this.hit(this.everything)
    this.fields.forEach((watches, field) => {
      if (!Object.is(read(previous, field), read(next, field))) this.hit(watches)
    })
    this.rows.forEach((byKey, field) => {
      const before = read(previous, field)
      const after = read(next, field)
      if (before === after || byKey.size === 0) return
      if (isRows(before) && isRows(after)) {
        before[RowsId].diff(after[RowsId], (key) => {
          const watches = byKey.get(key)
          if (watches !== undefined) this.hit(watches)
        })
      } else {
        byKey.forEach((watches) => this.hit(watches))
      }
    })
    const first = this.firstHit
    this.firstHit = undefined
    this.lastHit = undefined
    return first
  }

  private hit(some: Some<S>): void {
    if (some instanceof Set) some.forEach((watch) => this.hit(watch))
    else if (some.commit !== this.commit) {
      some.commit = this.commit
      if (this.lastHit === undefined) this.firstHit = some
      else this.lastHit.next = some
      this.lastHit = some
    }
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
  typeof state === "object" && state !== null
    ? (state as Readonly<Record<PropertyKey, unknown>>)[field]
    : undefined

const addTo = <S>(map: Map<PropertyKey, Some<S>>, key: PropertyKey, watch: Indexed<S>): void => {
  const known = map.get(key)
  if (known === undefined) map.set(key, watch)
  else if (known instanceof Set) known.add(watch)
  else if (known !== watch) map.set(key, new Set([known, watch]))
}

const removeFrom = <S>(map: Map<PropertyKey, Some<S>>, key: PropertyKey, watch: Indexed<S>): void => {
  const known = map.get(key)
  if (known === watch || (known instanceof Set && known.delete(watch) && known.size === 0)) map.delete(key)
}

export class Subscriptions<S> {
  private readonly failed: (error: unknown) => void
  first: Listener<S> | undefined
  private last: Listener<S> | undefined
  readonly index = new Index<S>()
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
    const selection = new Told(this.index, state, selector, notify, equals)
    return () => selection.end()
  }

  /** Of the source's state, which is what `tell` tells of. */
  watch<B>(
    source: Source<S>,
    selector: Selector<S, B>,
    onChange: () => void,
    equals: Equals<B> = Object.is
  ): Watch<S, B> {
    return new Watching(this.index, source, selector, onChange, equals)
  }

  /** A listener that throws is reported; the others are told. */
  tell(previous: S, next: S): void {
    const commit = ++this.told
    this.index.settle()
    for (let listener = this.first; listener !== undefined; listener = listener.next) {
      if (!listener.active || listener.since >= commit) continue
      try {
        listener.notify(next)
      } catch (error) {
        this.failed(error)
      }
    }
    if (this.index.size === 0) return
    let watch = this.index.affected(previous, next, commit)
    while (watch !== undefined) {
      const { next: following } = watch
      watch.next = undefined
      try {
        watch.recheck(next)
      } catch (error) {
        this.failed(error)
      }
      watch = following
    }
    this.index.tighten(next)
  }
}
