/** One airport in detail, from the server. The newest request wins: an older one is cancelled. */
import { Module } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as AsyncResult from "effect/reactivity/AsyncResult"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { AirportReport } from "../domain/AirportReport.ts"
import { ApiError } from "../services/ApiError.ts"
import { DeskApi } from "../services/DeskApi.ts"
import { ServerTrouble } from "./ServerTrouble.ts"

const State = Schema.Struct({
  /** The airport that was asked for last; null when the panel is closed. */
  code: Schema.NullOr(Schema.String),
  /** Of `code`, and no other. */
  report: AsyncResult.Schema({ success: AirportReport, error: ApiError }),
  /** How often it was tried again of itself since the person at the desk asked for it. */
  retries: Schema.Int
})

export const AirportDetail = Module.make("AirportDetail", {
  state: State,
  actions: { selected: Schema.String, closed: Schema.Void, again: Schema.Void, retried: Schema.Void },
  reducers: {
    selected: (state, code) => (code === state.code ? state : { ...state, code, retries: 0 }),
    closed: (state) => ({ ...state, code: null, retries: 0 }),
    again: (state) => ({ ...state, retries: 0 }),
    retried: (state) => ({ ...state, retries: state.retries + 1 })
  },
  traits: (t) => ({
    report: t.source({
      key: (state) => state.code,
      load: (code) => Effect.flatMap(DeskApi, (api) => api.report(code)),
      // Airports are gone through one after the other, and back.
      staleTime: "5 minutes"
    })
  })
})

const mostRetries = 2

type State = typeof State.Type

/** What went wrong last, while nothing is under way. */
export const failureOf = ({ report }: State): ApiError | undefined =>
  report.waiting ? undefined : Option.getOrUndefined(AsyncResult.error(report))

/** Whether it is tried again of itself. */
export const willRetry = (state: State): boolean => {
  const failure = failureOf(state)
  return failure !== undefined && failure.problem !== "refused" && state.retries < mostRetries
}

const loading = AirportDetail.logic("loading", ($) =>
  Effect.gen(function* () {
    // Not by the source's own `retry`: each attempt that fails is to be seen.
    yield* $.onState(failureOf).runLatest(() =>
      Effect.gen(function* () {
        const state = yield* $.state.get
        if (!willRetry(state)) return
        yield* Effect.sleep(400 * 2 ** state.retries)
        yield* $.actions.retried()
        // Its load goes on when this handler is interrupted, as the mark that it leaves in the state does.
        yield* $.refresh("report")
      })
    )

    yield* $.onAction("again").runLatest(() => $.refresh("report"))

    // What went wrong went wrong with the server as it was.
    const trouble = yield* $.use(ServerTrouble)
    yield* $.on(trouble.changesOf(({ fault }) => fault).pipe(Stream.drop(1))).run(() =>
      Effect.gen(function* () {
        const { report } = yield* $.state.get
        if (AsyncResult.isFailure(report)) yield* $.actions.again()
      })
    )
  })
)

export const AirportDetailLive = AirportDetail.implement({
  initial: { code: null, retries: 0 },
  logics: [loading]
})
