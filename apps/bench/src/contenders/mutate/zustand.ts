import { immer } from "zustand/middleware/immer"
import { createStore } from "zustand/vanilla"
import { type Board, type MutateContender, makeRecipe } from "./board.ts"

interface BoardStore {
  readonly board: Board
  readonly change: () => void
}

export const zustand: MutateContender = {
  name: "zustand with immer",
  make: (board) => {
    const recipe = makeRecipe()
    const store = createStore<BoardStore>()(
      immer((set) => ({
        board,
        change: () =>
          set((state) => {
            recipe(state.board)
          })
      }))
    )
    return {
      run: (times) => {
        for (let i = 0; i < times; i++) store.getState().change()
      },
      get: () => store.getState().board
    }
  }
}
