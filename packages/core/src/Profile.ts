/**
 * Where the time of a runtime's entries goes. While a profile runs, what its instances call is wrapped; before and
 * after, nothing is, and nothing is asked.
 */
import * as Derived from "./Derived.ts"
import type { AnyInstance } from "./Instance.ts"
import type { Any } from "./internal/any.ts"
import { Lookup } from "./internal/lookup.ts"
import { wrap } from "./internal/patch.ts"
import { monotonicMs } from "./internal/platform.ts"
import { type Call, type Measure, Recorder } from "./internal/recorder.ts"
import { makePlan, type Plan } from "./Plan.ts"
import { type Handlers, wrapFibers, wrapHandlers } from "./ProfiledHandlers.ts"
import { each, type Watched } from "./Watched.ts"

export type { Call, Kind, Measure } from "./internal/recorder.ts"

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
 * computed fields and listeners. Of handlers the whole is from the beginning to the end, with what they wait for, and
 * their own time is what their fibers ran. States are the same with and without. The clock of a browser is coarse: sums are right, a single short call may count as nothing.
 */
export const begin = (runtime: Watched, { now = monotonicMs }: ProfileOptions = {}): Profile => {
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
  /**
   * How often the function of that field has run since then, the first time included where it was made since. Of an
   * instance that has closed nothing is known.
   */
  readonly of: (instanceId: string, field: string) => number
  readonly end: () => void
}

/** Counts how often the functions of derived fields run, from now on. */
export const countRecomputations = (runtime: Watched): Recomputations => {
  const counts = new Map<string, Map<string, number>>()
  const instances = each(runtime, (instance) => {
    const { instanceId } = instance
    const own = counts.get(instanceId) ?? new Map<string, number>()
    counts.set(instanceId, own)
    const ends = wrapTraits(instance, (field, read) => (state) => {
      own.set(field, (own.get(field) ?? 0) + 1)
      return read(state)
    })
    const forget = () => {
      if (instance.closed) counts.delete(instanceId)
    }
    return [...ends, forget]
  })
  return { of: (instanceId, field) => counts.get(instanceId)?.get(field) ?? 0, end: instances.end }
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
      const plan = inner[tag] ?? makePlan(inner, instance.impl, tag, instance)
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
