/** The state of the works about devtools: ten thousand rows, 5 MB as JSON. */
import * as Schema from "effect/Schema"

export const Row = Schema.Struct({
  id: Schema.String,
  value: Schema.Number,
  from: Schema.String,
  to: Schema.String,
  note: Schema.String
})
export type Row = typeof Row.Type

export const rowCount = 10_000

const cities = ["Amsterdam", "Bogota", "Cairo", "Dakar", "Edinburgh", "Fukuoka", "Geneva"]

/** Of no text any other row has. */
const noteOf = (at: number): string =>
  Array.from({ length: 62 }, (_, word) => ((at * 7919 + word * 104_729) % 2_147_483_647).toString(36)).join(
    " "
  )

export const idAt = (at: number): string => `row ${at}`

export const makeRows = (count: number): Array<Row> =>
  Array.from({ length: count }, (_, at) => ({
    id: idAt(at),
    value: 0,
    from: cities[at % 7] ?? "",
    to: cities[(at * 3 + 1) % 7] ?? "",
    note: noteOf(at + 10_000)
  }))

export const raised = (row: Row): Row => ({ ...row, value: row.value + 1 })

/** A row each time, far from the one before. */
export const changedAt = (time: number, count: number): number => (time * 7919) % count
