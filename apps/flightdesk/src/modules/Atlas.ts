/** The map's outlines and the airports on it. */
import { Module } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import { Airport } from "../domain/Airport.ts"
import { drawStates } from "../domain/projection.ts"
import { DeskApi } from "../services/DeskApi.ts"

/** SVG path data in the coordinates of `projection.ts`. */
const Outline = Schema.Struct({ land: Schema.String, borders: Schema.String })

const State = Schema.Struct({
  status: Schema.Literals(["idle", "loading", "ready", "failed"]),
  problem: Schema.NullOr(Schema.String),
  outline: Schema.NullOr(Outline),
  airports: Schema.Array(Airport)
})

const hasSame = (a: ReadonlyArray<Airport>, b: ReadonlyArray<Airport>): boolean =>
  a.length === b.length && a.every(({ code }, i) => code === b[i]?.code)

export const Atlas = Module.make("Atlas", {
  state: State,
  actions: {
    load: Schema.Void,
    drawn: Outline,
    failed: Schema.String,
    charted: Schema.Array(Airport)
  },
  reducers: {
    load: (state) => ({ ...state, status: "loading", problem: null }),
    drawn: (state, outline) => ({ ...state, status: "ready", problem: null, outline }),
    failed: (state, problem) => ({ ...state, status: "failed", problem }),
    charted: (state, airports) => (hasSame(state.airports, airports) ? state : { ...state, airports })
  }
})

const loading = Atlas.logic("loading", ($) =>
  Effect.gen(function* () {
    const api = yield* $.use(DeskApi)
    yield* $.onAction("load").runLatest(() =>
      api.states.pipe(
        Effect.retry({ times: 2, schedule: Schedule.exponential("300 millis") }),
        Effect.flatMap((states) => $.actions.drawn(drawStates(states))),
        Effect.catch((error) => $.actions.failed(error.message))
      )
    )
    // A page from the server comes with the map.
    const { outline } = yield* $.state.get
    if (outline === null) yield* $.actions.load()
  })
)

export const AtlasLive = Atlas.implement({
  initial: { status: "idle", problem: null, outline: null, airports: [] },
  logics: [loading]
})
