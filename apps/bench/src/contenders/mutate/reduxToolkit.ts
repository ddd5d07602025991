import { configureStore, createSlice } from "@reduxjs/toolkit"
import { type MutateContender, makeRecipe } from "./board.ts"

export const reduxToolkit: MutateContender = {
  name: "Redux Toolkit",
  make: (board) => {
    const recipe = makeRecipe()
    const slice = createSlice({ name: "board", initialState: board, reducers: { change: recipe } })
    const store = configureStore({ reducer: slice.reducer })
    const { change } = slice.actions
    return {
      run: (times) => {
        for (let i = 0; i < times; i++) store.dispatch(change())
      },
      get: () => store.getState()
    }
  }
}
