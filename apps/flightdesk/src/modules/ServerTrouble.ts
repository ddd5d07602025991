/** The switch that has the server misbehave, so that what the desk does about it can be seen. */
import { Module } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Fault } from "../domain/Fault.ts"
import type { ApiError } from "../services/ApiError.ts"
import { DeskApi } from "../services/DeskApi.ts"

const State = Schema.Struct({
  /** What the server said last. */
  fault: Fault,
  /** What it was asked for and has not confirmed. */
  wanted: Schema.NullOr(Fault),
  problem: Schema.NullOr(Schema.String)
})

export const ServerTrouble = Module.make("ServerTrouble", {
  state: State,
  actions: { want: Fault, confirmed: Fault, failed: Schema.String },
  reducers: {
    want: (state, wanted) => ({ ...state, wanted, problem: null }),
    confirmed: (_, fault) => ({ fault, wanted: null, problem: null }),
    failed: (state, problem) => ({ ...state, wanted: null, problem })
  }
})

const switching = ServerTrouble.logic("switching", ($) =>
  Effect.gen(function* () {
    const api = yield* $.use(DeskApi)
    const settle = (asked: Effect.Effect<Fault, ApiError>) =>
      asked.pipe(
        Effect.flatMap($.actions.confirmed),
        Effect.catch((error) => $.actions.failed(error.message))
      )
    yield* $.onAction("want").runLatest((fault) => settle(api.setFault(fault)))
    yield* Effect.forkScoped(settle(api.fault))
  })
)

export const ServerTroubleLive = ServerTrouble.implement({
  initial: { fault: "none", wanted: null, problem: null },
  logics: [switching]
})
