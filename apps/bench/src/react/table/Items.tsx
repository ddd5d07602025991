/** A list that gets all it shows from above: of its rows only those render again whose props changed. */
import { memo } from "react"
import { rowMarkup } from "./Page.tsx"
import type { Row } from "./rows.ts"

interface Handlers {
  readonly select: (id: number) => void
  readonly remove: (id: number) => void
}

interface ItemProps extends Handlers {
  readonly row: Row
  readonly selected: boolean
}

const Item = memo(({ row: { id, label }, selected, select, remove }: ItemProps) =>
  rowMarkup(
    id,
    label,
    selected,
    () => select(id),
    () => remove(id)
  )
)

interface ItemsProps extends Handlers {
  readonly rows: ReadonlyArray<Row>
  readonly selected: number
}

export const Items = ({ rows, selected, select, remove }: ItemsProps) =>
  rows.map((row) => (
    <Item key={row.id} row={row} selected={row.id === selected} select={select} remove={remove} />
  ))
