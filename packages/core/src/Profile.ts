/**
 * Where the time of a runtime's entries goes. While a profile runs, what its instances call is wrapped; before and
 * after, nothing is, and nothing is asked.
 */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { callerOf } from "./Caller.ts"
import type { Consumer } from "./Channel.ts"
import * as Derived from "./Derived.ts"
import type { AnyInstance } from "./Instance.ts"
import type { Any } from "./internal/any.ts"
import { Lookup } from "./internal/lookup.ts"
import { wrap } from "./internal/patch.ts"
import { monotonicMs } from "./internal/platform.ts"
import { type Call, type Measure, Recorder } from "./internal/recorder.ts"
import * as Faces from "./ModuleRuntime.ts"
import { makePlan, type Plan } from "./Plan.ts"
import type { AnyRuntime } from "./Runtime.ts"
import type { Run } from "./Waits.ts"

export type { Call, Kind, Measure } from "./internal/recorder.ts"

/** The parts of a runtime that are used here. */
export interface Profiled extends Pick<AnyRuntime, "list" | "subscribe"> {}

export interface Profile {
  /** All that was measured so far, in no order. Times are in milliseconds. */
  readonly measures: () => ReadonlyArray<Measure>
  /** Who called what: each after the call that it was made in. */
  readonly calls: () => ReadonlyArray<Call>
  /** Milliseconds since it began; once ended, how long it was. */
  readonly durationMs: () => number
  /** What was measured stays readable. */
  readonly end: () => void
}

export interface ProfileOptions {
  /** Monotonic milliseconds. Default: those of `performance.now`. */
  readonly now?: () => number
}

/**
 * Measures each instance of the runtime, and those that come, until `end`: entries, and within them reducers,
 * computed fields and listeners. Of handlers the whole is from the beginning to the end, with what they wait for, and their own
 * time what their fibers ran. States are the
 * same with and without. The clock of a browser is coarse: sums are right, a single short call may count as nothing.
 */
export const begin = (runtime: Profiled, { now = monotonicMs }: ProfileOptions = {}): Profile => {
  const recorder = new Recorder(now)
  const handlers = new Map<unknown, Handlers>()
  const instances = each(runtime, (instance) => wrapInstance(instance, recorder, handlers))
  const ends = [
    wrapFibers(recorder, handlers),
    wrapDerived(recorder, (host) => instances.some((instance) => instance.host === host))
  ]
  const startedAt = now()
  let endedAt: number | undefined
  return {
    measures: () => [...recorder.measures()],
    calls: () => recorder.calls,
    durationMs: () => (endedAt ?? now()) - startedAt,
    end: () => {
      endedAt ??= now()
      recorder.ended = true
      instances.end()
      for (const end of ends) end()
    }
  }
}

export interface Recomputations {
  /** How often the function of that field has run since then, the first time included where it was made since. */
  readonly of: (instanceId: string, field: string) => number
  readonly end: () => void
}

/** Counts how often the functions of derived fields run, from now on. */
export const countRecomputations = (runtime: Profiled): Recomputations => {
  const counts = new Map<string, Map<string, number>>()
  const instances = each(runtime, (instance) => {
    const { instanceId } = instance
    const own = counts.get(instanceId) ?? new Map<string, number>()
    counts.set(instanceId, own)
    return wrapTraits(instance, (field, read) => (state) => {
      own.set(field, (own.get(field) ?? 0) + 1)
      return read(state)
    })
  })
  return { of: (instanceId, field) => counts.get(instanceId)?.get(field) ?? 0, end: instances.end }
}

/** Wraps every instance of the runtime, and those that come; anew where one has another implementation. */
export const each = (
  runtime: Profiled,
  wrapOne: (instance: AnyInstance) => ReadonlyArray<() => void>
): {
  readonly some: (is: (instance: AnyInstance) => boolean) => boolean
  readonly end: () => void
} => {
  const wrapped = new Map<AnyInstance, { readonly impl: unknown; readonly ends: ReadonlyArray<() => void> }>()
  const release = (instance: AnyInstance) => {
    for (const end of wrapped.get(instance)?.ends ?? []) end()
    wrapped.delete(instance)
  }
  const look = () => {
    const alive = new Set<AnyInstance>()
    for (const { runtime: face } of runtime.list()) {
      const instance = Faces.instanceOf(face)
      if (instance === undefined) continue
      alive.add(instance)
      if (wrapped.get(instance)?.impl === instance.impl) continue
      release(instance)
      wrapped.set(instance, { impl: instance.impl, ends: wrapOne(instance) })
    }
    for (const instance of wrapped.keys()) if (!alive.has(instance)) release(instance)
  }
  const stop = runtime.subscribe(look)
  look()
  return {
    some: (is) => [...wrapped.keys()].some(is),
    end: () => {
      stop()
      for (const instance of wrapped.keys()) release(instance)
    }
  }
}

