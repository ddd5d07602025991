import { createStore, useSelector } from "@tanstack/react-store"
import { memo } from "react"
import { Buttons, Page, rowMarkup } from "./Page.tsx"
import { empty } from "./reducer.ts"
import { everyTenthExcited, makeRows, type Row, swapped, without } from "./rows.ts"

const table = createStore(empty, ({ setState }) => ({
  run: () => setState(() => ({ rows: makeRows(1000), selected: 0 })),
  runLots: () => setState(() => ({ rows: makeRows(10_000), selected: 0 })),
  add: () => setState(({ rows, selected }) => ({ rows: [...rows, ...makeRows(1000)], selected })),
  update: () => setState(({ rows, selected }) => ({ rows: everyTenthExcited(rows), selected })),
  clear: () => setState(() => empty),
  swapRows: () => setState(({ rows, selected }) => ({ rows: swapped(rows), selected })),
  select: (id: number) => setState(({ rows }) => ({ rows, selected: id })),
  remove: (id: number) => setState(({ rows, selected }) => ({ rows: without(rows, id), selected }))
}))

const { select, remove, ...commands } = table.actions

const Item = memo(({ row: { id, label } }: { readonly row: Row }) => {
  const selected = useSelector(table, (state) => state.selected === id)
  return rowMarkup(
    id,
    label,
    selected,
    () => select(id),
    () => remove(id)
  )
})

const Items = () => useSelector(table, (state) => state.rows).map((row) => <Item key={row.id} row={row} />)

export const App = () => <Page buttons={<Buttons {...commands} />} rows={<Items />} />
