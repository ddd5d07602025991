/** What a page answers about a runtime's channels, its trace, its time, and what it is made of. */
import type { Trace } from "@sluice/core"
import * as Structure from "@sluice/core/Structure"
import { Refused } from "./errors.ts"
import { type insightCalls, maxMeasures } from "./insight.ts"
import type { CallOf, Success } from "./messages.ts"
import type { Panel } from "./panel.ts"
import { clip } from "./place.ts"
import { findReaders } from "./readers.ts"
import { Sampler } from "./sampler.ts"
import type { Source } from "./source.ts"

const maxSamplers = 8
const maxInstances = 1000

const samplerOf = (samplers: ReadonlyMap<number, Sampler>, request: string, sampling: number): Sampler => {
  const sampler = samplers.get(sampling)
  if (sampler !== undefined) return sampler
  const reason = `There is no sampling ${sampling} of this panel. Begin another with Sample.`
  throw new Refused({ request, error: "UnknownSampling", reason })
}

const kindOf = (
  event: Trace.TraceEvent
): { readonly kind: Trace.TraceEvent["kind"]; readonly detail?: string } => {
  const { kind } = event
  if (kind === "entry" || kind === "handler") return { kind, detail: event.outcome }
  return kind === "skipped" ? { kind, detail: clip(event.reason) } : { kind }
}

const ringOf = ({ runtime }: Source): Success<"Ring"> => {
  const { events, ...counts } = runtime.trace.snapshot()
  const kinds = new Map<string, ReturnType<typeof kindOf> & { count: number }>()
  const instances = new Map<string, number>()
  for (const event of events) {
    const kind = kindOf(event)
    const key = `${kind.kind} ${kind.detail}`
    const known = kinds.get(key)
    if (known === undefined) kinds.set(key, { ...kind, count: 1 })
    else known.count++
    instances.set(event.instanceId, (instances.get(event.instanceId) ?? 0) + 1)
  }
  const [oldest, newest] = [events[0]?.at, events.at(-1)?.at]
  return {
    level: runtime.trace.level,
    capacity: runtime.trace.capacity,
    ...counts,
    transactions: Structure.instanceStructures(runtime).reduce(
      (sum, { transactions }) => sum + transactions,
      0
    ),
    kept: [...kinds.values()].slice(0, maxInstances),
    instances: Array.from(instances, ([instanceId, count]) => ({ instanceId, count }))
      .toSorted((a, b) => b.count - a.count)
      .slice(0, maxInstances),
    ...(oldest === undefined ? {} : { oldest }),
    ...(newest === undefined ? {} : { newest })
  }
}

const profileOf = ({ insight: { profile } }: Source): Success<"Profile"> => {
  if (profile === undefined) return { running: false, durationMs: 0, measures: [], calls: [], leftOut: 0 }
  const { isRunning, measured } = profile
  const all = measured.measures().toSorted((a, b) => b.selfMs - a.selfMs)
  const measures = all.slice(0, maxMeasures)
  const indexes = new Map(measures.map((measure, index) => [measure, index]))
  // By their own index, that of the sent ones.
  const sent = new Map<number, number>()
  const calls: Array<Success<"Profile">["calls"][number]> = []
  for (const [at, { count, measure, parent, selfMs, totalMs }] of measured.calls().entries()) {
    const index = indexes.get(measure)
    const within = parent === undefined ? undefined : sent.get(parent)
    // Of one that is left out, so is all within it.
    if (index === undefined || count === 0 || (parent !== undefined && within === undefined)) continue
    sent.set(at, calls.length)
    calls.push({
      measure: index,
      count,
      totalMs,
      selfMs,
      ...(within === undefined ? {} : { parent: within })
    })
  }
  return {
    running: isRunning,
    durationMs: measured.durationMs(),
    measures: measures.map(({ count, instanceId, kind, maxMs, name, selfMs, totalMs }) => ({
      kind,
      instanceId,
      name: clip(name),
      count,
      totalMs,
      selfMs,
      maxMs
    })),
    calls,
    leftOut: all.length - measures.length
  }
}

/** `Cart#1::t7` is of `Cart`. */
const moduleIn = (txnId: string): string => txnId.slice(0, txnId.lastIndexOf("#"))

const causesOf = ({ history }: Source): Success<"Modules">["causes"] => {
  const causes = new Map<string, { readonly from: string; readonly to: string; count: number }>()
  for (let index = 0; index < history.length; index++) {
    const { cause, moduleId: to } = history.at(index) ?? {}
    if (cause === undefined || to === undefined) continue
    const from = moduleIn(cause)
    if (from === to) continue
    const key = JSON.stringify([from, to])
    const known = causes.get(key)
    if (known !== undefined) known.count++
    else if (causes.size < maxInstances) causes.set(key, { from, to, count: 1 })
  }
  return [...causes.values()]
}

const structureOf = (source: Source): Success<"Modules"> => {
  const { insight, runtime } = source
  const recomputations = insight.recomputations()
  return {
    causes: causesOf(source),
    modules: Structure.modulesOf(runtime).map(({ actions, source, ...module }) => ({
      ...module,
      actions: actions.map(({ by, tag }) => ({ tag, ...(by === undefined ? {} : { by }) })),
      ...(source === undefined ? {} : { source: insight.linked({ file: source }) })
    })),
    instances: Structure.instanceStructures(runtime)
      .slice(0, maxInstances)
      .map(({ local, traits, within, ...instance }) => ({
        ...instance,
        ...(local === undefined
          ? {}
          : { local: { mounts: local.mounts, ...(local.key === undefined ? {} : { key: local.key }) } }),
        ...(within === undefined ? {} : { within }),
        traits: traits.map(({ reads, ...trait }) => ({
          ...trait,
          recomputations: recomputations.of(instance.instanceId, trait.field),
          reads: reads.map(({ field, rows }) => ({ field, ...(rows === undefined ? {} : { rows }) }))
        }))
      }))
  }
}

let samplings = 0

type Handlers = {
  readonly [Tag in keyof typeof insightCalls]: (call: CallOf<Tag>, panel: Panel) => Success<Tag>
}

/** `sourceOf` throws UnknownRuntime. */
export const insightHandlers = (sourceOf: (call: { readonly runtime: string }) => Source): Handlers => ({
  Sample: (call, { samplers }) => {
    const { runtime } = sourceOf(call)
    if (samplers.size >= maxSamplers)
      throw new Refused({
        request: call._tag,
        error: "TooManySamplings",
        reason: `A panel may have ${maxSamplers} samplings. End one.`
      })
    const sampling = ++samplings
    samplers.set(sampling, new Sampler(runtime, call.everyMs, call.keep))
    return { sampling }
  },
  Samples: ({ _tag, after, sampling }, { samplers }) => samplerOf(samplers, _tag, sampling).after(after),
  EndSample: ({ _tag, sampling }, { samplers }) => {
    samplerOf(samplers, _tag, sampling).end()
    samplers.delete(sampling)
    return {}
  },
  Ring: (call) => ringOf(sourceOf(call)),
  BeginProfile: (call) => {
    sourceOf(call).insight.beginProfile()
    return {}
  },
  EndProfile: (call) => {
    sourceOf(call).insight.endProfile()
    return {}
  },
  Profile: (call) => profileOf(sourceOf(call)),
  Modules: (call) => structureOf(sourceOf(call)),
  Readers: (call) => findReaders(sourceOf(call).runtime)
})
