/**
 * Modules with one instance each, the services that they and what runs here may use, and an end.
 *
 * An app's root is one, and so is a scope nested in it, and a local instance with what it imports. What is
 * looked up is the nearest: a scope's own, then its parent's. Closing a scope closes those inside it, too;
 * the instance that started last closes first.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import type { App } from "./App.ts"
import { DuplicateModule, InstanceClosed } from "./Errors.ts"
import type { AnyHandler } from "./HandlerTypes.ts"
import { type AnyInstance, Instance } from "./Instance.ts"
import { type Cold, type LocalInfo, Locals, type MakeOptions } from "./Locals.ts"
import * as Logic from "./Logic.ts"
import type { AnyLayer, AnyModuleImpl } from "./Module.ts"
import * as Faces from "./ModuleRuntime.ts"
import type { Addressed } from "./Snapshot.ts"

/** One module of a scope. */
export interface Member {
  readonly instance: AnyInstance
  /** Holds the module's own layers; absent where it has none. Written when the module is replaced. */
  resources: Scope.Closeable | undefined
  /** Among all that ever started, and 0 before: what depends on it starts later. Written by `start`. */
  order: number
}

/** One that can be started. */
export interface Equipped {
  readonly member: Member
  readonly services: Context.Context<never>
}

let lastOrder = 0

/** The nearest scope, in the context of everything that runs in one. */
export const ScopeRef = Context.Reference<ModuleScope | undefined>("@sluice/core/Scope", {
  defaultValue: () => undefined
})

export interface ScopeKind {
  readonly label: string
  /** Its name among its parent's scopes, the same in every run of the app. */
  readonly name: string | undefined
  /** Of a local instance's scope. */
  readonly local?: LocalInfo
}

export class ModuleScope {
  readonly app: App
  readonly parent: ModuleScope | undefined
  readonly label: string
  readonly local: LocalInfo | undefined
  /** The names of the scopes that lead here; absent where one has none, and cannot be found again. */
  readonly path: ReadonlyArray<string> | undefined
  /** What runs here may use: the parent's, its layer's services, its modules. */
  private knownContext: Context.Context<never> | undefined
  /** Gives it when it is first asked for. Written by `startLocal`. */
  private lateContext: (() => Context.Context<never>) | undefined
  /** Written by `closeInstances`. */
  closed = false
  /**
   * Of the root: for an instance that has started as it was made, though its module was replaced before.
   * Written by the runtime.
   */
  outdated: ((home: ModuleScope, latest: AnyModuleImpl) => void) | undefined
  /** Told when a status or the list of instances changed, here or inside. Written by the runtime. */
  listeners: Set<() => void> | undefined
  /** By module id, imports first. Written by `put` and `evict`. */
  readonly members = new Map<string, Member>()
  /** Evicted, and not at their end yet. Written by `evict`. */
  private leaving: Set<Member> | undefined
  /** Written by `join` and `release`. */
  private children: Set<ModuleScope> | undefined
  /** What changes the scope at the moment, and ends with it. Written by `fork`. */
  private tasks: Set<Fiber.Fiber<unknown, unknown>> | undefined
  /** Builds a local instance's layers. Written by `startLocal`. */
  private starting: Fiber.Fiber<unknown, unknown> | undefined
  /** Holds the services of the scope's layer. Written by `build`. */
  private resources: Scope.Closeable | undefined
  private readonly memoMap: Layer.MemoMap
  private madeLocals: Locals | undefined

  constructor(app: App, parent: ModuleScope | undefined, { label, local, name }: ScopeKind) {
    this.app = app
    this.parent = parent
    this.label = label
    this.local = local
    this.path = parent === undefined ? [] : name === undefined ? undefined : parent.path?.concat(name)
    // A local one shares the layers that its surroundings have built, and what it adds to them.
    if (parent === undefined) this.memoMap = Layer.makeMemoMapUnsafe()
    else this.memoMap = local === undefined ? Layer.forkMemoMapUnsafe(parent.memoMap) : parent.memoMap
  }

  get context(): Context.Context<never> {
    return (this.knownContext ??= this.lateContext?.() ?? this.parent?.context ?? this.app.bare)
  }

