/** What a runtime is made of: its modules and instances, and how they hang together. For devtools. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { ConsumerBacklog } from "./Handle.ts"
import type { AnyHandler, HandlerDescription } from "./HandlerTypes.ts"
import type { AnyInstance } from "./Instance.ts"
import type { AnyModuleImpl } from "./Module.ts"
import * as Faces from "./ModuleRuntime.ts"
import { ScopeRef } from "./ModuleScope.ts"
import type { AnyRuntime, InstanceInfo } from "./Runtime.ts"

/** The parts of a runtime that are used here. */
export interface Structured extends Pick<AnyRuntime, "list" | "status" | "runSync"> {}

export interface ActionStructure {
  readonly tag: string
  /** What computes its transition; undefined where it changes nothing. */
  readonly by: "reducer" | "inline" | "outside" | undefined
  /** Of an outside handler. */
  readonly order: "serial" | "optimistic" | undefined
  /** As the handler describes itself. */
  readonly handler: HandlerDescription | undefined
}

export interface ModuleStructure {
  readonly moduleId: string
  /** As `Module.make` was told. */
  readonly source: string | undefined
  readonly actions: ReadonlyArray<ActionStructure>
  readonly logics: ReadonlyArray<string>
  /** Ids of modules. */
  readonly imports: ReadonlyArray<string>
  /** How many layers of its own it has. */
  readonly layers: number
  /** Of each consumer's FIFO, unless the flow has its own. */
  readonly capacity: number
}

/** What the function of a derived field read when it last ran. */
export interface TraitRead {
  readonly field: string
  /** Where it read single rows of a Collection, how many. */
  readonly rows: number | undefined
}

export interface TraitStructure {
  readonly field: string
  readonly kind: "computed" | "link" | "source"
  readonly reads: ReadonlyArray<TraitRead>
  /** Its function threw when it last ran: the field has an older value. */
  readonly failing: boolean
}

export interface InstanceStructure {
  readonly instanceId: string
  readonly moduleId: string
  /** Of the runtime or nested scope whose it is. */
  readonly label: string
  readonly local: InstanceInfo["local"]
  /** The local instance that it was made for, which imports it. */
  readonly within: string | undefined
  /** So far: those that committed, and all. */
  readonly commits: number
  readonly transactions: number
  readonly traits: ReadonlyArray<TraitStructure>
}

export interface ConsumerStructure {
  readonly instanceId: string
  /** The same object as long as there is the consumer, which a name need not tell. */
  readonly consumer: object
  /** Exact now. */
  readonly backlog: ConsumerBacklog
}

/** All that consume actions now. */
export const consumersOf = (runtime: Pick<Structured, "list">): ReadonlyArray<ConsumerStructure> =>
  instancesOf(runtime).flatMap(([{ instanceId }, { deliveries }]) =>
    deliveries.consumers.map((consumer) => ({ instanceId, consumer, backlog: consumer.gauge() }))
  )

const instancesOf = (
  runtime: Pick<Structured, "list">
): ReadonlyArray<readonly [info: InstanceInfo, instance: AnyInstance]> =>
  runtime.list().flatMap((info) => {
    const instance = Faces.instanceOf(info.runtime)
    return instance === undefined ? [] : [[info, instance] as const]
  })

/** Those that have an instance now, in the order of the first. */
export const modulesOf = (runtime: Structured): ReadonlyArray<ModuleStructure> => {
  const impls = new Map<string, AnyModuleImpl>()
  for (const [{ moduleId }, { impl }] of instancesOf(runtime)) impls.set(moduleId, impl)
  return Array.from(impls.values(), structureOf)
}

const structureOf = ({
  channel,
  def,
  handlers,
  imports,
  layers,
  logics
}: AnyModuleImpl): ModuleStructure => ({
  moduleId: def.id,
  source: def.source,
  actions: Object.keys(def.actions as object).map((tag) => ({
    tag,
    by: handlers?.[tag]?.where ?? (Object.hasOwn(def.reducers as object, tag) ? "reducer" : undefined),
    order: orderOf(handlers?.[tag]),
    handler: handlers?.[tag]?.describe?.()
  })),
  logics: logics.map(({ name }) => name),
  imports: imports.map((imported) => imported.def.id),
  layers: layers.length,
  capacity: channel.capacity
})

const orderOf = (handler: AnyHandler | undefined): ActionStructure["order"] =>
  handler?.where === "outside" ? (handler.order ?? "optimistic") : undefined

/** Those that are alive, in the order of their start. */
export const instanceStructures = (runtime: Structured): ReadonlyArray<InstanceStructure> => {
  const owners = ownersOf(runtime)
  return instancesOf(runtime).map(([{ instanceId, label, local, moduleId }, instance]) => {
    const owner = owners.get(instance)
    return {
      instanceId,
      moduleId,
      label,
      local,
      within: owner === instance ? undefined : owner?.instanceId,
      commits: instance.version,
      transactions: instance.txn,
      traits: traitsOf(instance)
    }
  })
}

/** The local instance in whose scope each is. */
const ownersOf = ({ runSync, status }: Structured): ReadonlyMap<AnyInstance, AnyInstance> => {
  const owners = new Map<AnyInstance, AnyInstance>()
  if (status !== "ready") return owners
  const scope = runSync(Effect.map(Effect.context<never>(), (context) => Context.get(context, ScopeRef)))
  for (const { member, scope: home } of scope?.all() ?? [])
    if (home.local !== undefined) owners.set(member.instance, home.local.instance)
  return owners
}

const traitsOf = ({ derivation }: AnyInstance): ReadonlyArray<TraitStructure> => {
  if (derivation === undefined) return []
  const { layout, nodeAt } = derivation
  return nodeAt.flatMap((node) => {
    if (node === undefined) return []
    const reads = layout.names.flatMap((field, index) =>
      node.hasRead(index) ? [{ field, rows: node.rows?.get(index)?.size }] : []
    )
    return [{ field: node.name, kind: node.trait.kind, reads, failing: node.failing }]
  })
}
