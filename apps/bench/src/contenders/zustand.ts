import { subscribeWithSelector } from "zustand/middleware"
import { createStore } from "zustand/vanilla"
import { type Contender, initial, pool, type State } from "../contender.ts"
import { raised, type Row } from "../row.ts"

interface Actions {
  readonly increment: () => void
}

interface RowsState {
  readonly rows: Readonly<Record<string, Row>>
  readonly raise: (id: string) => void
}

const makeCounter = () =>
  createStore<State & Actions>()((set) => ({
    ...initial,
    increment: () => set((state) => ({ count: state.count + 1 }))
  }))

export const zustand: Contender = {
  name: "zustand",
  counter: () => {
    const store = makeCounter()
    return {
      watch: (probe) =>
        store.subscribe((state) => {
          probe.told++
          probe.count = state.count
        }),
      run: (times) => {
        for (let i = 0; i < times; i++) store.getState().increment()
      },
      count: () => store.getState().count
    }
  },
  keyed: (rows, told) => {
    const store = createStore<RowsState>()(
      subscribeWithSelector((set) => ({
        rows: Object.fromEntries(rows.map((row) => [row.id, row])),
        raise: (id) => set(({ rows }) => ({ rows: { ...rows, [id]: raised(rows[id]!) } }))
      }))
    )
    for (const { id } of rows) {
      store.subscribe(
        (state) => state.rows[id]!,
        (row) => told(row.value)
      )
    }
    return {
      raise: (id) => store.getState().raise(id),
      valueOf: (id) => store.getState().rows[id]!.value
    }
  },
  pool: () =>
    pool(makeCounter, (store) => {
      store.getState().increment()
      return store.getState().count
    })
}
