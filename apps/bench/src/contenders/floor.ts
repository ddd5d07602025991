import { type Contender, initial, type State } from "./store.ts"

/** A store as one writes it by hand, in five lines, with no promise but to call the listeners. */
const createStore = <S>(state: S) => {
  const listeners = new Set<(state: S) => void>()
  const tell = () => listeners.forEach((listener) => listener(state))
  const set = (next: S) => ((state = next), tell())
  return { get: () => state, set, subscribe: (listener: (state: S) => void) => listeners.add(listener) }
}

const increment = (state: State): State => ({ ...state, count: state.count + 1 })

export const floor: Contender = {
  name: "five lines by hand",
  make: () => {
    const store = createStore(initial)
    return {
      watch: (probe) =>
        store.subscribe((state) => {
          probe.told++
          probe.count = state.count
        }),
      run: (times) => {
        for (let i = 0; i < times; i++) store.set(increment(store.get()))
      },
      count: () => store.get().count
    }
  }
}
