import { proxy, useSnapshot } from "valtio"
import { type Action, double, increment, initialState, reducer, start } from "../app.tsx"

const state = proxy({ ...initialState })
const dispatch = (action: Action) => void Object.assign(state, reducer(state, action))
const actions = { increment: () => dispatch(increment), double: () => dispatch(double) }

start({
  useCount: () => useSnapshot(state, { sync: true }).count,
  useIncrement: () => actions.increment,
  useDouble: () => actions.double
})
