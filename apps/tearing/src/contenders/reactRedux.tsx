import { configureStore, createSlice } from "@reduxjs/toolkit"
import { useCallback } from "react"
import { Provider, useDispatch, useSelector } from "react-redux"
import { double, increment, initialState, reducer, type State, start } from "../app.tsx"

const { actions, reducer: slice } = createSlice({
  name: "counter",
  initialState,
  reducers: {
    increment: (state) => reducer(state, increment),
    double: (state) => reducer(state, double)
  }
})
const store = configureStore({ reducer: slice })

start({
  useCount: () => useSelector((state: State) => state.count),
  useIncrement: () => {
    const dispatch = useDispatch()
    return useCallback(() => void dispatch(actions.increment()), [dispatch])
  },
  useDouble: () => {
    const dispatch = useDispatch()
    return useCallback(() => void dispatch(actions.double()), [dispatch])
  },
  Root: ({ children }) => <Provider store={store}>{children}</Provider>
})