  set context(context: Context.Context<never>) {
    this.knownContext = context
  }

  private get root(): ModuleScope {
    return this.parent?.root ?? this
  }

  /** From now on it is closed with its parent. */
  join(): void {
    const { parent } = this
    if (parent !== undefined) (parent.children ??= new Set()).add(this)
  }

  // --- what is in it ------------------------------------------------------------------------------------

  /** This scope's own. */
  own(moduleId: string): AnyInstance | undefined {
    return this.members.get(moduleId)?.instance
  }

  /** The nearest. */
  find(moduleId: string): AnyInstance | undefined {
    return this.own(moduleId) ?? this.parent?.find(moduleId)
  }

  /** The ids of all that can be found here. */
  ids(): ReadonlyArray<string> {
    return [...new Set([...(this.parent?.ids() ?? []), ...this.members.keys()])]
  }

  /** The started instances here and inside, in the order of their start. */
  instances(): ReadonlyArray<AnyInstance> {
    if (this.parent === undefined) return [...this.app.live.values()]
    const started = [...this.all()].filter(({ member }) => this.app.live.has(member.instance.instanceId))
    return started.toSorted((a, b) => a.member.order - b.member.order).map(({ member }) => member.instance)
  }

  /** This scope and all inside it, outer ones first. */
  *inside(): Generator<ModuleScope> {
    yield this
    for (const child of this.children ?? []) yield* child.inside()
  }

  /** Everything here and inside, also what is leaving. */
  *all(): Generator<{ readonly scope: ModuleScope; readonly member: Member }> {
    for (const scope of this.inside()) {
      for (const member of scope.leaving ?? []) yield { scope, member }
      for (const member of scope.members.values()) yield { scope, member }
    }
  }

  changed(): void {
    if (this.listeners !== undefined) this.app.tell(this.listeners)
    this.parent?.changed()
  }

  // --- start --------------------------------------------------------------------------------------------

  /** One cold member of each module and of all that they import, imports first; without those that it has. */
  make(
    impls: ReadonlyArray<AnyModuleImpl>,
    inputOf: (impl: AnyModuleImpl) => unknown = noInput
  ): ReadonlyArray<Member> {
    return this.makeEach(this.missing(impls), inputOf)
  }

  /** As `make`, of just these. */
  makeEach(
    impls: ReadonlyArray<AnyModuleImpl>,
    inputOf: (impl: AnyModuleImpl) => unknown = noInput
  ): ReadonlyArray<Member> {
    const { app } = this
    const made = impls.map((impl) => {
      const instanceId = app.nextInstanceId(impl.def.id)
      const instance = new Instance(impl, instanceId, inputOf(impl), app.host, () => this.context)
      // So that an `extend` that is refused fails the build, and not its first user.
      if (impl.def.extend !== undefined) Faces.of(instance)
      return { instance, resources: resourcesFor(impl), order: 0 }
    })
    app.hydration.begin(made.flatMap(({ instance }) => this.addressOf(instance)))
    for (const { instance } of made) {
      const handlers: ReadonlyArray<AnyHandler | undefined> = Object.values(instance.impl.handlers ?? {})
      for (const handler of handlers) handler?.driver?.begin?.(instance, handler)
    }
    return made
  }

  /** Of these modules and all that they import, each once, after its imports: those that are not there. */
  missing(impls: ReadonlyArray<AnyModuleImpl>): ReadonlyArray<AnyModuleImpl> {
    return this.flatten(impls, (id) => this.own(id)?.impl)
  }

  private flatten(
    impls: ReadonlyArray<AnyModuleImpl>,
    there: (id: string) => AnyModuleImpl | undefined
  ): ReadonlyArray<AnyModuleImpl> {
    const seen = new Map<string, AnyModuleImpl>()
    const found: Array<AnyModuleImpl> = []
    const visit = (given: AnyModuleImpl): void => {
      const { id } = given.def
      const has = there(id)
      // It may have been replaced in a scope inside only.
      const impl = has === given ? given : this.app.latest(given)
      const known = has ?? seen.get(id)
      if (known !== undefined && known !== impl) throw new DuplicateModule({ moduleId: id })
      if (seen.has(id)) return
      seen.set(id, impl)
      // Also those of one that is there: they may have been evicted.
      for (const imported of impl.imports) visit(imported)
      if (has === undefined) found.push(impl)
    }
    for (const impl of impls) visit(impl)
    return found
  }

