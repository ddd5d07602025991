/** One airport in detail, from the server. The newest request wins: an older one is cancelled. */
import { Module } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { AirportReport } from "../domain/AirportReport.ts"
import type { ApiError } from "../services/ApiError.ts"
import { DeskApi } from "../services/DeskApi.ts"
import { ServerTrouble } from "./ServerTrouble.ts"

const State = Schema.Struct({
  /** The airport that was asked for last; null when the panel is closed. */
  code: Schema.NullOr(Schema.String),
  status: Schema.Literals(["idle", "loading", "ready", "failed"]),
  /** Of `code`, and no other. */
  report: Schema.NullOr(AirportReport),
  /** What went wrong last, while loading too. */
  problem: Schema.NullOr(Schema.String),
  attempts: Schema.Int
})

const closed: typeof State.Type = { code: null, status: "idle", report: null, problem: null, attempts: 0 }

const Problem = Schema.Struct({ code: Schema.String, problem: Schema.String })

export const AirportDetail = Module.make("AirportDetail", {
  state: State,
  actions: {
    selected: Schema.String,
    again: Schema.Void,
    closed: Schema.Void,
    loaded: AirportReport,
    /** An attempt failed, and another will follow. */
    troubled: Problem,
    failed: Problem
  },
  reducers: {
    selected: (state, code) => ({
      ...closed,
      code,
      status: "loading",
      report: code === state.code ? state.report : null
    }),
    again: (state) =>
      state.code === null ? state : { ...state, status: "loading", problem: null, attempts: 0 },
    closed: () => closed,
    loaded: (state, report) =>
      report.airport.code === state.code ? { ...state, status: "ready", report, problem: null } : state,
    troubled: (state, { code, problem }) =>
      code === state.code ? { ...state, problem, attempts: state.attempts + 1 } : state,
    failed: (state, { code, problem }) =>
      code === state.code ? { ...state, status: "failed" as const, problem } : state
  }
})

const retries = 2

const loading = AirportDetail.logic("loading", ($) =>
  Effect.gen(function* () {
    const api = yield* $.use(DeskApi)

    const load = (code: string) => {
      const troubled = (error: ApiError) => $.actions.troubled({ code, problem: error.message })
      return api.report(code).pipe(
        Effect.tapError(troubled),
        Effect.retry({
          times: retries,
          schedule: Schedule.exponential("400 millis"),
          while: (error) => error.problem !== "refused"
        }),
        Effect.flatMap($.actions.loaded),
        Effect.catch((error) => $.actions.failed({ code, problem: error.message }))
      )
    }

    yield* $.onAction(["selected", "again", "closed"]).runLatest(() =>
      Effect.gen(function* () {
        const { code } = yield* $.state.get
        if (code !== null) yield* load(code)
      })
    )

    // What went wrong went wrong with the server as it was.
    const trouble = yield* $.use(ServerTrouble)
    yield* $.on(trouble.changesOf(({ fault }) => fault).pipe(Stream.drop(1))).run(() =>
      Effect.gen(function* () {
        const { problem } = yield* $.state.get
        if (problem !== null) yield* $.actions.again()
      })
    )
  })
)

export const AirportDetailLive = AirportDetail.implement({ initial: closed, logics: [loading] })
