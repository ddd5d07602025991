import * as Effect from "effect/Effect"
import { create } from "mutative"
import { type MutateContender, makeRecipe } from "./board.ts"

export const mutative: MutateContender = {
  name: "mutative",
  make: (board) => {
    const recipe = makeRecipe()
    let current = board
    return {
      run: (times) => {
        for (let i = 0; i < times; i++) current = create(current, recipe)
      },
      get: () => current
    }
  }
}

export const mutativeInFiber: MutateContender = {
  name: "mutative in a fiber",
  make: (board) => {
    const recipe = makeRecipe()
    let current = board
    return {
      run: (times) =>
        Effect.runPromise(
          Effect.gen(function* () {
            for (let i = 0; i < times; i++) yield* Effect.sync(() => void (current = create(current, recipe)))
          })
        ),
      get: () => current
    }
  }
}
