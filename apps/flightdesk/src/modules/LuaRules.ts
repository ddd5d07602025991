/** Watch rules written in Lua in the page. A handler in a worker tests the flights; the page never waits for it. */
import { Module } from "@sluice/core"
import { Handler } from "@sluice/wasm"
import type { CallError, LoadError } from "@sluice/wasm/Errors"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import lua from "wasmoon/dist/glue.wasm?url"
import type { Flight } from "../domain/Flight.ts"
import {
  exampleRules,
  Found,
  problemIn,
  RuleProblem,
  scriptName,
  scriptOf,
  Watched
} from "../domain/luaRules.ts"
import { Flights, type FlightsState } from "./Flights.ts"
import { runSession, Watch } from "./Watch.ts"

const State = Schema.Struct({
  /** What is in the editor. */
  draft: Schema.String,
  /** What flights are tested by, unless it is refused. */
  inForce: Schema.NullOr(Schema.String),
  phase: Schema.Literals(["off", "loading", "watching", "refused", "broken"]),
  problem: Schema.NullOr(RuleProblem),
  /** The script's global tables, as they can be shown. What else it remembers belongs to this very object. */
  tables: Schema.JsonObject,
  /** How many flights were tested, in their order of arrival. */
  tested: Schema.Int,
  raised: Schema.Int
})
export type LuaRulesState = typeof State.Type

const fromTheStart = { tables: {}, tested: 0, raised: 0 }

export const LuaRules = Module.make("LuaRules", {
  state: State,
  actions: {
    typed: Schema.String,
    /** What is in the editor is to be in force. */
    used: Schema.Void,
    ended: Schema.Void,
    loaded: Schema.Void,
    /** They cannot be compiled. */
    refused: RuleProblem,
    /** They failed at a flight, and test no more. */
    broke: RuleProblem,
    /** The flights are those of another run. */
    cleared: Schema.Void,
    tested: Schema.Struct({ tables: Schema.JsonObject, tested: Schema.Int, raised: Schema.Int })
  },
  reducers: {
    typed: (state, draft) => ({ ...state, draft }),
    used: (state) => ({ ...state, ...fromTheStart, inForce: state.draft, phase: "loading", problem: null }),
    ended: (state) => ({ ...state, inForce: null, phase: "off", problem: null }),
    loaded: (state) => ({ ...state, phase: "watching" }),
    refused: (state, problem) => ({ ...state, phase: "refused", problem }),
    broke: (state, problem) => ({ ...state, phase: "broken", problem }),
    cleared: (state) => ({ ...state, ...fromTheStart }),
    tested: (state, { raised, tables, tested }) => ({
      ...state,
      tables,
      tested,
      raised: state.raised + raised
    })
  }
})

/** Milliseconds for one batch. A loop that does not end takes its worker with it, and nothing else. */
const callMs = 1_000
const batchSize = 500

const sha256Of = (text: string) =>
  Effect.promise(async () => {
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))
    return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("")
  })

const handlerOf = (rules: string) =>
  Effect.gen(function* () {
    const script = scriptOf(rules)
    return yield* Handler.make({
      name: "LuaRules",
      abi: "lua",
      source: { abi: "lua", script, name: scriptName, wasm: new URL(lua, location.href).href },
      sha256: yield* sha256Of(script),
      state: Schema.JsonObject,
      params: Watched,
      response: Found,
      limits: { callMs, memoryPages: 512, resultBytes: 4_000_000 },
      imports: ["console"]
    })
  })

const problemOf = (error: CallError | LoadError): RuleProblem => {
  switch (error._tag) {
    case "HandlerFault":
      return error.kind === "timeout"
        ? { line: null, message: `They ran for more than ${callMs} ms and were stopped` }
        : { line: error.at?.line ?? null, message: error.detail }
    case "LoadFailed":
      return problemIn(error.reason)
    case "HandlerError":
      return { line: null, message: error.error }
    default:
      return { line: null, message: error.message }
  }
}

const batchOf = (flights: FlightsState["flights"], from: number): ReadonlyArray<Flight> => {
  const batch: Array<Flight> = []
  for (let at = from; at < flights.size && batch.length < batchSize; at++) {
    const flight = flights.at(at)
    if (flight !== undefined) batch.push(flight)
  }
  return batch
}

const watching = LuaRules.logic("watching", ($) =>
  Effect.gen(function* () {
    const flights = yield* $.use(Flights)
    const watch = yield* $.use(Watch)

    const raise = (found: typeof Found.Type, batch: ReadonlyArray<Flight>) =>
      Effect.gen(function* () {
        const session = runSession(yield* watch.getState)
        for (const { flight: id, rule } of found) {
          const flight = batch.find((each) => each.id === id)
          if (flight === undefined) continue
          yield* watch.actions.matched({ id: `${session}:lua ${rule}:${id}`, session, rule, flight })
        }
      })

    const watchBy = (rules: string) =>
      Effect.gen(function* () {
        const handler = yield* Effect.mapError(handlerOf(rules), (error) => ({ refused: problemOf(error) }))
        yield* $.actions.loaded()
        const test = (present: FlightsState["flights"]) =>
          Effect.gen(function* () {
            if (present.size < (yield* $.state.get).tested) yield* $.actions.cleared()
            for (;;) {
              const { tables, tested } = yield* $.state.get
              const batch = batchOf(present, tested)
              if (batch.length === 0) return
              const { response, state } = yield* handler.request(tables, { Action: "watch", flights: batch })
              yield* raise(response, batch)
              yield* $.actions.tested({
                tables: state,
                tested: tested + batch.length,
                raised: response.length
              })
            }
          })
        yield* Stream.runForEach(
          flights.changesOf((state) => state.flights),
          (present) => Effect.mapError(test(present), (error) => ({ broke: problemOf(error) }))
        )
      }).pipe(
        Effect.catch((problem) =>
          "refused" in problem ? $.actions.refused(problem.refused) : $.actions.broke(problem.broke)
        ),
        Effect.scoped
      )

    yield* $.onAction(["used", "ended"]).runLatest(() =>
      Effect.gen(function* () {
        const { inForce } = yield* $.state.get
        if (inForce !== null) yield* watchBy(inForce)
      })
    )
  })
)

export const LuaRulesLive = LuaRules.implement({
  initial: { draft: exampleRules, inForce: null, phase: "off", problem: null, ...fromTheStart },
  logics: [watching]
})
