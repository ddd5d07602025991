import { createStore } from "zustand/vanilla"
import { type Contender, initial, type State } from "./store.ts"

interface Actions {
  readonly increment: () => void
}

/** Actions in the store, as its guide recommends ("Flux inspired practice"). */
export const zustand: Contender = {
  name: "zustand",
  make: () => {
    const store = createStore<State & Actions>()((set) => ({
      ...initial,
      increment: () => set((state) => ({ count: state.count + 1 }))
    }))
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
  }
}