  /** These modules and all that they import, each once, after its imports. */
  withImports(impls: ReadonlyArray<AnyModuleImpl>): ReadonlyArray<AnyModuleImpl> {
    return this.flatten(impls, () => undefined)
  }

  /** Makes them its own, for what runs here from now on. */
  admit(members: ReadonlyArray<Member>): void {
    this.put(members)
    this.context = this.contextWith(members)
  }

  private put(members: ReadonlyArray<Member>): void {
    for (const member of members) this.members.set(member.instance.impl.def.id, member)
  }

  private addressOf(instance: AnyInstance): ReadonlyArray<Addressed> {
    const { path } = this
    return path === undefined ? [] : [{ instance, address: { module: instance.impl.def.id, scope: path } }]
  }

  /** Every instance, here and inside, that can be found again. */
  addressed(): ReadonlyArray<Addressed> {
    return [...this.inside()].flatMap((scope) =>
      [...scope.members.values()].flatMap(({ instance }) => scope.addressOf(instance))
    )
  }

  contextWith(members: ReadonlyArray<Member>): Context.Context<never> {
    return withModules(this.context, members)
  }

  /** Builds the scope's layer, then starts its modules. */
  build(
    impls: ReadonlyArray<AnyModuleImpl>,
    layer: AnyLayer | undefined,
    built: () => void
  ): Effect.Effect<void, unknown> {
    return Effect.gen({ self: this }, function* () {
      this.context = Context.add(this.parent?.context ?? this.context, ScopeRef, this)
      this.admit(this.make(impls))
      yield* this.provide(layer)
      built()
      yield* this.start([...this.members.values()])
    })
  }

  /** Builds the scope's layer. */
  private provide(layer: AnyLayer | undefined): Effect.Effect<void, unknown> {
    if (layer === undefined) return Effect.void
    const resources = (this.resources = Scope.makeUnsafe())
    return Effect.map(this.buildLayer(layer, this.context, resources), (context) => {
      this.context = context
    })
  }

  /** Builds the modules' own layers, then starts the instances. */
  private start(members: ReadonlyArray<Member>): Effect.Effect<void, unknown> {
    return Effect.map(this.equip(members, this.context), (equipped) => this.startAll(equipped))
  }

  startAll(equipped: ReadonlyArray<Equipped>): void {
    for (const { member, services } of equipped) this.startMember(member, services)
  }

  /** Each with what it may use: builds their own layers. */
  equip(
    members: ReadonlyArray<Member>,
    context: Context.Context<never>
  ): Effect.Effect<ReadonlyArray<Equipped>, unknown> {
    return Effect.forEach(members, (member) =>
      Effect.map(this.services(member.instance.impl, member.resources, context), (services) => ({
        member,
        services
      }))
    )
  }

  services(
    impl: AnyModuleImpl,
    resources: Scope.Scope | undefined,
    context: Context.Context<never>
  ): Effect.Effect<Context.Context<never>, unknown> {
    return resources === undefined
      ? Effect.succeed(context)
      : Effect.reduce(
          impl.layers,
          () => context,
          (own, layer) => this.buildLayer(layer, own, resources)
        )
  }

  /** With `late`, that gives its services, when they are first asked for. */
  startMember(member: Member, services: Context.Context<never>, late?: () => Context.Context<never>): void {
    const { instance } = member
    // Closed while its layers were being built.
    if (instance.closed) return
    member.order = ++lastOrder
    this.app.live.set(instance.instanceId, instance)
    for (const { address } of this.addressOf(instance)) this.app.hydration.started(instance, address)
    instance.start(
      services,
      (this.app.host.server ? [] : instance.impl.logics).map((logic) => ({
        name: logic.name,
        // As for layers: its needs were settled by `implement`.
        run: Effect.suspend(() => logic.setup(Logic.make(instance, logic.name))) as Effect.Effect<
          unknown,
          unknown
        >
      })),
      late
    )
    const latest = this.app.latest(instance.impl)
    if (latest !== instance.impl) this.root.outdated?.(this, latest)
  }