type Read = (state: unknown) => unknown

const wrapTraits = (
  { derivation }: AnyInstance,
  wrapper: (field: string, read: Read) => Read
): ReadonlyArray<() => void> =>
  (derivation?.nodeAt ?? []).flatMap((node) =>
    node === undefined ? [] : [wrap(node, "read", (read) => wrapper(node.name, read))]
  )

/** Values computed from several modules are of no instance; they are found by the runtime that theirs is in. */
const wrapDerived = (recorder: Recorder, isOwn: (host: unknown) => boolean): (() => void) =>
  wrap(
    Derived.Node.prototype,
    "computed",
    (inner) =>
      function (this: Derived.Node<unknown>, ...given) {
        const compute = () => inner.apply(this, given)
        return isOwn(this.host)
          ? recorder.time(recorder.measure("computed", this.instanceId, "Derived"), compute)
          : compute()
      }
  )

const wrapInstance = (
  instance: AnyInstance,
  recorder: Recorder,
  handlers: Map<unknown, Handlers>
): ReadonlyArray<() => void> => [
  ...wrapEntries(instance, recorder),
  wrapPlans(instance, recorder),
  ...wrapTraits(instance, (field, read) =>
    recorder.timed(recorder.measure("computed", instance.instanceId, field), read)
  ),
  ...wrapListeners(instance, recorder),
  ...wrapHandlers(instance, recorder, handlers)
]

const wrapEntries = (instance: AnyInstance, recorder: Recorder): ReadonlyArray<() => void> => {
  const { instanceId } = instance
  const transition = wrap(instance, "transition", (inner) => {
    const enter = inner.bind(instance)
    return (origin, actions, step, arg, context) =>
      recorder.time(recorder.measure("entry", instanceId, entryName(origin)), () =>
        enter(origin, actions, step, arg, context)
      )
  })
  const observers = wrap(
    instance,
    "tellObservers",
    (inner) =>
      (...given) =>
        recorder.time(recorder.measure("listener", instanceId, "observers"), () =>
          inner.apply(instance, given)
        )
  )
  return [transition, observers]
}

const entryName = ({ kind, name }: { readonly kind: string; readonly name: string }): string =>
  kind === "action" ? name : `${kind}: ${name}`

const wrapPlans = (instance: AnyInstance, recorder: Recorder): (() => void) =>
  wrap(instance, "plans", (inner) => {
    const plans = new Lookup<Plan<Any>>()
    for (const tag of Object.keys(instance.impl.def.actions)) {
      const plan = inner[tag] ?? makePlan(inner, instance.impl, tag, instance.instanceId)
      const measure = recorder.measure("reducer", instance.instanceId, tag)
      const hasReducer = Object.hasOwn(instance.impl.def.reducers, tag) || instance.impl.handlers?.[tag]
      plans[tag] = hasReducer ? { ...plan, step: recorder.timed(measure, plan.step) } : plan
    }
    return plans
  })

// --- listeners --------------------------------------------------------------------------------------------

const maxName = 80
const names = new WeakMap<object, string>()

/** Its name, or how it begins. */
const nameOf = (listener: (...given: ReadonlyArray<never>) => unknown): string => {
  const known = names.get(listener)
  if (known !== undefined) return known
  const text = listener.name === "" ? String(listener).replaceAll(/\s+/g, " ") : listener.name
  const name = text.length > maxName ? `${text.slice(0, maxName)}…` : text
  names.set(listener, name)
  return name
}

