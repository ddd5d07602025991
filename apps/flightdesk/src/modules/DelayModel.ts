/** What delays the next arrivals are expected to have, as the delay model learns it from those that came. */
import { Module } from "@sluice/core"
import { HandlerFailed } from "@sluice/core/Errors"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { DelayForecast, Lesson, ModelFault, ModelProblem, nothingLearned } from "../domain/DelayForecast.ts"
import { builtModel } from "../model/builtModel.ts"
import { delayHandler, Model } from "../model/delayHandler.ts"
import { Flights } from "./Flights.ts"

/** Flights that the model is given at once. */
const mostAtOnce = 400
/** Between two lessons: what came meanwhile is learned together. */
const rest = "400 millis"

export const DelayModel = Module.make("DelayModel", {
  state: DelayForecast,
  actions: {
    /** Computed by the model. */
    learn: Lesson,
    forget: Schema.Void,
    failed: ModelProblem,
    again: Schema.Void,
    setFault: ModelFault
  },
  reducers: {
    forget: ({ fault }) => ({ ...nothingLearned, fault }),
    failed: (state, problem) => ({ ...state, problem }),
    again: (state) => ({ ...state, problem: null }),
    setFault: (state, fault) => ({ ...state, fault })
  }
})

/** What its handler, or the loading of it, failed with. */
const problemOf = (cause: Cause.Cause<never>): ModelProblem => {
  const thrown = Cause.squash(cause)
  const error = thrown instanceof HandlerFailed ? thrown.cause : thrown
  if (!(error instanceof Error)) return { tag: "Unknown", message: String(error) }
  return { tag: "_tag" in error ? String(error._tag) : error.name, message: error.message }
}

const learning = DelayModel.logic("learning", ($) =>
  Effect.gen(function* () {
    const flights = yield* $.use(Flights)
    const model = yield* $.use(DelayModel)

    /** One lesson; gives whether there may be another one. */
    const learnMore = Effect.gen(function* () {
      const { learned, problem } = yield* $.state.get
      const { flights: arrived } = yield* flights.getState
      if (arrived.size < learned) {
        yield* $.actions.forget()
        return true
      }
      if (problem !== null || arrived.size === learned) return false
      const lesson = Array.from({ length: Math.min(mostAtOnce, arrived.size - learned) }, (_, index) =>
        arrived.at(learned + index)
      ).flatMap((flight) =>
        flight === undefined
          ? []
          : [{ destination: flight.destination, time: flight.time, delay: flight.delay }]
      )
      yield* $.actions
        .learn({ from: learned, flights: lesson })
        .pipe(Effect.catchCause((cause) => $.actions.failed(problemOf(cause))))
      return true
    })

    const catchUp = Effect.gen(function* () {
      while (yield* learnMore) yield* Effect.sleep(rest)
    })
    // Conflated: a model that is slow, or does not answer, holds no flight up.
    yield* $.on(flights.changesOf(({ flights }) => flights)).run(() => catchUp)
    yield* $.on(model.changesOf(({ problem }) => problem)).run(() => catchUp)
  })
)

export const DelayModelLive = DelayModel.implement({
  initial: nothingLearned,
  handlers: { learn: delayHandler },
  logics: [learning],
  imports: [Model.layer(builtModel)]
})

/** Without the model: a page that is rendered on the server learns in the browser. */
export const DelayModelIdle = DelayModel.implement({ initial: nothingLearned })
