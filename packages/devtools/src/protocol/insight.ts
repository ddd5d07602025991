/** Requests about a runtime's channels, its trace, its time, and what it is made of. */
import * as Schema from "effect/Schema"
import { Count, Name } from "./primitives.ts"

const runtime = Name
const nothing = Schema.Struct({})
const between = (least: number, most: number) =>
  Schema.Int.check(Schema.isGreaterThanOrEqualTo(least), Schema.isLessThanOrEqualTo(most))

/** A place in the code. */
export const Site = Schema.Struct({
  /** As its host names it; absent for none. */
  name: Schema.optionalKey(Schema.String),
  /** A URL or a path. */
  file: Schema.String,
  /** From 1. Absent where only the file is known. */
  line: Schema.optionalKey(Count),
  column: Schema.optionalKey(Count),
  /** Opens it in an editor. */
  href: Schema.optionalKey(Schema.String)
})
export type Site = typeof Site.Type

/** So many samples, and measures, in one message. */
export const maxSamples = 500
export const maxMeasures = 1000

export const insightCalls = {
  /** Begins to read the backlogs of all instances every so often. It ends with `EndSample`, or with the panel. */
  Sample: {
    runtime,
    /** Milliseconds. */
    everyMs: between(10, 60_000),
    /** The newest so many samples are kept. */
    keep: between(1, 2000)
  },
  /** Those with a greater `n`, oldest first. */
  Samples: { sampling: Count, after: Count },
  EndSample: { sampling: Count },
  /** What the trace's ring holds, and what it lost. It costs the page a look at all of it. */
  Ring: { runtime },
  /** Measures from now on, anew. The runtime has one profile, whoever began it; it ends with the last panel. */
  BeginProfile: { runtime },
  EndProfile: { runtime },
  /** What was measured so far. */
  Profile: { runtime },
  /** What the runtime is made of. Recomputations are counted from the first of these on, until the last panel goes. */
  Modules: { runtime },
  /** Which components on the page read which selections now. It costs the page a look at its whole tree. */
  Readers: { runtime }
} as const

/** Exact at its moment (C8). */
const Reading = Schema.Struct({
  /** Of one of the answer's consumers. */
  consumer: Count,
  depth: Count,
  inFlight: Count,
  waiting: Count,
  /** Since the consumer was made, as is `skipped`. */
  overflow: Count,
  skipped: Count
})

const SampledConsumer = Schema.Struct({
  consumer: Count,
  instanceId: Schema.String,
  name: Schema.String,
  tags: Schema.Union([Schema.Literal("all"), Schema.Array(Schema.String)]),
  capacity: Count,
  /** By reason, when it was last read. */
  skipped: Schema.Record(Schema.String, Count),
  /** It has gone since. */
  closed: Schema.Boolean
})

const Sample = Schema.Struct({
  n: Count,
  /** Epoch milliseconds. */
  at: Schema.Number,
  readings: Schema.Array(Reading),
  /** Of instances with any. */
  ingress: Schema.Array(Schema.Struct({ instanceId: Schema.String, count: Count }))
})

const Measure = Schema.Struct({
  kind: Schema.Literals(["entry", "reducer", "handler", "computed", "listener"]),
  instanceId: Schema.String,
  name: Schema.String,
  count: Count,
  /** Milliseconds, as all of these. Of handlers with what they waited for. */
  totalMs: Schema.Number,
  /** Without what was measured within it, and without waits. */
  selfMs: Schema.Number,
  maxMs: Schema.Number
})

const Called = Schema.Struct({
  /** Index of the call that it was made in, absent for none. */
  parent: Schema.optionalKey(Count),
  /** Index of what was called. */
  measure: Count,
  count: Count,
  totalMs: Schema.Number,
  selfMs: Schema.Number
})

const TraitNode = Schema.Struct({
  field: Schema.String,
  kind: Schema.Literals(["computed", "link", "source"]),
  /** When its function last ran; `rows`: it read so many single rows of that Collection. */
  reads: Schema.Array(Schema.Struct({ field: Schema.String, rows: Schema.optionalKey(Count) })),
  /** Its function threw when it last ran. */
  failing: Schema.Boolean,
  recomputations: Count
})

export const insightAnswers = {
  Sample: Schema.Struct({ sampling: Count }),
  Samples: Schema.Struct({
    /** All that any of the kept samples reads. */
    consumers: Schema.Array(SampledConsumer),
    samples: Schema.Array(Sample),
    /** Samples after the asked one that had left already. */
    missed: Count,
    more: Schema.Boolean
  }),
  EndSample: nothing,
  Ring: Schema.Struct({
    level: Schema.Union([
      Schema.Literals(["off", "light", "full"]),
      Schema.Struct({ sample: Schema.Number })
    ]),
    capacity: Count,
    recorded: Count,
    dropped: Count,
    sampledOut: Count,
    /** Transactions of the instances that are alive, recorded or not. */
    transactions: Count,
    /** What is in the ring: an entry's outcome, or for what was passed over its reason, is the `detail`. */
    kept: Schema.Array(
      Schema.Struct({
        kind: Schema.Literals(["entry", "delivery", "handler", "skipped", "closed"]),
        detail: Schema.optionalKey(Schema.String),
        count: Count
      })
    ),
    instances: Schema.Array(Schema.Struct({ instanceId: Schema.String, count: Count })),
    /** Epoch milliseconds of the first and the last event in it. */
    oldest: Schema.optionalKey(Schema.Number),
    newest: Schema.optionalKey(Schema.Number)
  }),
  BeginProfile: nothing,
  EndProfile: nothing,
  Profile: Schema.Struct({
    running: Schema.Boolean,
    durationMs: Schema.Number,
    /** The longest by their own time. */
    measures: Schema.Array(Measure),
    /** Of these measures, parents first. */
    calls: Schema.Array(Called),
    /** Measures that are not among them. */
    leftOut: Count
  }),
  Modules: Schema.Struct({
    modules: Schema.Array(
      Schema.Struct({
        moduleId: Schema.String,
        source: Schema.optionalKey(Site),
        actions: Schema.Array(
          Schema.Struct({
            tag: Schema.String,
            /** What computes its transition; absent where nothing does. */
            by: Schema.optionalKey(Schema.Literals(["reducer", "inline", "outside"]))
          })
        ),
        logics: Schema.Array(Schema.String),
        imports: Schema.Array(Schema.String),
        layers: Count,
        capacity: Count
      })
    ),
    instances: Schema.Array(
      Schema.Struct({
        instanceId: Schema.String,
        moduleId: Schema.String,
        /** Of the runtime or nested scope whose it is. */
        label: Schema.String,
        local: Schema.optionalKey(Schema.Struct({ key: Schema.optionalKey(Schema.String), mounts: Count })),
        /** The local instance that it was made for. */
        within: Schema.optionalKey(Schema.String),
        commits: Count,
        transactions: Count,
        traits: Schema.Array(TraitNode)
      })
    ),
    /** How many of the history's commits of one module were caused by another. */
    causes: Schema.Array(Schema.Struct({ from: Schema.String, to: Schema.String, count: Count }))
  }),
  Readers: Schema.Struct({
    readers: Schema.Array(
      Schema.Struct({
        component: Schema.String,
        selector: Schema.String,
        /** Those that it selects from. */
        instanceIds: Schema.Array(Schema.String),
        /** How many of that component are mounted. */
        count: Count
      })
    ),
    /** Whether all of the page was looked at. */
    complete: Schema.Boolean
  })
} as const