const wrapListeners = (instance: AnyInstance, recorder: Recorder): ReadonlyArray<() => void> => {
  const { instanceId, subscriptions } = instance
  const measureOf = (listener: (...given: ReadonlyArray<never>) => unknown) =>
    recorder.measure("listener", instanceId, nameOf(listener))
  const ends: Array<() => void> = []
  for (let at = subscriptions.first; at !== undefined; at = at.next) {
    const listener = at
    ends.push(wrap(listener, "notify", (inner) => recorder.timed(measureOf(inner), inner)))
  }
  const subscribe = wrap(subscriptions, "subscribe", (inner) => (notify) => {
    const measure = measureOf(notify)
    const timed = recorder.timed(measure, notify)
    // It may outlive the profile.
    return inner.call(subscriptions, (state: unknown) => (recorder.ended ? notify(state) : timed(state)))
  })
  const affected = wrap(subscriptions.index, "affected", (inner) => (...given) => {
    let first: ReturnType<typeof inner>
    let last: ReturnType<typeof inner>
    let watch = inner.apply(subscriptions.index, given)
    while (watch !== undefined) {
      const { commit, next, reads, selector } = watch
      const told = watch
      watch.next = undefined
      watch = next
      const measured: NonNullable<typeof watch> = {
        commit,
        reads,
        selector,
        next: undefined,
        recheck: recorder.timed(measureOf(selector), (state) => told.recheck(state))
      }
      if (last === undefined) first = measured
      else last.next = measured
      last = measured
    }
    return first
  })
  return [...ends, subscribe, affected]
}

// --- handlers ---------------------------------------------------------------------------------------------

/** Those of a consumer that have begun and not ended. */
interface Handlers {
  readonly measure: Measure
  readonly begun: Map<Run, Begun>
}

interface Begun {
  readonly startedAt: number
  /** Whether a fiber has run for it. */
  hasRun: boolean
}

const wrapHandlers = (
  instance: AnyInstance,
  recorder: Recorder,
  handlers: Map<unknown, Handlers>
): ReadonlyArray<() => void> => {
  const ends: Array<() => void> = []
  const consume = (consumer: Consumer<Any>) => {
    const measure = recorder.measure("handler", instance.instanceId, consumer.name)
    const begun = new Map<Run, Begun>()
    handlers.set(consumer, { measure, begun })
    ends.push(
      wrap(consumer, "begin", (inner) => () => {
        const run = inner.call(consumer)
        begun.set(run, { startedAt: recorder.now(), hasRun: false })
        return run
      }),
      wrap(consumer, "end", (inner) => (run) => {
        const one = begun.get(run)
        if (one !== undefined) {
          const ms = recorder.now() - one.startedAt
          recorder.add(measure, ms)
          // What is done already needs no fiber.
          if (!one.hasRun) measure.selfMs += ms
        }
        begun.delete(run)
        inner.call(consumer, run)
      })
    )
  }
  for (const consumer of instance.deliveries.consumers) consume(consumer)
  const subscribe = wrap(instance, "subscribe", (inner) => (...given) => {
    const consumer = inner.apply(instance, given)
    consume(consumer)
    return consumer
  })
  return [
    subscribe,
    () => {
      for (const end of ends) end()
    }
  ]
}

/** A fiber, as Effect runs it: each time until it waits. */
interface Running {
  evaluate: (effect: unknown) => void
}

const canRun = (prototype: unknown): prototype is Running =>
  typeof prototype === "object" &&
  prototype !== null &&
  "evaluate" in prototype &&
  typeof prototype.evaluate === "function"

/** Measures fibers of handlers while they run. Where Effect's fibers are others, handlers have no time of their own. */
const wrapFibers = (recorder: Recorder, handlers: ReadonlyMap<unknown, Handlers>): (() => void) => {
  const prototype: unknown = Object.getPrototypeOf(Effect.runFork(Effect.void))
  if (!canRun(prototype)) return () => {}
  return wrap(
    prototype,
    "evaluate",
    (inner) =>
      function (this: Running & Fiber.Fiber<unknown, unknown>, effect) {
        const run = callerOf(this)?.run
        const handler = run && handlers.get(run.channel)
        const begun = run && handler?.begun.get(run)
        if (handler === undefined || begun === undefined) return inner.call(this, effect)
        begun.hasRun = true
        // A fiber that it forks at once runs within it.
        if (recorder.runs(handler.measure)) return inner.call(this, effect)
        recorder.part(handler.measure, () => inner.call(this, effect))
      }
  )
}
