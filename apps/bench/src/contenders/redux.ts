import { legacy_createStore as createStore } from "redux"
import { type Contender, initial, type State } from "./store.ts"

interface Increment {
  readonly type: "increment"
}

const reducer = (state: State = initial, action: Increment): State => {
  switch (action.type) {
    case "increment":
      return { ...state, count: state.count + 1 }
    default:
      return state
  }
}

const increment = (): Increment => ({ type: "increment" })

export const redux: Contender = {
  name: "redux",
  make: () => {
    const store = createStore(reducer)
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
  }
}
