import { memo } from "react"
import { useStore } from "zustand"
import { createStore } from "zustand/vanilla"
import type { Handlers } from "./commands.ts"
import { Buttons, Page, rowMarkup } from "./Page.tsx"
import { empty, type State } from "./reducer.ts"
import { everyTenthExcited, makeRows, type Row, swapped, without } from "./rows.ts"

const table = createStore<State & Handlers>()((set) => ({
  ...empty,
  run: () => set({ rows: makeRows(1000), selected: 0 }),
  runLots: () => set({ rows: makeRows(10_000), selected: 0 }),
  add: () => set(({ rows }) => ({ rows: [...rows, ...makeRows(1000)] })),
  update: () => set(({ rows }) => ({ rows: everyTenthExcited(rows) })),
  clear: () => set(empty),
  swapRows: () => set(({ rows }) => ({ rows: swapped(rows) })),
  select: (id) => set({ selected: id }),
  remove: (id) => set(({ rows }) => ({ rows: without(rows, id) }))
}))

const useTable = <A,>(selector: (state: State & Handlers) => A): A => useStore(table, selector)

const Item = memo(({ row: { id, label } }: { readonly row: Row }) => {
  const selected = useTable((state) => state.selected === id)
  const select = useTable((state) => state.select)
  const remove = useTable((state) => state.remove)
  return rowMarkup(
    id,
    label,
    selected,
    () => select(id),
    () => remove(id)
  )
})

const Items = () => useTable((state) => state.rows).map((row) => <Item key={row.id} row={row} />)

const Controls = () => {
  const { run, runLots, add, update, clear, swapRows } = table.getState()
  return <Buttons {...{ run, runLots, add, update, clear, swapRows }} />
}

export const App = () => <Page buttons={<Controls />} rows={<Items />} />
