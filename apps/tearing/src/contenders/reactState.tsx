import { createContext, useCallback, useContext, useReducer } from "react"
import type { Dispatch } from "react"
import { type Action, double, increment, initialState, reducer, start } from "../app.tsx"

const StateContext = createContext(initialState)
const DispatchContext = createContext<Dispatch<Action>>(() => {})

const useAction = (action: Action) => {
  const dispatch = useContext(DispatchContext)
  return useCallback(() => dispatch(action), [dispatch, action])
}

start({
  useCount: () => useContext(StateContext).count,
  useIncrement: () => useAction(increment),
  useDouble: () => useAction(double),
  Root: ({ children }) => {
    const [state, dispatch] = useReducer(reducer, initialState)
    return (
      <DispatchContext.Provider value={dispatch}>
        <StateContext.Provider value={state}>{children}</StateContext.Provider>
      </DispatchContext.Provider>
    )
  }
})
