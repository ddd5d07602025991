/** What a list of entries shows, line by line: places, not the entries themselves, so that 100,000 are a few arrays. */
import type { Filter, Success } from "../../protocol/index.ts"

export type Found = Success<"Find">

export interface Item {
  /** Of its entry, or of the last of several; of a gap, of the last that is lost. */
  readonly place: number
  /** How many entries it stands for, or how many are lost. */
  readonly count: number
  readonly isGap: boolean
}

/** Immutable. The places from `from` up to before `to` have been looked at; `places` are in order. */
export class Items {
  readonly from: number
  readonly to: number
  readonly places: Float64Array
  /** Less than nothing: lost. */
  readonly counts: Float64Array

  #entries: number | undefined

  constructor(from: number, to: number, places: Float64Array, counts: Float64Array) {
    this.from = from
    this.to = to
    this.places = places
    this.counts = counts
  }

  static empty(at: number): Items {
    return new Items(at, at, new Float64Array(0), new Float64Array(0))
  }

  get length(): number {
    return this.places.length
  }

  /** How many entries they stand for, without what is lost. */
  get entries(): number {
    return (this.#entries ??= this.counts.reduce((sum, count) => sum + Math.max(0, count), 0))
  }

  at(index: number): Item | undefined {
    const place = this.places[index]
    const count = this.counts[index]
    if (place === undefined || count === undefined) return undefined
    return { place, count: Math.abs(count), isGap: count < 0 }
  }

  /** The item that has this place, or the first after it; `length` where there is none. */
  indexOf(place: number): number {
    let low = 0
    let high = this.places.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.places[middle] ?? Infinity) < place) low = middle + 1
      else high = middle
    }
    return low
  }

  /** Whether an item has just this place. */
  has(place: number): boolean {
    return this.places[this.indexOf(place)] === place
  }

  /** Those of the places right before these. */
  prepended(found: Found): Items {
    return joined(found, this.from, this)
  }

  /** Those of the places right after these, up to before `to`. */
  appended(found: Found, to: number): Items {
    return joined(this, to, found)
  }

  /** Without those that are before the place. */
  since(first: number): Items {
    if (first <= this.from) return this
    const index = this.indexOf(first)
    return new Items(first, Math.max(first, this.to), this.places.slice(index), this.counts.slice(index))
  }

  /** The entries of one item, each by itself. */
  expanded(place: number, places: ReadonlyArray<number>): Items {
    const index = this.indexOf(place)
    if (!this.has(place) || places.length === 0) return this
    const replaced = (values: Float64Array, by: ArrayLike<number>) => {
      const all = new Float64Array(values.length - 1 + by.length)
      all.set(values.subarray(0, index))
      all.set(by, index)
      all.set(values.subarray(index + 1), index + by.length)
      return all
    }
    return new Items(
      this.from,
      this.to,
      replaced(this.places, places),
      replaced(
        this.counts,
        places.map(() => 1)
      )
    )
  }
}

/** One after the other. Where they meet, two gaps are one, and so are two entries of which one says that it joins. */
const joined = (before: Items | Found, end: number, after: Items | Found): Items => {
  const to = after instanceof Items ? after.to : end
  const last = before.counts.length - 1
  const left = before.counts[last] ?? 0
  const right = after.counts[0] ?? 0
  const isTold =
    (!(before instanceof Items) && before.joins.after) || (!(after instanceof Items) && after.joins.before)
  const joins = (left < 0 && right < 0) || (left > 0 && right > 0 && isTold)
  const kept = joins ? last : last + 1
  const join = (left: ArrayLike<number>, right: ArrayLike<number>) => {
    const all = new Float64Array(left.length + right.length)
    all.set(left)
    all.set(right, kept)
    return all.subarray(0, kept + right.length)
  }
  const counts = join(before.counts, after.counts)
  if (joins) counts[kept] = left + right
  return new Items(before.from, to, join(before.places, after.places), counts)
}

/** What the list is of. */
export interface Query {
  readonly text: string
  readonly kinds: ReadonlyArray<string>
  readonly outcomes: ReadonlyArray<string>
  readonly instances: ReadonlyArray<string>
  /** Whether entries in a row that are alike are one item. */
  readonly collapse: boolean
}

export const everything: Query = { text: "", kinds: [], outcomes: [], instances: [], collapse: false }

/** Nothing chosen is everything. */
export const filterOf = ({ instances, kinds, outcomes, text }: Query): Filter => ({
  ...(text.trim() === "" ? {} : { text }),
  ...(kinds.length === 0 ? {} : { kinds }),
  ...(outcomes.length === 0 ? {} : { outcomes }),
  ...(instances.length === 0 ? {} : { instances })
})

export const isFiltered = (query: Query): boolean => Object.keys(filterOf(query)).length > 0
