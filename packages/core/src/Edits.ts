/** Collections as their changes see them: what makes one of another, and what they are keyed by. */
import type { Collection } from "./Collection.ts"
import { RowsId } from "./internal/rows.ts"
import { slotEdits } from "./internal/table.ts"

/**
 * What makes a collection of another one: with `removed` taken out, `replaced` put in their places, and each of
 * `inserted` put right before the row of `before` (the last of them first; at the end without one), it has the
 * rows of the other in the order of the other. A row that moved is both removed and inserted.
 */
export interface Edits<Row, Key extends string | number> {
  readonly replaced: ReadonlyArray<{ readonly key: Key; readonly previous: Row; readonly next: Row }>
  readonly removed: ReadonlyArray<{ readonly key: Key; readonly row: Row }>
  readonly inserted: ReadonlyArray<{ readonly row: Row; readonly key: Key; readonly before: Key | undefined }>
}

/**
 * Between versions of one collection this costs what they do not share. `undefined` where the two were not made
 * from one another, or one was laid out afresh in between: then every row is to be compared.
 */
export const between = <Row, Key extends string | number>(
  previous: Collection<Row, Key>,
  next: Collection<Row, Key>
): Edits<Row, Key> | undefined => {
  const [was, is] = [previous[RowsId], next[RowsId]]
  const found = slotEdits(was, is)
  return (
    found && {
      replaced: found.replaced.map(([previous, next]) => ({ key: was.keyOf(previous), previous, next })),
      removed: found.removed.map((row) => ({ key: was.keyOf(row), row })),
      inserted: found.inserted.map(([row, before]) => ({
        row,
        key: is.keyOf(row),
        before: before === undefined ? undefined : is.keyOf(before)
      }))
    }
  )
}

/** What the rows are keyed by: the name of the field, or the function of a row. */
export const keyedBy = <Row, Key extends string | number>(
  collection: Collection<Row, Key>
): string | ((row: Row) => Key) => {
  const { keyOf } = collection[RowsId].index
  return "field" in keyOf ? String(keyOf.field) : keyOf
}
