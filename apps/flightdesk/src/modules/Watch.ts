/** Rules that flights are watched by, and the alerts they raise. */
import { Collection, Module } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { Alert, isSameRule, matches, Rule, ruleText } from "../domain/Alert.ts"
import type { ApiError } from "../services/ApiError.ts"
import type { Flight } from "../domain/Flight.ts"
import { DeskApi } from "../services/DeskApi.ts"
import { Flights } from "./Flights.ts"
import { ServerTrouble } from "./ServerTrouble.ts"

/** `place` is the alert's place among the server's records of this session, once it is recorded there. */
export const WatchedAlert = Schema.Struct({ ...Alert.fields, place: Schema.NullOr(Schema.Int) })
export type WatchedAlert = typeof WatchedAlert.Type

/** Why an alert is not recorded yet. `attempts` have failed; with none, the server is only slow. */
const Trouble = Schema.Struct({
  alertId: Schema.String,
  message: Schema.String,
  attempts: Schema.Int
})

const alerts = Collection.schema(WatchedAlert, "id")

const State = Schema.Struct({
  /** Names this desk to the server. A run of the replay is `session` and its number. */
  session: Schema.String,
  run: Schema.Int,
  rules: Schema.Array(Rule),
  nextRule: Schema.Int,
  alerts,
  /** How many of the alerts the server has. */
  recorded: Schema.Int,
  trouble: Schema.NullOr(Trouble)
})
export type WatchState = typeof State.Type

export const runSession = (state: Pick<WatchState, "session" | "run">): string =>
  `${state.session}-${state.run}`

export const othersThan = (rules: ReadonlyArray<Rule>, id: number): ReadonlyArray<Rule> =>
  rules.filter((rule) => rule.id !== id)

const alertId = (session: string, ruleId: number, flightId: number): string =>
  `${session}:${ruleId}:${flightId}`

/** How many of the alerts are of that rule. */
export const raisedBy = (alerts: WatchState["alerts"], ruleId: number): number => {
  let count = 0
  for (const { id } of alerts) if (id.split(":")[1] === String(ruleId)) count++
  return count
}

const defaultRules: ReadonlyArray<Rule> = [
  { id: 1, minutes: 60, direction: "into", airport: "ORD" },
  { id: 2, minutes: 45, direction: "out of", airport: "ATL" },
  { id: 3, minutes: 90, direction: "into", airport: "" }
]

const { id: _, ...draftFields } = Rule.fields

export const Watch = Module.make("Watch", {
  state: State,
  actions: {
    addRule: Schema.Struct(draftFields),
    editRule: Rule,
    removeRule: Schema.Int,
    matched: Alert,
    recorded: Schema.Struct({ id: Schema.String, place: Schema.Int }),
    troubled: Trouble,
    /** What was wrong with the server may be so no longer. */
    serverChanged: Schema.Void,
    newRun: Schema.Void
  },
  reducers: {
    // A rule that is there already would raise each of its alerts twice.
    addRule: (state, draft) =>
      state.rules.some((rule) => isSameRule(rule, draft))
        ? state
        : {
            ...state,
            rules: [...state.rules, { ...draft, id: state.nextRule }],
            nextRule: state.nextRule + 1
          },
    editRule: (state, edited) =>
      state.rules.some((rule) => rule.id !== edited.id && isSameRule(rule, edited))
        ? state
        : { ...state, rules: state.rules.map((rule) => (rule.id === edited.id ? edited : rule)) },
    removeRule: (state, id) => ({ ...state, rules: state.rules.filter((rule) => rule.id !== id) }),
    // One alert a match, however often the match is told, and none of a run that is over.
    matched: (state, alert) =>
      alert.session !== runSession(state) || state.alerts.has(alert.id)
        ? state
        : { ...state, alerts: state.alerts.set({ ...alert, place: null }) },
    recorded: (state, { id, place }) => {
      const alert = state.alerts.get(id)
      if (alert === undefined || alert.place !== null) return state
      return {
        ...state,
        alerts: state.alerts.set({ ...alert, place }),
        recorded: state.recorded + 1,
        trouble: state.trouble?.alertId === id ? null : state.trouble
      }
    },
    troubled: (state, trouble) => (state.alerts.has(trouble.alertId) ? { ...state, trouble } : state),
    serverChanged: (state) => (state.trouble === null ? state : { ...state, trouble: null }),
    newRun: (state) => ({
      ...state,
      run: state.run + 1,
      alerts: alerts.empty,
      recorded: 0,
      trouble: null
    })
  }
})

