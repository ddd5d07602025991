/** What the panel does to the page's time. Where the page then is, it says itself: `travel` of Connection. */
import { Module } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { Condition, type Success, type TravelState } from "../../protocol/index.ts"
import { Page, type PageError } from "../Page.ts"
import { Connection } from "./Connection.ts"

/** `recorded`: as it was. Otherwise so many times two entries a second. */
const Speed = Schema.Union([Schema.Literal("recorded"), Schema.Literals([0.5, 1, 2, 4, 8])])
export type Speed = typeof Speed.Type

const State = Schema.Struct({
  /** Requests that the page has not answered yet. */
  pending: Schema.Int,
  /** Where it is to go, another object each time; those that come while it goes somewhere are one. */
  wanted: Schema.NullOr(Schema.Struct({ moment: Schema.Int })),
  /** Whether it has been asked to go there. */
  isSent: Schema.Boolean,
  /** The one that travels, or is locked; all of them where there is none. All come back, and are unlocked. */
  instance: Schema.NullOr(Schema.String),
  speed: Speed,
  /** Another object each time that it begins to play. */
  playing: Schema.NullOr(Schema.Struct({ speed: Speed })),
  /** Instances that were asked for and have closed since, of the last travel. */
  passedOver: Schema.Array(Schema.String),
  /** Why the last one was refused. */
  failure: Schema.NullOr(Schema.String)
})
type State = typeof State.Type

const asked = (state: State): State => ({ ...state, pending: state.pending + 1, playing: null })

export const Travel = Module.make("devtools/Travel", {
  state: State,
  actions: {
    /** The states right after this commit are shown. */
    to: Schema.Int,
    sent: Schema.Void,
    step: Schema.Literals([-1, 1]),
    live: Schema.Void,
    /** From the moment that is shown, or from the base where that is the last. */
    play: Schema.Void,
    stop: Schema.Void,
    setSpeed: Speed,
    chooseInstance: Schema.NullOr(Schema.String),
    lock: Schema.Boolean,
    pause: Schema.Boolean,
    endFirst: Schema.Boolean,
    lockWhen: Schema.NullOr(Condition),
    commit: Schema.Void,
    revert: Schema.Void,
    reset: Schema.Void,
    /** Another runtime is shown, which has other instances. */
    turned: Schema.Void,
    answered: Schema.Struct({ passedOver: Schema.Array(Schema.String) }),
    refused: Schema.String
  },
  reducers: {
    to: (state, moment) => ({
      ...(state.isSent ? asked(state) : { ...state, playing: null }),
      wanted: { moment },
      isSent: false
    }),
    sent: (state) => ({ ...state, isSent: true }),
    step: asked,
    live: asked,
    play: (state) => ({ ...state, playing: { speed: state.speed } }),
    stop: (state) => ({ ...state, playing: null }),
    setSpeed: (state, speed) => ({ ...state, speed, playing: state.playing && { speed } }),
    chooseInstance: (state, instance) => ({ ...state, instance, playing: null }),
    lock: asked,
    pause: asked,
    endFirst: asked,
    lockWhen: asked,
    commit: asked,
    revert: asked,
    reset: asked,
    turned: (state) => ({
      ...state,
      pending: state.isSent ? state.pending : state.pending - 1,
      wanted: null,
      isSent: true,
      instance: null,
      playing: null,
      passedOver: [],
      failure: null
    }),
    answered: (state, { passedOver }) => ({
      ...state,
      pending: state.pending - 1,
      passedOver,
      failure: null
    }),
    refused: (state, failure) => ({ ...state, pending: state.pending - 1, playing: null, failure })
  }
})

/** Between two entries, where nothing says how long that was. */
const restMs = 500
const shortestMs = 16
const longestMs = 2000

const waitOf = (speed: Speed, { next, time }: Success<"Travel">): number => {
  if (speed !== "recorded") return restMs / speed
  if (next === undefined || time === undefined) return restMs
  return Math.min(longestMs, Math.max(shortestMs, next.time - time))
}

