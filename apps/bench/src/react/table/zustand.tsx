import { memo } from "react"
import { create } from "zustand"
import type { Handlers } from "./commands.ts"
import { Items as ItemsFromAbove } from "./Items.tsx"
import { Buttons, Page, rowMarkup } from "./Page.tsx"
import { empty, type State } from "./reducer.ts"
import { everyTenthExcited, makeRows, type Row, swapped, without } from "./rows.ts"

const useTable = create<State & Handlers>()((set) => ({
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

const Above = () => {
  const rows = useTable((state) => state.rows)
  const selected = useTable((state) => state.selected)
  const { select, remove } = useTable.getState()
  return <ItemsFromAbove rows={rows} selected={selected} select={select} remove={remove} />
}

const Controls = () => {
  const { run, runLots, add, update, clear, swapRows } = useTable.getState()
  return <Buttons {...{ run, runLots, add, update, clear, swapRows }} />
}

export const App = ({ above = false }: { readonly above?: boolean }) => (
  <Page buttons={<Controls />} rows={above ? <Above /> : <Items />} />
)
