/**
 * What an app and a run of it look like, as data: both the real app and the model are made from it.
 * Numbers that select something (a gate, a call, a module) are taken modulo what there is at that moment.
 */
import fc from "fast-check"

export interface Payload {
  /** Unique in a run: the id of the call that made it and its place there. */
  readonly id: string
  readonly n: number
  /** How many handlers, listeners and afterCommits lie between a step and this. Ends the chains. */
  readonly hop: number
}

export interface AppAction {
  readonly _tag: string
  readonly payload: Payload
}

export interface State {
  readonly count: number
  readonly log: ReadonlyArray<string>
  readonly last: string
  readonly hop: number
}

export const maxHop = 2
export const initial = (): State => ({ count: 0, log: [], last: "", hop: maxHop })

/** `throws` and `invalid` do so for odd `n`, and add otherwise. */
export type Reducer = "add" | "append" | "throws" | "same" | "invalid" | "none"

export class AppError extends Error {
  readonly _tag: string = "AppError"
}

/** The reducers of the app. `validate` is the module's: an invalid state is only made where it is refused. */
export const reduce = (kind: Reducer, validate: boolean, state: State, payload: Payload): State => {
  const { id, n, hop } = payload
  if (kind === "none" || kind === "same") return state
  if (kind === "append") return { ...state, log: [...state.log, id], last: id, hop }
  if (kind === "throws" && n % 2 === 1) throw new AppError(id)
  // The type is wrong on purpose: the schema has to find it.
  const count =
    kind === "invalid" && validate && n % 2 === 1 ? (`${n}` as unknown as number) : state.count + n
  return { ...state, count, last: id, hop }
}

export const addTo = (id: string, n: number, hop: number) => (state: State) =>
  n === 0 ? state : { ...state, count: state.count + n, last: id, hop }

export interface Body {
  readonly form: "function" | "effect of tx" | "effect"
  /** 0: writes nothing. */
  readonly n: number
  readonly ends: "ok" | "fails" | "suspends"
  /** Tries a synchronous dispatch on this module while the window is open. */
  readonly inside: number | undefined
  readonly after: Entry | undefined
}

export interface Part {
  readonly action: number
  readonly n: number
}

export type Entry = { readonly target: number } & (
  | {
      readonly kind: "dispatch" | "unsafe.dispatch" | "promise" | "callback"
      readonly parts: readonly [Part]
    }
  | { readonly kind: "batch" | "unsafe.batch"; readonly parts: ReadonlyArray<Part> }
  | { readonly kind: "transact" | "unsafe.transact"; readonly body: Body }
  /** One transaction on the target and on this one, which may be the same. */
  | { readonly kind: "group" | "unsafe.group"; readonly other: number; readonly body: Body }
  | { readonly kind: "update"; readonly n: number }
  | { readonly kind: "reset" }
)

export interface HandlerSpec {
  /** Waits for a gate that a step opens. */
  readonly gated: boolean
  readonly entry: Entry | undefined
  /** Fails, after its entry, for odd `n`. */
  readonly fails: boolean
}

export type Strategy = "run" | "latest" | "exhaust" | "parallel" | "stream"

export interface ConsumerSpec {
  readonly strategy: Strategy
  /** By index; `undefined`: all. */
  readonly tags: ReadonlyArray<number> | undefined
  readonly capacity: number | undefined
  readonly concurrency: number
  /** The flow's `filter` lets only `n >= filter` pass. */
  readonly filter: number
  readonly handler: HandlerSpec
}

export interface ListenerSpec {
  /** Re-enters when the state's count is a multiple of this and its hop is below `maxHop`. */
  readonly every: number
  readonly entry: Entry
}

export interface ModuleSpec {
  readonly reducers: ReadonlyArray<Reducer>
  readonly capacity: number
  readonly validate: boolean
  readonly consumers: ReadonlyArray<ConsumerSpec>
  /** Consumers of a second logic, whose setup waits until a step lets it go on. */
  readonly late: ReadonlyArray<ConsumerSpec> | undefined
  readonly listener: ListenerSpec | undefined
}

export interface SinkSpec {
  readonly capacity: number
  /** Each attempt waits for a gate that a step opens. */
  readonly gated: boolean
  /** Every other attempt fails, and is tried again at once. */
  readonly fails: boolean
}

