import { createStore, useSelector } from "@tanstack/react-store"
import { Items } from "./Items.tsx"
import { Buttons, Page } from "./Page.tsx"
import { empty } from "./reducer.ts"
import { everyTenthExcited, makeRows, swapped, without } from "./rows.ts"

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

const List = () => {
  const { rows, selected } = useSelector(table)
  return <Items rows={rows} selected={selected} select={select} remove={remove} />
}

export const App = () => <Page buttons={<Buttons {...commands} />} rows={<List />} />
