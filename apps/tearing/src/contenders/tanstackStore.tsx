import { createStore, useSelector } from "@tanstack/react-store"
import { type Action, double, increment, initialState, reducer, start } from "../app.tsx"

const store = createStore(initialState)
const dispatch = (action: Action) => store.setState((state) => reducer(state, action))
const actions = { increment: () => dispatch(increment), double: () => dispatch(double) }

start({
  useCount: () => useSelector(store, (state) => state.count),
  useIncrement: () => actions.increment,
  useDouble: () => actions.double
})