export interface AppSpec {
  readonly modules: ReadonlyArray<ModuleSpec>
  readonly sinks: ReadonlyArray<SinkSpec>
  readonly level: "off" | "light" | "full"
  readonly ring: number
}

export type Step =
  | { readonly step: "entry"; readonly entry: Entry; readonly kill: boolean; readonly times: number }
  | { readonly step: "gate"; readonly which: number }
  | { readonly step: "interrupt"; readonly which: number }
  | { readonly step: "setup"; readonly which: number }
  | { readonly step: "stream"; readonly target: number; readonly consumer: ConsumerSpec }
  | { readonly step: "stop stream"; readonly which: number }
  | { readonly step: "travel"; readonly which: number; readonly all: boolean; readonly invalid: boolean }
  | { readonly step: "live" }
  | { readonly step: "evict"; readonly which: number }

/** The index that a selector means. */
export const pick = (which: number, length: number): number => (length === 0 ? -1 : which % length)

export const tagOf = (index: number): string => "abc"[index] ?? "a"

// ---------------------------------------------------------------------------------------------------------
// Arbitraries

const n = fc.integer({ min: 0, max: 5 })
const index = fc.nat({ max: 2 })
const part: fc.Arbitrary<Part> = fc.record({ action: index, n })

const parts = fc.array(part, { minLength: 1, maxLength: 6 })

const bodyWith = (after: fc.Arbitrary<Entry | undefined>): fc.Arbitrary<Body> =>
  fc.record({
    form: fc.constantFrom("function", "effect of tx", "effect"),
    n: fc.integer({ min: 0, max: 2 }),
    ends: fc.constantFrom("ok", "ok", "ok", "fails", "suspends"),
    inside: fc.option(index, { nil: undefined, freq: 4 }),
    after
  })

const waitingEntry = (after: fc.Arbitrary<Entry | undefined>): fc.Arbitrary<Entry> =>
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ target: index, kind: fc.constant("dispatch"), parts: fc.tuple(part) })
    },
    { weight: 2, arbitrary: fc.record({ target: index, kind: fc.constant("batch"), parts }) },
    {
      weight: 2,
      arbitrary: fc.record({ target: index, kind: fc.constant("transact"), body: bodyWith(after) })
    },
    {
      weight: 2,
      arbitrary: fc.record({
        target: index,
        kind: fc.constant("group"),
        other: index,
        body: bodyWith(after)
      })
    },
    { weight: 1, arbitrary: fc.record({ target: index, kind: fc.constant("update"), n }) },
    { weight: 1, arbitrary: fc.record({ target: index, kind: fc.constant("reset") }) }
  )

const syncEntry = (after: fc.Arbitrary<Entry | undefined>): fc.Arbitrary<Entry> =>
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        target: index,
        kind: fc.constantFrom("unsafe.dispatch", "promise", "callback"),
        parts: fc.tuple(part)
      })
    },
    { weight: 1, arbitrary: fc.record({ target: index, kind: fc.constant("unsafe.batch"), parts }) },
    {
      weight: 1,
      arbitrary: fc.record({ target: index, kind: fc.constant("unsafe.transact"), body: bodyWith(after) })
    },
    {
      weight: 1,
      arbitrary: fc.record({
        target: index,
        kind: fc.constant("unsafe.group"),
        other: index,
        body: bodyWith(after)
      })
    }
  )

const never = fc.constant(undefined)
// No promises: in a listener they would count as waits of whichever handler's fiber it is told in.
const listenerEntry = syncEntry(never).filter(({ kind }) => kind !== "promise" && kind !== "callback")
const simple = fc.oneof(waitingEntry(never), syncEntry(never))
const entry = (weight: number) =>
  fc.oneof(
    { weight, arbitrary: waitingEntry(fc.option(simple, { nil: undefined })) },
    { weight: 2, arbitrary: syncEntry(fc.option(simple, { nil: undefined })) }
  )

