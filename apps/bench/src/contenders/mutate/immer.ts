import { produce } from "immer"
import { type MutateContender, makeRecipe } from "./board.ts"

export const immer: MutateContender = {
  name: "immer",
  make: (board) => {
    const recipe = makeRecipe()
    let current = board
    return {
      run: (times) => {
        for (let i = 0; i < times; i++) current = produce(current, recipe)
      },
      get: () => current
    }
  }
}