  private buildLayer(
    layer: AnyLayer,
    context: Context.Context<never>,
    resources: Scope.Scope
  ): Effect.Effect<Context.Context<never>, unknown> {
    // Which services it needs and gives was settled by the types of `implement` and `make`.
    const typed = layer as unknown as Layer.Layer<never, unknown>
    return Effect.map(
      Effect.provideContext(Layer.buildWithMemoMap(typed, this.memoMap, resources), context),
      (built) => Context.merge(context, built)
    )
  }

  // --- local instances ----------------------------------------------------------------------------------

  get locals(): Locals {
    return (this.madeLocals ??= new Locals(this))
  }

  makeLocal(impl: AnyModuleImpl, { context, input, layer }: MakeOptions, local: LocalInfo): Cold {
    const name = local.key === undefined ? undefined : `${impl.def.id}/${local.key}`
    const scope = new ModuleScope(this.app, this, { label: this.label, local, name })
    const members = scope.make([impl], (each) => (each === impl ? input : undefined))
    scope.put(members)
    // Imports come first.
    const own = members.at(-1)
    if (own === undefined) throw new DuplicateModule({ moduleId: impl.def.id })
    return {
      instance: own.instance,
      start: () => scope.startLocal(own.instance, context ?? this.context, layer),
      close: Effect.map(scope.close, () => this.changed())
    }
  }

  private startNow(members: ReadonlyArray<Member>, surroundings: Context.Context<never>): Exit.Exit<void> {
    try {
      for (const member of members) this.startMember(member, surroundings, () => this.context)
      return Exit.void
    } catch (error) {
      return Exit.die(error)
    }
  }

  private startLocal(
    { impl, instanceId }: AnyInstance,
    surroundings: Context.Context<never>,
    layer: AnyLayer | undefined
  ): void {
    this.join()
    const members = [...this.members.values()]
    this.knownContext = undefined
    this.lateContext = () => withModules(Context.add(surroundings, ScopeRef, this), members)
    // Most have nothing to build, and a fiber costs more than all else here.
    const start = Effect.suspend(() => this.start(members))
    const starting =
      layer !== undefined || members.some(({ resources }) => resources !== undefined)
        ? Effect.runForkWith(this.context)(Effect.andThen(this.provide(layer), start))
        : undefined
    const started = (exit: Exit.Exit<unknown, unknown>) => {
      this.local?.ready(exit)
      if (Exit.isFailure(exit) && !Cause.hasInterruptsOnly(exit.cause)) {
        const at = { instanceId, moduleId: impl.def.id, entry: "local instance" }
        this.app.onError(exit.cause, { ...at, during: "build" })
      }
      this.changed()
    }
    this.starting = starting
    if (starting !== undefined) starting.addObserver(started)
    else started(this.startNow(members, surroundings))
  }

  /** Keys go on to find what they found. */
  superseded(successors: ReadonlyMap<AnyModuleImpl, AnyModuleImpl>): void {
    for (const [previous, next] of successors) this.madeLocals?.superseded(previous, next)
  }

  // --- changes ------------------------------------------------------------------------------------------

  /** Runs what changes the scope; it is interrupted when the scope closes. */
  fork<A, E>(effect: Effect.Effect<A, E>): Fiber.Fiber<A, E> {
    const fiber = Effect.runForkWith(this.context)(effect)
    const tasks = (this.tasks ??= new Set())
    tasks.add(fiber)
    fiber.addObserver(() => tasks.delete(fiber))
    return fiber
  }

  /** Adds modules with all that they import: all of them, or none. */
  add(impls: ReadonlyArray<AnyModuleImpl>): Effect.Effect<void, unknown> {
    const idsOf = () => this.missing(impls).map(({ def }) => def.id)
    const change = Effect.suspend(() => {
      const members = this.make(impls)
      const context = this.contextWith(members)
      const started = Effect.map(this.equip(members, context), (equipped) => {
        this.admit(members)
        this.startAll(equipped)
        this.changed()
      })
      return Effect.onError(started, () => this.discard(members))
    })
    return this.app.alone(idsOf, change)
  }

