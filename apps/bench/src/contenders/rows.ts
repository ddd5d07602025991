/** What every contender of the collection suite can do with its rows. */

export interface Row {
  readonly id: string
  readonly value: number
  readonly label: string
}

export const makeRow = (i: number): Row => ({ id: `row${i}`, value: 1, label: "a row" })

export const raised = (row: Row): Row => ({ ...row, value: row.value + 1 })

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
}

/** Rows of which an older version stays as it was. */
export interface PersistentRows extends Rows {
  /** Goes back to the rows that it was made with. */
  readonly start: () => void
  readonly insert: (row: Row) => void
  readonly remove: (id: string) => void
}

export interface RowsContender<Kind extends Rows = Rows> {
  readonly name: string
  readonly make: (rows: ReadonlyArray<Row>) => Kind
}