/** Reads the flights, in order and without missing one; waits while the channel of `matched` is full. */
const matching = Watch.logic("matching", ($) =>
  Effect.gen(function* () {
    const flights = yield* $.use(Flights)
    const match = (flight: Flight) =>
      Effect.gen(function* () {
        const state = yield* $.state.get
        const session = runSession(state)
        for (const rule of state.rules) {
          if (!matches(rule, flight)) continue
          yield* $.actions.matched({
            id: alertId(session, rule.id, flight.id),
            session,
            rule: ruleText(rule),
            flight
          })
        }
      })

    // Those that came with the page, from the server.
    for (const flight of (yield* flights.getState).flights) yield* match(flight)

    // Counts the `cleared` that came before a flight: one that is still in line from the run before is stale.
    let runOfFlight = (yield* $.state.get).run
    yield* $.on(flights.actionStream("arrived", "cleared")).run((action) =>
      Effect.gen(function* () {
        if (action._tag === "cleared") {
          runOfFlight++
          return
        }
        if ((yield* $.state.get).run === runOfFlight) yield* match(action.payload)
      })
    )
  })
)

const slowAfter = "1 second"

/** 250 ms, 500 ms, 1 s, then every 2 s, for as long as it takes. */
const againAndAgain = Schedule.min([Schedule.exponential("250 millis"), Schedule.spaced("2 seconds")])

/** Has the server record each alert. One that cannot be recorded is tried again until it is. */
const recording = Watch.logic("recording", ($) =>
  Effect.gen(function* () {
    const api = yield* $.use(DeskApi)
    const watch = yield* $.use(Watch)
    const trouble = yield* $.use(ServerTrouble)

    const isWanted = (alert: Alert) => Effect.map($.state.get, (state) => state.alerts.has(alert.id))

    const unwanted = (alert: Alert) =>
      watch
        .changesOf((state) => state.alerts.has(alert.id))
        .pipe(
          Stream.filter((wanted) => !wanted),
          Stream.runHead
        )

    const record = (alert: Alert) => {
      let attempts = 0
      const slow = Effect.sleep(slowAfter).pipe(
        Effect.andThen(() =>
          $.actions.troubled({ alertId: alert.id, attempts, message: "The server is slow to answer." })
        ),
        Effect.andThen(Effect.never)
      )
      const failed = (error: ApiError) =>
        $.actions.troubled({ alertId: alert.id, attempts: ++attempts, message: error.message })
      return Effect.raceFirst(api.record(alert), slow).pipe(
        Effect.tapError(failed),
        Effect.retry(againAndAgain),
        Effect.flatMap(({ place }) => $.actions.recorded({ id: alert.id, place }))
      )
    }

    const serverChanged = trouble
      .changesOf(({ fault }) => fault)
      .pipe(Stream.drop(1), Stream.runHead, Effect.andThen($.actions.serverChanged))

    /** A server that changed is asked anew, at once. */
    const recordAnew = (alert: Alert) =>
      Effect.raceFirst(Effect.as(record(alert), true), Effect.as(serverChanged, false)).pipe(
        Effect.repeat({ until: (isRecorded) => isRecorded })
      )

    yield* $.onAction("matched").run((alert) =>
      Effect.gen(function* () {
        if (!(yield* isWanted(alert))) return
        yield* Effect.raceFirst(recordAnew(alert), unwanted(alert))
      })
    )

    // What the server kept of the run before is of no more use; a failure to say so does no harm.
    yield* $.onAction("newRun").runLatest(() =>
      Effect.gen(function* () {
        const { run, session } = yield* $.state.get
        yield* Effect.ignore(api.forget(runSession({ session, run: run - 1 })))
      })
    )
  })
)

export const WatchLive = Watch.implement({
  initial: () => ({
    session: crypto.randomUUID().slice(0, 8),
    run: 1,
    rules: defaultRules,
    nextRule: defaultRules.length + 1,
    alerts: alerts.empty,
    recorded: 0,
    trouble: null
  }),
  logics: [matching, recording],
  channel: { capacity: 64 }
})
