import { configureStore, createEntityAdapter, createSlice, type PayloadAction } from "@reduxjs/toolkit"
import { Provider, useSelector } from "react-redux"
import type { Row as RowData } from "../../row.ts"
import type { StartRows, RowsProps } from "./app.ts"

const adapter = createEntityAdapter<RowData>()
const { selectById } = adapter.getSelectors()

export const reduxToolkit: StartRows = (all, show) => {
  const slice = createSlice({
    name: "rows",
    initialState: adapter.getInitialState(undefined, all),
    reducers: {
      raised: (state, { payload }: PayloadAction<string>) => {
        state.entities[payload]!.value += 1
      }
    }
  })
  const store = configureStore({ reducer: { rows: slice.reducer } })
  type State = ReturnType<typeof store.getState>
  const Row = ({ id }: { readonly id: string }) =>
    show(useSelector((state: State) => selectById(state.rows, id)!))
  return {
    Rows: ({ ids }: RowsProps) => (
      <Provider store={store}>
        {ids.map((id) => (
          <Row key={id} id={id} />
        ))}
      </Provider>
    ),
    raise: (id) => void store.dispatch(slice.actions.raised(id)),
    valueOf: (id) => selectById(store.getState().rows, id)!.value
  }
}
