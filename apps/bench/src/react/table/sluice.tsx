import { Module, Runtime } from "@sluice/core"
import { RuntimeProvider, useModule, useSelector } from "@sluice/react"
import * as Schema from "effect/Schema"
import { memo } from "react"
import { Items } from "./Items.tsx"
import { Buttons, Page, rowMarkup } from "./Page.tsx"
import { everyTenthExcited, makeRows, type Row, swapped, without } from "./rows.ts"

const Rows = Schema.Array(Schema.Struct({ id: Schema.Number, label: Schema.String }))

const Table = Module.make("Table", {
  state: Schema.Struct({ rows: Rows, selected: Schema.Number }),
  actions: {
    create: Rows,
    append: Rows,
    update: Schema.Void,
    clear: Schema.Void,
    swapRows: Schema.Void,
    select: Schema.Number,
    remove: Schema.Number
  },
  reducers: {
    create: (_, rows) => ({ rows, selected: 0 }),
    append: (state, rows) => ({ ...state, rows: [...state.rows, ...rows] }),
    update: (state) => ({ ...state, rows: everyTenthExcited(state.rows) }),
    clear: () => ({ rows: [], selected: 0 }),
    swapRows: (state) => ({ ...state, rows: swapped(state.rows) }),
    select: (state, id) => ({ ...state, selected: id }),
    remove: (state, id) => ({ ...state, rows: without(state.rows, id) })
  }
})

const runtime = Runtime.make(Table.implement({ initial: { rows: [], selected: 0 } }))

const List = () => {
  const table = useModule(Table)
  const { rows, selected } = useSelector(table)
  const { select, remove } = table.actions
  return <Items rows={rows} selected={selected} select={select} remove={remove} />
}

const SelectingItem = memo(({ row: { id, label } }: { readonly row: Row }) => {
  const table = useModule(Table)
  const selected = useSelector(table, (state) => state.selected === id)
  return rowMarkup(
    id,
    label,
    selected,
    () => table.actions.select(id),
    () => table.actions.remove(id)
  )
})

const SelectingList = () => {
  const table = useModule(Table)
  return useSelector(table, (state) => state.rows).map((row) => <SelectingItem key={row.id} row={row} />)
}

const Controls = () => {
  const { actions } = useModule(Table)
  return (
    <Buttons
      run={() => actions.create(makeRows(1000))}
      runLots={() => actions.create(makeRows(10_000))}
      add={() => actions.append(makeRows(1000))}
      update={() => actions.update()}
      clear={() => actions.clear()}
      swapRows={() => actions.swapRows()}
    />
  )
}

interface AppProps {
  readonly concurrent: boolean
  readonly selecting?: boolean
}

export const App = ({ concurrent, selecting = false }: AppProps) => (
  <RuntimeProvider runtime={runtime} concurrent={concurrent}>
    <Page buttons={<Controls />} rows={selecting ? <SelectingList /> : <List />} />
  </RuntimeProvider>
)
