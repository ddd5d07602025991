import { configureStore, createSlice, type PayloadAction } from "@reduxjs/toolkit"
import { memo } from "react"
import { Provider, useDispatch, useSelector } from "react-redux"
import { Buttons, Page, rowMarkup } from "./Page.tsx"
import { empty, type State } from "./reducer.ts"
import { makeRows, type Row } from "./rows.ts"

const table = createSlice({
  name: "table",
  initialState: empty,
  reducers: {
    create: (_, { payload }: PayloadAction<ReadonlyArray<Row>>) => ({ rows: payload, selected: 0 }),
    append: (state, { payload }: PayloadAction<ReadonlyArray<Row>>) => {
      state.rows.push(...payload)
    },
    update: ({ rows }) => {
      for (let i = 0; i < rows.length; i += 10) rows[i]!.label += " !!!"
    },
    clear: () => empty,
    swapRows: ({ rows }) => {
      if (rows.length < 999) return
      const second = rows[1]!
      rows[1] = rows[998]!
      rows[998] = second
    },
    select: (state, { payload }: PayloadAction<number>) => {
      state.selected = payload
    },
    remove: ({ rows }, { payload }: PayloadAction<number>) => {
      rows.splice(
        rows.findIndex(({ id }) => id === payload),
        1
      )
    }
  }
})

const { create, append, update, clear, swapRows, select, remove } = table.actions

const store = configureStore({ reducer: table.reducer })

const Item = memo(({ row: { id, label } }: { readonly row: Row }) => {
  const selected = useSelector((state: State) => state.selected === id)
  const dispatch = useDispatch()
  return rowMarkup(
    id,
    label,
    selected,
    () => dispatch(select(id)),
    () => dispatch(remove(id))
  )
})

const Items = () => useSelector((state: State) => state.rows).map((row) => <Item key={row.id} row={row} />)

const Controls = () => {
  const dispatch = useDispatch()
  return (
    <Buttons
      run={() => dispatch(create(makeRows(1000)))}
      runLots={() => dispatch(create(makeRows(10_000)))}
      add={() => dispatch(append(makeRows(1000)))}
      update={() => dispatch(update())}
      clear={() => dispatch(clear())}
      swapRows={() => dispatch(swapRows())}
    />
  )
}

export const App = () => (
  <Provider store={store}>
    <Page buttons={<Controls />} rows={<Items />} />
  </Provider>
)
