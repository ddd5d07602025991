import { legacy_createStore as createStore } from "redux"
import { type Contender, initial, pool, type State } from "../contender.ts"
import { raised, type Row } from "../row.ts"

interface Increment {
  readonly type: "increment"
}

const increment = (): Increment => ({ type: "increment" })

const counter = (state: State = initial, action: Increment): State => {
  switch (action.type) {
    case "increment":
      return { ...state, count: state.count + 1 }
    default:
      return state
  }
}

interface Raise {
  readonly type: "raise"
  readonly id: string
}

const raise = (id: string): Raise => ({ type: "raise", id })

type Rows = Readonly<Record<string, Row>>

const rowsReducer =
  (first: Rows) =>
  (state: Rows = first, action: Raise): Rows => {
    switch (action.type) {
      case "raise":
        return { ...state, [action.id]: raised(state[action.id]!) }
      default:
        return state
    }
  }

export const redux: Contender = {
  name: "redux",
  counter: () => {
    const store = createStore(counter)
    return {
      watch: (probe) =>
        store.subscribe(() => {
          probe.told++
          probe.count = store.getState().count
        }),
      run: (times) => {
        for (let i = 0; i < times; i++) store.dispatch(increment())
      },
      count: () => store.getState().count
    }
  },
  keyed: (rows, told) => {
    const store = createStore(rowsReducer(Object.fromEntries(rows.map((row) => [row.id, row]))))
    for (const { id } of rows) {
      const select = () => store.getState()[id]!
      let selected = select()
      store.subscribe(() => {
        const next = select()
        if (next === selected) return
        selected = next
        told(next.value)
      })
    }
    return {
      raise: (id) => store.dispatch(raise(id)),
      valueOf: (id) => store.getState()[id]!.value
    }
  },
  pool: () =>
    pool(
      () => createStore(counter),
      (store) => {
        store.dispatch(increment())
        return store.getState().count
      }
    )
}
