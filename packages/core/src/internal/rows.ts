/**
 * How the core sees collections without the code that makes them, so that only apps that use one bundle it.
 */
type Key = string | number

/** The key under which a collection holds its table. */
export const RowsId: unique symbol = Symbol.for("@sluice/core/Collection")

/** What is asked of a collection's table. It tells no tracker. */
interface Rows {
  get(key: Key): unknown
  diff(next: unknown, visit: (key: Key) => void): void
}

export interface AnyRows {
  readonly [RowsId]: Rows
}

export const isRows = (u: unknown): u is AnyRows => typeof u === "object" && u !== null && RowsId in u

/** Told what is read while `track` runs; a draft reports the collection that it was made from. */
export interface Tracker {
  /** `get` or `has` of one key, and the row that was found. */
  row(collection: object, key: Key, row: unknown): void
  /** Anything else: it may depend on every row. */
  all(collection: object): void
}

/** Written by `track` only. */
export let tracker: Tracker | undefined

/** Tells `to` what `body` reads. A tracker around this one is told nothing meanwhile. */
export const track: {
  <A>(to: Tracker, body: () => A): A
  <A, B>(to: Tracker, body: (arg: B) => A, arg: B): A
} = <A, B>(to: Tracker, body: (arg?: B) => A, arg?: B): A => {
  const outer = tracker
  tracker = to
  try {
    return body(arg)
  } finally {
    tracker = outer
  }
}
