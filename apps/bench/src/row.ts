export interface Row {
  readonly id: string
  readonly value: number
  readonly label: string
}

export const makeRow = (i: number): Row => ({ id: `row${i}`, value: 1, label: "a row" })

export const makeRows = (count: number): ReadonlyArray<Row> =>
  Array.from({ length: count }, (_, i) => makeRow(i))

export const raised = (row: Row): Row => ({ ...row, value: row.value + 1 })
