import { useSyncExternalStore } from "react"
import { type Action, double, increment, initialState, reducer, start } from "../app.tsx"

const listeners = new Set<() => void>()
let state = initialState

const dispatch = (action: Action) => {
  state = reducer(state, action)
  for (const listener of listeners) listener()
}
const subscribe = (listener: () => void) => {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}
const actions = { increment: () => dispatch(increment), double: () => dispatch(double) }

start({
  useCount: () => useSyncExternalStore(subscribe, () => state.count),
  useIncrement: () => actions.increment,
  useDouble: () => actions.double
})
