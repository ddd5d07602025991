/** What every contender of the collection work can do with its rows. */
import type { Row } from "../../row.ts"

/** Rows behind a key. */
export interface Rows {
  readonly get: (id: string) => Row | undefined
  /** Puts a row in the place of the one of its key, with its `value` one higher. */
  readonly update: (id: string) => void
  /** The sum of all values, by the way that reads best. */
  readonly iterate: () => number
  /** The same, by the way that is fastest. */
  readonly forEach: () => number
  readonly size: () => number
  readonly growing?: Growing
}

/** Rows that come and go, of which an older version stays as it was. */
export interface Growing {
  /** Goes back to the rows that it was made with. */
  readonly start: () => void
  readonly insert: (row: Row) => void
  readonly remove: (id: string) => void
}

export interface RowsContender {
  readonly name: string
  readonly make: (rows: ReadonlyArray<Row>) => Rows
  /** Above so many rows it is only iterated: a change copies them all. */
  readonly copiesUpTo?: number
}