const travelling = Travel.logic("travelling", ($) =>
  Effect.gen(function* () {
    const page = yield* $.use(Page)
    const connection = yield* $.use(Connection)

    const shown = Effect.map(connection.getState, ({ runtime }) => runtime)
    /** The page tells it as well, but only at its next look. */
    const told = (runtime: string | null, travel: TravelState) =>
      runtime === null ? Effect.void : connection.actions.travelTold({ runtime, value: travel })
    const toldMoment = (runtime: string | null, { moment, shown }: Success<"Travel">) =>
      Effect.flatMap(connection.getState, ({ travel }) =>
        told(runtime, {
          ...travel,
          travelling: shown.length > 0 || travel.travelling,
          moment,
          travelled: [...new Set([...travel.travelled, ...shown])]
        })
      )
    /** The answer is that of the runtime that was shown when it was asked for. */
    const ask = <A>(
      request: Effect.Effect<A, PageError>,
      then: (answer: A, runtime: string | null) => Effect.Effect<unknown>
    ) =>
      Effect.flatMap(shown, (runtime) => Effect.flatMap(request, (answer) => then(answer, runtime))).pipe(
        Effect.catch((error) => $.actions.refused(error.message))
      )
    const askToMove = (request: Effect.Effect<Success<"Travel">, PageError>) =>
      ask(request, (answer, runtime) =>
        Effect.andThen(toldMoment(runtime, answer), $.actions.answered({ passedOver: answer.passedOver }))
      )
    const askForState = (request: Effect.Effect<TravelState, PageError>) =>
      ask(request, (answer, runtime) =>
        Effect.andThen(told(runtime, answer), $.actions.answered({ passedOver: [] }))
      )

    const chosen = Effect.map($.state.get, ({ instance }) =>
      instance === null ? {} : { instances: [instance] }
    )
    const travelTo = (moment: number) =>
      Effect.flatMap(chosen, (instances) => page.request("Travel", { moment, ...instances }))

    yield* $.onState(({ wanted }) => wanted).run((wanted) =>
      wanted === null ? Effect.void : Effect.andThen($.actions.sent(), askToMove(travelTo(wanted.moment)))
    )
    yield* $.onAction("step").run((by) =>
      askToMove(
        Effect.gen(function* () {
          const { instance } = yield* $.state.get
          const moved = yield* page.request("Step", { by })
          // Of one instance alone there is no step of the page's: it goes where all would have gone.
          return instance === null ? moved : yield* travelTo(moved.moment)
        })
      )
    )
    yield* $.onAction("live").run(() => askForState(page.request("Live", {})))
    yield* $.onAction("lock").run((isLocked) =>
      askForState(
        isLocked
          ? Effect.flatMap(chosen, (instances) => page.request("Lock", instances))
          : page.request("Unlock", {})
      )
    )
    yield* $.onAction("pause").run((isPaused) => askForState(page.request(isPaused ? "Pause" : "Resume", {})))
    yield* $.onAction("endFirst").run((on) => askForState(page.request("EndTravelFirst", { on })))
    yield* $.onAction("lockWhen").run((condition) =>
      askForState(page.request("LockWhen", condition === null ? {} : { condition }))
    )
    yield* $.onAction("commit").run(() => askForState(page.request("Commit", {})))
    yield* $.onAction("reset").run(() => askForState(page.request("Reset", {})))
    yield* $.onAction("revert").run(() =>
      ask(page.request("Revert", {}), ({ passedOver }) => $.actions.answered({ passedOver }))
    )

    const play = (speed: Speed) =>
      Effect.gen(function* () {
        const { counts, runtime, travel } = yield* connection.getState
        const { oldest = 0 } = counts?.history ?? {}
        let at = yield* travelTo(travel.moment ?? oldest)
        if (at.next === undefined) at = yield* travelTo(oldest)
        yield* toldMoment(runtime, at)
        // Past the last entry there is only what is live.
        while (at.next !== undefined) {
          yield* Effect.sleep(waitOf(speed, at))
          if ((yield* shown) !== runtime) return
          at = yield* travelTo(at.next.moment)
          yield* toldMoment(runtime, at)
        }
        yield* $.actions.stop()
      }).pipe(
        Effect.catch((error) =>
          Effect.flatMap($.state.get, ({ pending }) =>
            // It stands for no request that is counted.
            Effect.andThen(
              $.state.update((state) => ({ ...state, pending: pending + 1 })),
              $.actions.refused(error.message)
            )
          )
        )
      )
    yield* $.onState(({ playing }) => playing).runLatest((playing) =>
      playing === null ? Effect.void : play(playing.speed)
    )
    yield* $.on(
      Stream.drop(
        connection.changesOf(({ page, runtime }) => `${page} ${runtime}`),
        1
      )
    ).run(() => $.actions.turned())
  })
)

export const TravelLive = Travel.implement({
  initial: {
    pending: 0,
    wanted: null,
    isSent: true,
    instance: null,
    speed: 1,
    playing: null,
    passedOver: [],
    failure: null
  },
  logics: [travelling]
})
