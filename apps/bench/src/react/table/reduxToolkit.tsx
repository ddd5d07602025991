import { bindActionCreators, configureStore, createSlice, type PayloadAction } from "@reduxjs/toolkit"
import { useMemo } from "react"
import { Provider, useDispatch, useSelector } from "react-redux"
import { Items } from "./Items.tsx"
import { Buttons, Page } from "./Page.tsx"
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

const List = () => {
  const { rows, selected } = useSelector((state: State) => state)
  const dispatch = useDispatch()
  const handlers = useMemo(() => bindActionCreators({ select, remove }, dispatch), [dispatch])
  return <Items rows={rows} selected={selected} {...handlers} />
}

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
    <Page buttons={<Controls />} rows={<List />} />
  </Provider>
)
