/** What the runtime's handlers tell, followed while this is alive; and retries of their dead letters. */
import { Module } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type { Success } from "../../../protocol/index.ts"
import { Page } from "../../Page.ts"

type Answer = Success<"Handlers">
export type HandlerEvent = Answer["events"][number]
export type Letter = Answer["letters"][number]

/** Events that are kept and shown. */
export const kept = 1000
/** Milliseconds between two questions. */
const restMs = 250

// The protocol has decoded them.
const Events = Schema.declare((given): given is ReadonlyArray<HandlerEvent> => Array.isArray(given))
const AnswerSchema = Schema.declare((given): given is Answer => typeof given === "object" && given !== null)
const Letters = Schema.declare((given): given is ReadonlyArray<Letter> => Array.isArray(given))
const Handled = Schema.declare((given): given is Answer["handled"] => Array.isArray(given))

const Retry = Schema.Struct({
  letter: Schema.String,
  /** What it was, as long as it is shown. */
  title: Schema.String,
  outcome: Schema.Literals(["running", "committed", "failed"]),
  error: Schema.optionalKey(Schema.String)
})
export type Retry = typeof Retry.Type

const State = Schema.Struct({
  /** Whether the page has answered. */
  isKnown: Schema.Boolean,
  /** Oldest first. */
  events: Events,
  letters: Letters,
  lettersLeftOut: Schema.Int,
  lettersDropped: Schema.Int,
  handled: Handled,
  recorded: Schema.Int,
  dropped: Schema.Int,
  /** Events that left the page's ring before they were asked for. */
  missed: Schema.Int,
  failure: Schema.NullOr(Schema.String),
  retries: Schema.Array(Retry)
})

const maxRetries = 20

const letterTitle = ({ handler, tag }: Letter): string => `${tag} of ${handler}`

export const Activity = Module.make("devtools/HandlerActivity", {
  state: State,
  actions: {
    told: AnswerSchema,
    failed: Schema.String,
    retry: Schema.String,
    retried: Retry
  },
  reducers: {
    told: (
      state,
      { dropped, events, handled, letters, lettersDropped, lettersLeftOut, missed, recorded }
    ) => ({
      ...state,
      isKnown: true,
      events: events.length === 0 ? state.events : [...state.events, ...events].slice(-kept),
      letters,
      lettersLeftOut,
      lettersDropped,
      handled,
      recorded,
      dropped,
      missed: state.missed + missed,
      failure: null
    }),
    failed: (state, failure) => ({ ...state, failure }),
    retry: (state, id) => {
      const letter = state.letters.find((each) => each.id === id)
      if (
        letter === undefined ||
        state.retries.some((each) => each.letter === id && each.outcome === "running")
      )
        return state
      const begun = { letter: id, title: letterTitle(letter), outcome: "running" } as const
      return { ...state, retries: [...others(state.retries, id), begun].slice(-maxRetries) }
    },
    retried: (state, retry) => ({
      ...state,
      retries: state.retries.map((each) =>
        each.letter === retry.letter ? { ...retry, title: each.title } : each
      )
    })
  }
})

const others = (retries: ReadonlyArray<Retry>, letter: string): ReadonlyArray<Retry> =>
  retries.filter((each) => each.letter !== letter)

const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

const following = Activity.logic("following", ($) =>
  Effect.gen(function* () {
    const page = yield* $.use(Page)
    // Written by `follow`, which goes on from there where it was ended by a connection.
    let after = 0
    const follow = Effect.gen(function* () {
      for (;;) {
        const answer = yield* page.request("Handlers", { after })
        const { failure, isKnown, letters } = yield* $.state.get
        const isNew = answer.events.length > 0 || !isSame(answer.letters, letters)
        if (isNew || !isKnown || failure !== null) yield* $.actions.told(answer)
        after = answer.events.at(-1)?.n ?? Math.max(after, answer.dropped)
        if (!answer.more) yield* Effect.sleep(restMs)
      }
    })
    yield* follow.pipe(
      Effect.tapError(({ message }) => $.actions.failed(message)),
      // The page may not be connected yet, or not know of handlers.
      Effect.retry(Schedule.spaced("1 second")),
      Effect.forkScoped
    )

    yield* $.onAction("retry").runParallel({ concurrency: 4 }, (letter) =>
      Effect.gen(function* () {
        const { retries } = yield* $.state.get
        // It is gone, or is being retried.
        if (!retries.some((each) => each.letter === letter && each.outcome === "running")) return
        const ended = yield* page
          .request("RetryLetter", { letter })
          .pipe(Effect.catch(({ message }) => Effect.succeed({ outcome: "failed" as const, error: message })))
        yield* $.actions.retried({ letter, title: "", ...ended })
      })
    )
  })
)

export const ActivityLive = Activity.implement({
  initial: {
    isKnown: false,
    events: [],
    letters: [],
    lettersLeftOut: 0,
    lettersDropped: 0,
    handled: [],
    recorded: 0,
    dropped: 0,
    missed: 0,
    failure: null,
    retries: []
  },
  logics: [following]
})
