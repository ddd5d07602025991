import { memo } from "react"
import { useStore } from "zustand"
import { createStore } from "zustand/vanilla"
import type { Handlers } from "./commands.ts"
import { Items } from "./Items.tsx"
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

const List = () => {
  const rows = useTable((state) => state.rows)
  const selected = useTable((state) => state.selected)
  const { select, remove } = table.getState()
  return <Items rows={rows} selected={selected} select={select} remove={remove} />
}

const SelectingItem = memo(({ row: { id, label } }: { readonly row: Row }) => {
  const selected = useTable((state) => state.selected === id)
  const { select, remove } = table.getState()
  return rowMarkup(
    id,
    label,
    selected,
    () => select(id),
    () => remove(id)
  )
})

const SelectingList = () =>
  useTable((state) => state.rows).map((row) => <SelectingItem key={row.id} row={row} />)

const Controls = () => {
  const { run, runLots, add, update, clear, swapRows } = table.getState()
  return <Buttons {...{ run, runLots, add, update, clear, swapRows }} />
}

export const App = ({ selecting = false }: { readonly selecting?: boolean }) => (
  <Page buttons={<Controls />} rows={selecting ? <SelectingList /> : <List />} />
)
