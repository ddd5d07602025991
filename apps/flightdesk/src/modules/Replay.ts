/** The replay as the desk sees and steers it. The feed does the playing. */
import { Module } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import { Feed, type Progress } from "../services/Feed.ts"
import { Atlas } from "./Atlas.ts"
import { Flights } from "./Flights.ts"
import { Watch } from "./Watch.ts"

/** Seconds of the flights' time in one of ours, or as fast as the flights are taken. */
export const speeds = [60, 600, 10_000, "max"] as const
const Speed = Schema.Literals(speeds)
export type Speed = typeof Speed.Type

const Timespan = Schema.Struct({ total: Schema.Int, start: Schema.Int, end: Schema.Int })

const State = Schema.Struct({
  status: Schema.Literals(["idle", "loading", "paused", "playing", "done", "failed"]),
  problem: Schema.NullOr(Schema.String),
  speed: Speed,
  /** Whether the flights are here. A page from the server says how many there are before that. */
  isLoaded: Schema.Boolean,
  /** Lines of the file that have had their turn, of `total`. */
  position: Schema.Int,
  /** The flights' time. */
  clock: Schema.Finite,
  ...Timespan.fields
})
export type ReplayState = typeof State.Type

const canPlay = (state: ReplayState): boolean => state.status === "paused"

export const Replay = Module.make("Replay", {
  state: State,
  actions: {
    load: Schema.Void,
    loaded: Timespan,
    failed: Schema.String,
    play: Schema.Void,
    pause: Schema.Void,
    step: Schema.Void,
    restart: Schema.Void,
    setSpeed: Speed
  },
  reducers: {
    load: (state) => ({ ...state, status: "loading", problem: null }),
    loaded: (state, span) => ({
      ...state,
      ...span,
      isLoaded: true,
      status: "paused",
      clock: Math.max(state.clock, span.start)
    }),
    failed: (state, problem) => ({ ...state, status: "failed", problem }),
    play: (state) => (canPlay(state) ? { ...state, status: "playing" } : state),
    pause: (state) => (state.status === "playing" ? { ...state, status: "paused" } : state),
    restart: (state) =>
      state.isLoaded
        ? { ...state, status: "playing", problem: null, position: 0, clock: state.start }
        : state,
    setSpeed: (state, speed) => ({ ...state, speed })
  }
})

const progressed = (state: ReplayState, { clock, ended, position }: Progress): ReplayState => {
  const at = { ...state, position, clock }
  if (ended === undefined) return at
  return ended.problem === null
    ? { ...at, status: "done" }
    : { ...at, status: "failed", problem: ended.problem }
}

const loading = Replay.logic("loading", ($) =>
  Effect.gen(function* () {
    const feed = yield* $.use(Feed)
    const atlas = yield* $.use(Atlas)
    yield* $.onAction("load").runLatest(() =>
      feed.load.pipe(
        Effect.retry({ times: 2, schedule: Schedule.exponential("300 millis") }),
        Effect.tap(({ airports }) => atlas.actions.charted(airports)),
        // A page from the server comes with the first flights.
        Effect.tap(() => Effect.flatMap($.state.get, ({ position }) => feed.startAt(position))),
        Effect.flatMap(({ end, start, total }) => $.actions.loaded({ end, start, total })),
        Effect.catch((error) => $.actions.failed(error.message))
      )
    )
    yield* $.actions.load()
  })
)

const steering = Replay.logic("steering", ($) =>
  Effect.gen(function* () {
    const feed = yield* $.use(Feed)
    const flights = yield* $.use(Flights)
    const watch = yield* $.use(Watch)
    yield* feed.reportTo($.callback("progress", progressed))
    yield* feed.setPace((yield* $.state.get).speed)

    const startOver = Effect.gen(function* () {
      yield* feed.rewind
      // First the watch lets go of its alerts, so that none of them holds up the flights that are cleared.
      yield* watch.actions.newRun()
      yield* flights.actions.cleared()
      const { status } = yield* $.state.get
      if (status === "playing") yield* feed.play
    })

    yield* $.onAction(["play", "pause", "step", "restart", "setSpeed"]).run((_, action) =>
      Effect.gen(function* () {
        const { isLoaded, status } = yield* $.state.get
        switch (action._tag) {
          case "play":
            return status === "playing" ? yield* feed.play : undefined
          case "pause":
            return status === "paused" ? yield* feed.pause : undefined
          case "step":
            return status === "paused" ? yield* feed.step : undefined
          case "restart":
            return isLoaded ? yield* startOver : undefined
          case "setSpeed":
            return yield* feed.setPace(action.payload)
        }
      })
    )
  })
)

export const ReplayLive = Replay.implement({
  initial: {
    status: "idle",
    problem: null,
    speed: 10_000,
    isLoaded: false,
    position: 0,
    clock: 0,
    total: 0,
    start: 0,
    end: 0
  },
  logics: [loading, steering]
})
