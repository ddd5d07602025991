/** The entries that made no commit, each after the commit before it; where they are lost, how many there were. */
import type { Trace } from "@sluice/core"
import type { Cursor } from "./messages.ts"

/** An entry without a commit, at its place. `nth` counts all that ever came. */
export interface Other {
  readonly at: Cursor
  readonly nth: number
  readonly event: Trace.EntryEvent
}

/** So many that are known no more: the last of them is the `nth`. */
export interface Lost {
  readonly at: Cursor
  readonly nth: number
  readonly count: number
  readonly event: undefined
}

type Item = Other | Lost

const countOf = (item: Item): number => (item.event === undefined ? item.count : 1)

export class Others {
  /** In order, and each `nth` is in one of them. Replaced or pushed to by `add`, `lose`, `trim` and `clear`. */
  #items: Array<Item> = []
  /** Of those that are not `Lost`. */
  #known = 0
  #ever = 0

  get ever(): number {
    return this.#ever
  }

  add(seq: number, event: Trace.EntryEvent): void {
    this.#items.push({ at: { seq, n: event.seq }, nth: ++this.#ever, event })
    this.#known++
  }

  /** `at.n` is the event before which they were. */
  lose(at: Cursor, count: number): void {
    this.#ever += count
    this.#pushLost(at, this.#ever, count)
  }

  #pushLost(at: Cursor, nth: number, count: number): void {
    const last = this.#items.at(-1)
    const joins = last?.event === undefined && last?.at.seq === at.seq
    if (joins) this.#items.pop()
    this.#items.push({ at, nth, count: count + (joins ? last.count : 0), event: undefined })
  }

  clear(): void {
    this.#items = []
    this.#known = 0
    this.#ever = 0
  }

  /** How many items, from the first, are so; they are so up to one of them. */
  #count(isSo: (item: Item) => boolean): number {
    let low = 0
    let high = this.#items.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const item = this.#items[middle]
      if (item !== undefined && isSo(item)) low = middle + 1
      else high = middle
    }
    return low
  }

  /** How many ever came before the first item that is not so. */
  #nthUpTo(isSo: (item: Item) => boolean): number {
    const next = this.#items[this.#count(isSo)]
    return next === undefined ? this.#ever : next.nth - countOf(next)
  }

  /** How many ever came before this commit. */
  before(seq: number): number {
    return this.#nthUpTo(({ at }) => at.seq < seq)
  }

  /** How many ever came before the next one. */
  upTo(seq: number): number {
    return this.#nthUpTo(({ at }) => at.seq <= seq)
  }

  /** How many ever came up to the cursor, which may be of one that is lost. */
  countUpTo(cursor: Cursor): number {
    return this.#nthUpTo(({ at }) => at.seq < cursor.seq || (at.seq === cursor.seq && at.n <= cursor.n))
  }

  /** The place of the first that is known of. */
  get first(): number | undefined {
    const [item] = this.#items
    return item && item.at.seq + item.nth - countOf(item) + 1
  }

  /** What has this place, if that is none of the commits; and how many came before it. */
  atPlace(place: number): { readonly other: Item | undefined; readonly before: number } {
    const index = this.#count(({ at, nth }) => at.seq + nth < place)
    const item = this.#items[index]
    if (item === undefined) return { other: undefined, before: this.#ever }
    const before = item.nth - countOf(item)
    return { other: item.at.seq + before < place ? item : undefined, before }
  }

  /** How many there were up to the next that it knows of, or knows to be lost. */
  startAfter(nth: number): number {
    return Math.max(
      nth,
      this.#nthUpTo((item) => item.nth <= nth)
    )
  }

  /** Those later than the `nth`. */
  *after(nth: number): Generator<Item> {
    for (let index = this.#count((item) => item.nth <= nth); index < this.#items.length; index++) {
      const item = this.#items[index]
      if (item !== undefined) yield item
    }
  }

  /** The last that are known, of those before a cursor; oldest first. */
  known(isBefore: (at: Cursor) => boolean, limit: number): ReadonlyArray<Other> {
    const found: Array<Other> = []
    for (let index = this.#count(({ at }) => isBefore(at)) - 1; index >= 0 && found.length < limit; index--) {
      const item = this.#items[index]
      if (item?.event !== undefined) found.push(item)
    }
    return found.toReversed()
  }

  find(isIt: (event: Trace.EntryEvent) => boolean): Other | undefined {
    const found = this.#items.findLast(({ event }) => event !== undefined && isIt(event))
    return found?.event === undefined ? undefined : found
  }

  /** Lets go of those before the commit, and of the older ones where there are too many: of these it knows where they were. */
  trim(base: number, capacity: number): void {
    const passed = this.#count(({ at }) => at.seq < base)
    for (const { event } of this.#items.splice(0, passed)) if (event !== undefined) this.#known--
    if (this.#known <= 2 * capacity) return
    const items = this.#items
    this.#items = []
    for (const item of items) {
      if (item.event !== undefined && this.#known <= capacity) {
        this.#items.push(item)
        continue
      }
      if (item.event !== undefined) this.#known--
      this.#pushLost(item.at, item.nth, countOf(item))
    }
  }
}
