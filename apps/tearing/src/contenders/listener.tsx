/** What useSyncExternalStore was made to replace: a listener that makes the component render, and a read in render. */
import { useEffect, useReducer } from "react"
import { type Action, double, increment, initialState, reducer, start } from "../app.tsx"

const listeners = new Set<() => void>()
let state = initialState

const dispatch = (action: Action) => {
  state = reducer(state, action)
  for (const listener of listeners) listener()
}
const actions = { increment: () => dispatch(increment), double: () => dispatch(double) }

start({
  useCount: () => {
    const [, render] = useReducer((times: number) => times + 1, 0)
    useEffect(() => {
      listeners.add(render)
      render()
      return () => void listeners.delete(render)
    }, [])
    return state.count
  },
  useIncrement: () => actions.increment,
  useDouble: () => actions.double
})