  /** Closes those that never came to be part of the scope. */
  discard(members: ReadonlyArray<Member>): Effect.Effect<void> {
    return Effect.forEach(members, (member) => this.closeMember(member), { discard: true })
  }

  // --- end ----------------------------------------------------------------------------------------------

  /** Closes an instance of this scope, or of one inside it; a local one with what it imports. */
  evict(instanceId: string): Effect.Effect<void> {
    for (const { member, scope } of this.all()) {
      const { instance } = member
      if (instance.instanceId !== instanceId) continue
      if (scope.local?.instance === instance) {
        return Effect.map(scope.close, () => {
          scope.local?.evicted()
          this.changed()
        })
      }
      const { id } = instance.impl.def
      if (scope.members.get(id) === member) scope.members.delete(id)
      const next = scope.find(id)
      if (next !== undefined) scope.context = withModules(scope.context, [{ instance: next }])
      const leaving = (scope.leaving ??= new Set())
      leaving.add(member)
      return Effect.map(scope.closeMember(member), () => {
        if (leaving.delete(member)) scope.changed()
      })
    }
    return Effect.void
  }

  /** Closes the instances of this scope and of those inside it, the last started first. */
  get closeInstances(): Effect.Effect<void> {
    return Effect.suspend(() => {
      const scopes = [...this.inside()]
      for (const scope of scopes) scope.beClosed(this.local === undefined)
      const tasks = scopes.flatMap((scope) => [...(scope.tasks ?? [])])
      const closeAll = Effect.suspend(() => this.closeAll())
      return tasks.length === 0 ? closeAll : Effect.andThen(Fiber.interruptAll(tasks), closeAll)
    })
  }

  private beClosed(withSurroundings: boolean): void {
    this.closed = true
    const { local, starting } = this
    if (local === undefined || starting === undefined) return
    const { instanceId } = local.instance
    local.ready(Exit.die(new InstanceClosed({ instanceId, entry: "Local.acquire" })))
    // Others of these surroundings may wait for a layer that it builds.
    if (withSurroundings) starting.interruptUnsafe()
  }

  private closeAll(): Effect.Effect<void> {
    // Those that have not started depend on others, and nothing on them.
    const place = ({ order }: Member) => (order === 0 ? lastOrder + 1 : order)
    const [first, second] = this.all()
    if (first !== undefined && second === undefined) return first.scope.closeMember(first.member)
    const lastFirst = [...this.all()].toReversed().toSorted((a, b) => place(b.member) - place(a.member))
    return Effect.forEach(lastFirst, ({ member, scope }) => scope.closeMember(member), { discard: true })
  }

  /** Releases the services of this scope and of those inside it. */
  get release(): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.parent?.children?.delete(this)
      const scopes = [...this.inside()].toReversed()
      return Effect.forEach(scopes, ({ resources }) => release(resources), { discard: true })
    })
  }

  get close(): Effect.Effect<void> {
    return Effect.andThen(this.closeInstances, this.release)
  }

  private closeMember(member: Member): Effect.Effect<void> {
    const { instance } = member
    const closed = Effect.map(instance.close, () => void this.app.live.delete(instance.instanceId))
    return member.resources === undefined
      ? closed
      : Effect.andThen(
          closed,
          Effect.suspend(() => release(member.resources))
        )
  }
}

const noInput = (): undefined => undefined

export const release = (resources: Scope.Closeable | undefined): Effect.Effect<void> =>
  resources === undefined ? Effect.void : Scope.close(resources, Exit.void)

export const resourcesFor = (impl: AnyModuleImpl): Scope.Closeable | undefined =>
  impl.layers.length > 0 ? Scope.makeUnsafe() : undefined

const withModules = (
  context: Context.Context<never>,
  members: Iterable<Pick<Member, "instance">>
): Context.Context<never> => {
  let all = context
  for (const { instance } of members) {
    all = Context.add(all, instance.impl.def.tag, Faces.of(instance).runtime)
  }
  return all
}
