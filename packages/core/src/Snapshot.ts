/**
 * The states of an app as JSON, out of one runtime and into another.
 *
 * A snapshot holds each instance that can be found again elsewhere: the root's modules, keyed local instances,
 * and what they import. Its address is its module and the names of the scopes it is in. Fields that follow
 * from others are left out, and computed again where the snapshot is read; what sources have loaded is apart.
 */
import * as Predicate from "effect/Predicate"
import * as AsyncResult from "effect/reactivity/AsyncResult"
import type { Origin } from "./Commit.ts"
import { InvalidSnapshot, InvalidState } from "./Errors.ts"
import type { AnyInstance } from "./Instance.ts"
import { codecOf, type Outcome } from "./internal/codec.ts"
import type { AnyModuleDef } from "./Module.ts"
import { describe } from "./Transaction.ts"

/** JSON. `runtime` tells apart the runtimes that make snapshots, for `since`. */
export interface Snapshot {
  readonly format: 1
  readonly runtime?: string
  readonly instances: ReadonlyArray<InstanceSnapshot>
}

export interface InstanceSnapshot {
  readonly module: string
  /** The names of the scopes around it, outermost first; absent in the root. A keyed local's is `Module/key`. */
  readonly scope?: ReadonlyArray<string>
  readonly instance?: string
  /** The instance's commits. */
  readonly version?: number
  /** Of the schema's encoded side. Absent where nothing has changed since the snapshot that was given. */
  readonly state?: unknown
  /** `state` has only some fields: the others stay as they are. */
  readonly partial?: boolean
  /**
   * What sources have loaded, by field, of the encoded side as well. One that is being loaded is initial and
   * waiting; initial and not waiting, its answer will not come.
   */
  readonly sources?: Readonly<Record<string, unknown>>
}

/** Where an instance is, in any runtime. */
export interface Address {
  readonly module: string
  readonly scope: ReadonlyArray<string>
}

export interface Addressed {
  readonly instance: AnyInstance
  readonly address: Address
}

export const addressKey = ({ module, scope = [] }: Pick<InstanceSnapshot, "module" | "scope">): string =>
  JSON.stringify([module, ...scope])

/** Throws InvalidSnapshot. */
export const read = (input: unknown): Snapshot => {
  const issue = issueOf(input)
  if (issue !== undefined) throw new InvalidSnapshot({ issue })
  // That is what has been looked at.
  return input as Snapshot
}

const issueOf = (input: unknown): string | undefined => {
  if (!Predicate.hasProperty(input, "format")) return "it has no format"
  if (input.format !== 1) return `its format is ${JSON.stringify(input.format)}, and this version reads 1`
  if (!Predicate.hasProperty(input, "instances") || !Array.isArray(input.instances))
    return "it has no list of instances"
  const wrong = input.instances.findIndex((entry) => !isEntry(entry))
  return wrong < 0 ? undefined : `instances[${wrong}] names no module`
}

const isEntry = (entry: unknown): boolean =>
  Predicate.hasProperty(entry, "module") &&
  typeof entry.module === "string" &&
  (!Predicate.hasProperty(entry, "scope") ||
    (Array.isArray(entry.scope) && entry.scope.every((name) => typeof name === "string")))

/** Whether it says anything. */
export const hasNews = (entry: InstanceSnapshot): boolean => "state" in entry || "sources" in entry

/** Both in one, of one instance: the later stands where it says anything. */
export const combine = (earlier: InstanceSnapshot, later: InstanceSnapshot): InstanceSnapshot => {
  if ("state" in later && later.partial !== true) return later
  return {
    ...earlier,
    ...("state" in later ? { state: { ...fieldsOf(earlier.state), ...fieldsOf(later.state) } } : {}),
    sources: { ...earlier.sources, ...later.sources }
  }
}

/** Throws InvalidState if a state cannot be encoded. `since` of another runtime leaves nothing out. */
export const make = (
  runtime: string,
  instances: Iterable<Addressed>,
  since: Snapshot | undefined,
  loading: boolean
): Snapshot => {
  const known = new Map(
    since?.runtime === runtime ? since.instances.map((entry) => [entry.instance, entry.version]) : []
  )
  return {
    format: 1,
    runtime,
    instances: Array.from(instances, ({ address: { module, scope }, instance }): InstanceSnapshot => {
      const { instanceId, version } = instance
      const where = { module, ...(scope.length > 0 ? { scope } : {}), instance: instanceId, version }
      return known.get(instanceId) === version ? where : { ...where, ...encode(instance, loading) }
    })
  }
}

/** The state without what follows from it, encoded. */
export const encodeState = (def: AnyModuleDef, state: unknown): Outcome => {
  const outcome = codecOf(def.schema).encode(state)
  return "issue" in outcome ? outcome : { value: withoutFields(outcome.value, derivedFields(def)) }
}

const encode = (instance: AnyInstance, loading: boolean): Pick<InstanceSnapshot, "state" | "sources"> => {
  const { def } = instance.impl
  const all = valueOf(codecOf(def.schema).encode(instance.liveState), instance.instanceId, "dehydrate")
  const state = withoutFields(all, derivedFields(def))
  const encoded = new Map(Object.entries(fieldsOf(all)))
  const sources = Array.from(instance.loaded(), ([field, result]) => ({ field, result }))
    .filter(({ result }) => loading || AsyncResult.isSuccess(result))
    .map(({ field }) => [field, encoded.get(field)] as const)
    // A Standard Schema has no encoded side.
    .filter(([, value]) => !AsyncResult.isAsyncResult(value))
  return sources.length === 0 ? { state } : { state, sources: Object.fromEntries(sources) }
}

/**
 * The state that an entry gives the instance after `current`; its derived fields are out of date, but for those of
 * its `sources`. Throws InvalidState.
 */
export const decode = (
  { impl, instanceId }: AnyInstance,
  given: InstanceSnapshot,
  origin: Origin,
  current: unknown
): unknown => {
  const { def } = impl
  const { decode, encode } = codecOf(def.schema)
  const derived = derivedFields(def)
  const entry = describe(origin)
  const isPart = given.partial === true || !("state" in given)
  if (!isPart && derived.length === 0) return valueOf(decode(given.state), instanceId, entry)
  const now = Object.entries(fieldsOf(valueOf(encode(current), instanceId, entry)))
  const kept = isPart ? now : now.filter(([name]) => derived.includes(name))
  const all = { ...Object.fromEntries(kept), ...fieldsOf(given.state), ...given.sources }
  return valueOf(decode(all), instanceId, entry)
}

const valueOf = (outcome: Outcome, instanceId: string, entry: string): unknown => {
  if ("issue" in outcome) throw new InvalidState({ instanceId, entry, issue: outcome.issue })
  return outcome.value
}

const derivedFields = ({ traits }: AnyModuleDef): ReadonlyArray<string> => Object.keys(traits?.traits ?? {})

const fieldsOf = (value: unknown): object => (typeof value === "object" && value !== null ? value : {})

const withoutFields = (value: unknown, names: ReadonlyArray<string>): unknown => {
  if (names.length === 0 || typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)))
}