// A handler that makes entries has a gate, so that a step lets one of them go on and not a crowd: with many on
// one stack, in what order their takes and entries were nested could no longer be told from what they saw.
const handlerSpec: fc.Arbitrary<HandlerSpec> = fc
  .record({
    gated: fc.constantFrom(true, true, false),
    entry: fc.option(entry(4), { nil: undefined, freq: 2 }),
    fails: fc.constantFrom(false, false, true)
  })
  .map(({ entry, fails, gated }) => ({ entry: smaller(entry), fails, gated: gated || entry !== undefined }))

/** So that chains do not grow without bound. */
const smaller = (entry: Entry | undefined): Entry | undefined =>
  entry?.kind === "batch" || entry?.kind === "unsafe.batch"
    ? { ...entry, parts: entry.parts.slice(0, 2) }
    : entry

const consumer = (strategies: ReadonlyArray<Strategy>): fc.Arbitrary<ConsumerSpec> =>
  fc.record({
    strategy: fc.constantFrom(...strategies),
    tags: fc.option(fc.uniqueArray(index, { minLength: 1, maxLength: 2 }), { nil: undefined, freq: 2 }),
    capacity: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
    concurrency: fc.integer({ min: 1, max: 3 }),
    filter: fc.constantFrom(0, 0, 0, 2),
    handler: handlerSpec
  })

// When an exhaust flow takes what it passes over is seen by nobody, so it is never full.
const roomy = (spec: ConsumerSpec): ConsumerSpec =>
  spec.strategy === "exhaust" ? { ...spec, capacity: 64 } : spec
const flow = consumer(["run", "run", "run", "latest", "exhaust", "parallel"]).map(roomy)

const moduleSpec: fc.Arbitrary<ModuleSpec> = fc.record({
  reducers: fc.array(fc.constantFrom("add", "append", "throws", "same", "invalid", "none"), {
    minLength: 1,
    maxLength: 3
  }),
  capacity: fc.integer({ min: 1, max: 4 }),
  validate: fc.boolean(),
  consumers: fc.array(flow, { maxLength: 3 }),
  late: fc.option(fc.array(flow, { maxLength: 2 }), { nil: undefined, freq: 2 }),
  listener: fc.option(fc.record({ every: fc.integer({ min: 1, max: 3 }), entry: listenerEntry }), {
    nil: undefined,
    freq: 2
  })
})

export const appSpec: fc.Arbitrary<AppSpec> = fc.record({
  modules: fc.array(moduleSpec, { minLength: 1, maxLength: 3 }),
  sinks: fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    {
      weight: 1,
      arbitrary: fc.array(
        fc.record({ capacity: fc.integer({ min: 1, max: 4 }), gated: fc.boolean(), fails: fc.boolean() }),
        { minLength: 1, maxLength: 2 }
      )
    }
  ),
  level: fc.constantFrom("full", "full", "light", "off"),
  ring: fc.constantFrom(4096, 4096, 8)
})

const which = fc.nat({ max: 11 })

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 14,
    arbitrary: fc.record({
      step: fc.constant("entry"),
      entry: entry(5),
      kill: fc.constantFrom(false, false, false, false, true),
      times: fc.constantFrom(1, 1, 1, 2, 4)
    })
  },
  { weight: 8, arbitrary: fc.record({ step: fc.constant("gate"), which }) },
  { weight: 2, arbitrary: fc.record({ step: fc.constant("interrupt"), which }) },
  { weight: 1, arbitrary: fc.record({ step: fc.constant("setup"), which }) },
  {
    weight: 1,
    arbitrary: fc.record({ step: fc.constant("stream"), target: index, consumer: consumer(["stream"]) })
  },
  { weight: 1, arbitrary: fc.record({ step: fc.constant("stop stream"), which }) },
  {
    weight: 1,
    arbitrary: fc.record({
      step: fc.constant("travel"),
      which: fc.nat({ max: 99 }),
      all: fc.boolean(),
      invalid: fc.constantFrom(false, false, false, true)
    })
  },
  { weight: 1, arbitrary: fc.record({ step: fc.constant("live") }) },
  { weight: 1, arbitrary: fc.record({ step: fc.constant("evict"), which }) }
)

export const steps: fc.Arbitrary<ReadonlyArray<Step>> = fc.array(step, {
  minLength: 1,
  maxLength: 40,
  size: "max"
})
