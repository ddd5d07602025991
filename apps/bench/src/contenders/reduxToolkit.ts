import {
  configureStore,
  createEntityAdapter,
  createSelector,
  createSlice,
  type PayloadAction,
  type Update
} from "@reduxjs/toolkit"
import { type Contender, initial, pool } from "../contender.ts"
import { raised, type Row } from "../row.ts"

const counter = createSlice({
  name: "counter",
  initialState: initial,
  reducers: {
    increment: (state) => {
      state.count += 1
    }
  }
})

const { increment } = counter.actions

const makeCounter = () => configureStore({ reducer: { counter: counter.reducer } })

const adapter = createEntityAdapter<Row>()

const makeRows = (rows: ReadonlyArray<Row>) => {
  const slice = createSlice({
    name: "rows",
    initialState: adapter.getInitialState(undefined, rows),
    reducers: {
      updated: (state, action: PayloadAction<Update<Row, string>>) => {
        adapter.updateOne(state, action)
      }
    }
  })
  const store = configureStore({ reducer: { rows: slice.reducer } })
  const { selectById } = adapter.getSelectors()
  const rowOf = (id: string) => selectById(store.getState().rows, id)!
  return { store, updated: slice.actions.updated, rowOf }
}

export const reduxToolkit: Contender = {
  name: "Redux Toolkit",
  counter: () => {
    const store = makeCounter()
    return {
      watch: (probe) =>
        store.subscribe(() => {
          probe.told++
          probe.count = store.getState().counter.count
        }),
      run: (times) => {
        for (let i = 0; i < times; i++) store.dispatch(increment())
      },
      count: () => store.getState().counter.count
    }
  },
  keyed: (rows, told) => {
    const { store, updated, rowOf } = makeRows(rows)
    for (const { id } of rows) {
      let selected = rowOf(id)
      store.subscribe(() => {
        const next = rowOf(id)
        if (next === selected) return
        selected = next
        told(next.value)
      })
    }
    return {
      raise: (id) => store.dispatch(updated({ id, changes: { value: raised(rowOf(id)).value } })),
      valueOf: (id) => rowOf(id).value
    }
  },
  listsReads: true,
  graph: ({ sources, nodes, leaves }, told) => {
    const slice = createSlice({
      name: "sources",
      initialState: [...sources],
      reducers: {
        written: (state, { payload }: PayloadAction<{ readonly source: number; readonly value: number }>) => {
          state[payload.source] = payload.value
        }
      }
    })
    const store = configureStore({ reducer: slice.reducer })
    type Select = (state: ReadonlyArray<number>) => number
    const cells: Array<Select> = sources.map((_, at) => (state) => state[at]!)
    for (const { reads, compute } of nodes) {
      const select = createSelector(
        reads.map((cell) => cells[cell]!),
        (...values) => compute((place) => values[place]!)
      )
      cells.push(select)
    }
    for (const leaf of leaves) {
      const select = cells[leaf]!
      let selected = select(store.getState())
      store.subscribe(() => {
        const next = select(store.getState())
        if (next === selected) return
        selected = next
        told(next)
      })
    }
    const { written } = slice.actions
    return (source, value) => store.dispatch(written({ source, value }))
  },
  pool: () =>
    pool(makeCounter, (store) => {
      store.dispatch(increment())
      return store.getState().counter.count
    })
}
