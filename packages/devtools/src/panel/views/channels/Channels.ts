/** The backlogs of the runtime's instances over time, sampled by the page while this is alive. */
import { Module } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type { Success } from "../../../protocol/index.ts"
import { Page } from "../../Page.ts"

type Answer = Success<"Samples">
export type Sample = Answer["samples"][number]
export type Consumer = Answer["consumers"][number]

/** Samples that are kept and shown. */
export const kept = 240
export const rates = [100, 250, 1000, 10_000] as const
export type Rate = (typeof rates)[number]

// The protocol has decoded them.
const Samples = Schema.declare((given): given is ReadonlyArray<Sample> => Array.isArray(given))
const Consumers = Schema.declare((given): given is ReadonlyArray<Consumer> => Array.isArray(given))

const State = Schema.Struct({
  everyMs: Schema.Literals(rates),
  consumers: Consumers,
  samples: Samples,
  /** What is shown while it is paused. */
  paused: Schema.NullOr(Samples),
  /** Samples that came too late to be kept. */
  missed: Schema.Int,
  failure: Schema.NullOr(Schema.String)
})

const nothing = { consumers: [], samples: [], paused: null, missed: 0, failure: null }

export const Channels = Module.make("devtools/Channels", {
  state: State,
  actions: {
    setRate: Schema.Literals(rates),
    pause: Schema.Void,
    goOn: Schema.Void,
    sampled: Schema.Struct({ consumers: Consumers, samples: Samples, missed: Schema.Int }),
    failed: Schema.String
  },
  reducers: {
    // At another rate it is another series.
    setRate: (state, everyMs) => (everyMs === state.everyMs ? state : { ...nothing, everyMs }),
    pause: (state) => ({ ...state, paused: state.samples }),
    goOn: (state) => ({ ...state, paused: null }),
    sampled: (state, { consumers, missed, samples }) => ({
      ...state,
      consumers,
      samples: [...state.samples, ...samples].slice(-kept),
      missed: state.missed + missed,
      failure: null
    }),
    failed: (state, failure) => ({ ...state, failure })
  }
})

const sampling = Channels.logic("sampling", ($) =>
  Effect.gen(function* () {
    const page = yield* $.use(Page)
    const follow = Effect.fnUntraced(function* (everyMs: Rate) {
      const { sampling } = yield* Effect.acquireRelease(
        page.request("Sample", { everyMs, keep: kept }),
        (begun) => Effect.ignore(page.request("EndSample", begun))
      )
      for (let after = 0; ;) {
        const { consumers, missed, more, samples } = yield* page.request("Samples", { sampling, after })
        if (samples.length > 0) yield* $.actions.sampled({ consumers, samples, missed })
        after = samples.at(-1)?.n ?? after
        if (!more) yield* Effect.sleep(Math.min(everyMs, 1000))
      }
    })
    yield* $.onState(({ everyMs }) => everyMs).runLatest((everyMs) =>
      Effect.scoped(follow(everyMs)).pipe(Effect.catch(({ message }) => $.actions.failed(message)))
    )
  })
)

export const ChannelsLive = Channels.implement({
  initial: { ...nothing, everyMs: 250 },
  logics: [sampling]
})
