/** What the panel does to the page's time. Where the page then is, it says itself: `travel` of Connection. */
import { Module } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Success, TravelState } from "../../protocol/index.ts"
import { Page, type PageError } from "../Page.ts"
import { Connection } from "./Connection.ts"

const State = Schema.Struct({
  /** Requests that the page has not answered yet. */
  pending: Schema.Int,
  /** Instances that were asked for and have closed since, of the last travel. */
  passedOver: Schema.Array(Schema.String),
  /** Why the last one was refused. */
  failure: Schema.NullOr(Schema.String)
})
export const Travel = Module.make("devtools/Travel", {
  state: State,
  actions: {
    /** All instances show the states right after this commit. */
    to: Schema.Int,
    step: Schema.Literals([-1, 1]),
    live: Schema.Void,
    answered: Schema.Struct({ passedOver: Schema.Array(Schema.String) }),
    refused: Schema.String
  },
  reducers: {
    to: (state) => ({ ...state, pending: state.pending + 1 }),
    step: (state) => ({ ...state, pending: state.pending + 1 }),
    live: (state) => ({ ...state, pending: state.pending + 1 }),
    answered: (state, { passedOver }) => ({ pending: state.pending - 1, passedOver, failure: null }),
    refused: (state, failure) => ({ ...state, pending: state.pending - 1, failure })
  }
})

const travelling = Travel.logic("travelling", ($) =>
  Effect.gen(function* () {
    const page = yield* $.use(Page)
    const connection = yield* $.use(Connection)

    /** The page tells it as well, but only at its next look. */
    const told = (travel: TravelState) =>
      Effect.flatMap(connection.getState, ({ runtime }) =>
        runtime === null ? Effect.void : connection.actions.travelTold({ runtime, value: travel })
      )
    const ask = (request: Effect.Effect<Success<"Travel">, PageError>) =>
      request.pipe(
        Effect.tap(({ moment, shown }) =>
          Effect.flatMap(connection.getState, ({ travel }) =>
            told({ ...travel, travelling: shown.length > 0, moment, travelled: shown })
          )
        ),
        Effect.flatMap(({ passedOver }) => $.actions.answered({ passedOver })),
        Effect.catch((error) => $.actions.refused(error.message))
      )
    yield* $.onAction("to").run((moment) => ask(page.request("Travel", { moment })))
    yield* $.onAction("step").run((by) => ask(page.request("Step", { by })))
    yield* $.onAction("live").run(() =>
      page.request("Live", {}).pipe(
        Effect.tap(told),
        Effect.flatMap(() => $.actions.answered({ passedOver: [] })),
        Effect.catch((error) => $.actions.refused(error.message))
      )
    )
  })
)

export const TravelLive = Travel.implement({
  initial: { pending: 0, passedOver: [], failure: null },
  logics: [travelling]
})
