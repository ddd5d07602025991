import { Module, Runtime } from "@sluice/core"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { type Board as State, type MutateContender, makeRecipe } from "./board.ts"

const Board = Module.make("Board", {
  state: Schema.Struct({
    owner: Schema.Struct({
      name: Schema.String,
      address: Schema.Struct({ city: Schema.String, visits: Schema.Number })
    }),
    columns: Schema.Array(
      Schema.Struct({
        title: Schema.String,
        cards: Schema.Array(Schema.Struct({ title: Schema.String, votes: Schema.Number }))
      })
    ),
    changes: Schema.Number
  }),
  actions: {}
})

/** The `mutate` of a transaction, called from plain code. */
export const sluice: MutateContender = {
  name: "Sluice",
  make: (initial) => {
    const recipe = makeRecipe()
    const board = Runtime.make(Board.implement({ initial })).resolve(Board.tag)
    return {
      run: (times) => {
        for (let i = 0; i < times; i++) board.unsafe.transact("change", (tx) => tx.mutate(recipe))
      },
      get: board.unsafe.getState
    }
  }
}

/** `$.state.mutate` of a logic, in a fiber. */
export const sluiceInFiber: MutateContender = {
  name: "Sluice in a fiber",
  make: (initial: State) => {
    const recipe = makeRecipe()
    const mutate = Deferred.makeUnsafe<Effect.Effect<void>>()
    const logic = Board.logic("change", ($) => Deferred.succeed(mutate, $.state.mutate(recipe)))
    const runtime = Runtime.make(Board.implement({ initial, logics: [logic] }))
    const board = runtime.resolve(Board.tag)
    return {
      run: (times) =>
        runtime.runPromise(
          Effect.gen(function* () {
            const change = yield* Deferred.await(mutate)
            for (let i = 0; i < times; i++) yield* change
          })
        ),
      get: board.unsafe.getState
    }
  }
}
