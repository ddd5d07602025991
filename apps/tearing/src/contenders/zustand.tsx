import { create } from "zustand"
import { type Action, double, increment, initialState, reducer, type State, start } from "../app.tsx"

interface Store extends State {
  readonly increment: () => void
  readonly double: () => void
}

const useStore = create<Store>((set) => {
  const dispatch = (action: Action) => set((state) => reducer(state, action))
  return { ...initialState, increment: () => dispatch(increment), double: () => dispatch(double) }
})

start({
  useCount: () => useStore((state) => state.count),
  useIncrement: () => useStore((state) => state.increment),
  useDouble: () => useStore((state) => state.double)
})
