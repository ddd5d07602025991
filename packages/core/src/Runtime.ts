/** The app root: its layers, its instances, its trace, and one scheduler for all of them. */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Layer from "effect/Layer"
import type * as Scheduler from "effect/Scheduler"
import { App, type OnError } from "./App.ts"
import type { Commit, CommitSink, Origin } from "./Commit.ts"
import { InstanceClosed, ModuleNotProvided, RuntimeDisposed, RuntimeNotReady } from "./Errors.ts"
import * as Group from "./Group.ts"
import type { TransactGroup, TransactGroupSync } from "./Group.ts"
import type { Derived, DerivedRuntime, ModuleIdentity, ModuleRuntime, ModuleTag } from "./Handle.ts"
import { resetOrigin } from "./Entries.ts"
import type { AnyInstance } from "./Instance.ts"
import type { ErrorInfo } from "./Parts.ts"
import { InstanceGroup } from "./InstanceGroup.ts"
import type { Any } from "./internal/any.ts"
import type { LocalArguments } from "./Local.ts"
import type { Local, MakeOptions } from "./Locals.ts"
import type {
  AnyLayer,
  AnyModule,
  AnyModuleImpl,
  Module,
  ModuleImpl,
  NeedsOfApp,
  ProvidesOfApp
} from "./Module.ts"
import * as Faces from "./ModuleRuntime.ts"
import { ModuleScope } from "./ModuleScope.ts"
import { replace } from "./Replace.ts"
import { RootRef } from "./Root.ts"
import * as SnapshotRoom from "./Snapshot.ts"
import type { Address, Snapshot } from "./Snapshot.ts"
import type { TraceOptions, TraceReader } from "./Trace.ts"
import type * as Travel from "./Travel.ts"
import type { GroupBody } from "./Window.ts"

export type { ErrorInfo } from "./Parts.ts"
export type { Local, LocalOptions } from "./Locals.ts"
export type { Address, InstanceSnapshot, Snapshot } from "./Snapshot.ts"
export type { Travel } from "./Travel.ts"

export interface ScopeOptions<Services = never, E = never> {
  /** Services for the modules' logics and for what `run` is given. */
  readonly layer?: Layer.Layer<Services, E>
  readonly label?: string
}

export interface RuntimeOptions<Services = never, E = never> extends ScopeOptions<Services, E> {
  /** What `dehydrate` has made: states to begin with. One that does not fit reaches `onError`, and none is used. */
  readonly hydrate?: unknown
  /** Every error that no caller gets, and those of rolled-back entries. Default: logged. */
  readonly onError?: (cause: Cause.Cause<unknown>, info: ErrorInfo) => void
  readonly trace?: TraceOptions
  /**
   * For one request of a server that renders: no logic starts, a source is loaded only if a component waits for
   * it, and `unsafe.getServerState` is the current state.
   */
  readonly server?: boolean
  /** Get every commit from the first, as `attach` gives it from then on. */
  readonly sinks?: ReadonlyArray<CommitSink>
  /** Runs the runtime's fibers in the place of its own: for tests that decide who goes next. */
  readonly scheduler?: Scheduler.Scheduler
}

export interface DehydrateOptions {
  /** Leaves out the states that have not changed since. A snapshot of another runtime leaves nothing out. */
  readonly since?: Snapshot
  /** Only the instances of these. */
  readonly modules?: ReadonlyArray<{ readonly id: string }>
  /**
   * Says also which sources a reader here waits for. Who hydrates that does not load them, but waits for a snapshot
   * with the answer, or one that says that none will come.
   */
  readonly loading?: boolean
}

export interface HydrateOptions {
  /**
   * The name of the entries' origin, for what comes from elsewhere than a server's page, such as a store: it
   * does not change `unsafe.getServerState`.
   */
  readonly name?: string
}

export type Status = "building" | "ready" | "failed" | "disposed"

/** A live instance, and where it comes from. */
export interface InstanceInfo {
  readonly instanceId: string
  readonly moduleId: string
  readonly runtime: AnyModuleRuntime
  /** The label of the runtime whose it is. */
  readonly label: string
  /** Of a local instance itself, not of what it imports. */
  readonly local: { readonly key: string | undefined; readonly mounts: number } | undefined
}

/**
 * A running app, or a scope nested in one. `Provided` is what its effects may use: its modules, its layer's
 * services, and its parent's.
 */
export interface Runtime<in Provided> {
  readonly label: string
  readonly status: Status
  /** Why it is `failed`. */
  readonly failure: Cause.Cause<unknown> | undefined
  /** Settled by the end of the build; rejects with its failure, without an unhandled rejection. */
  readonly ready: Promise<void>
  readonly run: <A, E>(effect: Effect.Effect<A, E, Provided>) => Fiber.Fiber<A, E>
  readonly runPromise: <A, E>(effect: Effect.Effect<A, E, Provided>) => Promise<A>
  readonly runSync: <A, E>(effect: Effect.Effect<A, E, Provided>) => A
  /** The nearest instance: its own, or its parent's. Throws ModuleNotProvided, RuntimeNotReady or RuntimeDisposed. */
  readonly resolve: {
    <T, R>(derived: Derived<T, R>): DerivedRuntime<T>
    <Id extends string, S, A, X, T>(tag: ModuleTag<Id, S, A, X, T>): ModuleRuntime<S, A, T> & X
  }
  /** The live instances, also those of scopes inside, in the order of their start. */
  readonly instances: () => ReadonlyArray<AnyModuleRuntime>
  /** As `instances`, with where each comes from. */
  readonly list: () => ReadonlyArray<InstanceInfo>
  /** Closes an instance, its own or of a scope inside; a local one with what it imports. */
  readonly evict: (instanceId: string) => Promise<void>
  /** One transaction on each of several instances, all or none; names stand for this runtime's instances. */
  readonly transact: TransactGroup
  /** Every live instance back to the state it was made with, in one group. */
  readonly reset: () => Effect.Effect<void>
  readonly unsafe: { readonly transact: TransactGroupSync }
  readonly trace: TraceReader
  /** Gives the sink every commit from now on. Returns the function that ends it. */
  readonly attach: (sink: CommitSink) => () => void
  /**
   * Told of each commit from now on, in the step that makes it: after those before it, before its subscribers.
   * It must be quick and make no entry. Returns the function that ends it.
   */
  readonly onCommit: (listener: (commit: Commit) => void) => () => void
  readonly travel: Travel.Travel
  /**
   * The states, as JSON, of this runtime's modules, of keyed local instances, of scopes with a label of their
   * own, and of what those import. What is in an unnamed scope has no address and is left out. Throws
   * InvalidState if a state does not fit its schema.
   */
  readonly dehydrate: (options?: DehydrateOptions) => Snapshot
  /**
   * Puts the states into their instances, in one moment; those of instances that are not there are kept until
   * they are made. Throws InvalidSnapshot or InvalidState, and then has changed nothing. What is kept and does
   * not fit when its instance is made reaches `onError`, and the instance begins with its initial state.
   */
  readonly hydrate: (snapshot: unknown, options?: HydrateOptions) => void
  /** Where an instance is, in any run of the app. `undefined` for one in an unnamed scope. */
  readonly addressOf: (instanceId: string) => Address | undefined
  /** A local instance, for bindings. Programs use `Local.acquire`. */
  // Methods, because the compiler compares the needs of two runtimes' methods loosely; they are checked in each call.
  local<Id extends string, S, A, X, Input, R, P, T, Services = never, In extends Provided = never>(
    module: Module<Id, S, A, X, Input, R, P, T> | ModuleImpl<Id, S, A, X, Input, R, P, T>,
    ...options: LocalArguments<Input, Services, In, Needed<Exclude<R, Provided | P>, Services>>
  ): Local<S, A, X, T>
  /**
   * A scope with instances and services of its own. What it does not have is its parent's; the trace, the
   * sinks, the scheduler, `onError` and the order of commits are the app's. Disposing it closes its own
   * instances and those of scopes inside it, and no others.
   */
  scope<const Apps extends Listing>(
    modules: Complete<Apps, Provided>
  ): Runtime<ProvidesOfApp<Listed<Apps>> | Provided>
  scope<const Apps extends Listing, Services = never, E = never>(
    modules: Apps,
    options: ScopeOptionsFor<Exclude<NeedsOfApp<Listed<Apps>>, Provided>, Services, E>
  ): Runtime<ProvidesOfApp<Listed<Apps>> | Services | Provided>
  /**
   * Adds modules, with all that they import, to what runs: all of them or, if a layer or an initial state
   * fails, none. Those that it has are left as they are. Gives this runtime, typed with what it has now;
   * where no layer waits, they are there when this returns.
   */
  add<const Apps extends Listing>(
    modules: Complete<Apps, Provided>
  ): Promise<Runtime<ProvidesOfApp<Listed<Apps>> | Provided>>
  /**
   * Hot reload: a module that was evaluated again takes the place of the one with its id, in this runtime and
   * in what is inside it. Instances keep their identity, their state and their subscribers; the old logics end,
   * then the new ones start, and are given the actions that the old ones had not taken. Rejects, and changes
   * nothing, if a state does not fit (InvalidState), a layer fails, or there is no such module.
   */
  readonly replace: <Id extends string, S, A, X, Input, R extends Provided | P, P, T>(
    module: Module<Id, S, A, X, Input, R, P, T> | ModuleImpl<Id, S, A, X, Input, R, P, T>
  ) => Promise<void>
  /** Told when the status or the list of instances changed. */
  readonly subscribe: (listener: () => void) => () => void
  readonly onError: (cause: Cause.Cause<unknown>, info: ErrorInfo) => void
  readonly dispose: () => Promise<void>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

export interface AnyModuleRuntime extends ModuleRuntime<Any, Any, Any> {}
export interface AnyRuntime extends Runtime<never> {}

const Current = Context.Reference<AnyRuntime | undefined>("@sluice/core/Runtime", {
  defaultValue: () => undefined
})

/** The runtime that a program, or the layer that it is given, runs in. */
export const current: Effect.Effect<AnyRuntime> = Effect.withFiber((fiber) => {
  const found = fiber.getRef(Current)
  return found === undefined
    ? Effect.die(new Error("This program does not run in a runtime."))
    : Effect.succeed(found)
})

/** One that needs an input to be made can only be local. */
type RootImpl = AnyModuleImpl & { readonly initial: (input: void) => unknown }
export type AppModule = { readonly impl: RootImpl } | RootImpl
/** One module, or several in an array. */
export type Listing = AppModule | ReadonlyArray<AppModule>

export type Listed<Apps> = Apps extends ReadonlyArray<infer M> ? M : Apps

/** Stands where something cannot be given: its parameter says what is missing. */
export interface NotProvided<What> {
  readonly "~sluice/NotProvided": What
}
/**
 * What is missing, by name: the compiler can print that, however large the types of the app are. A field, and not
 * a type with a name, because it would print that name and not what it stands for.
 */
interface Missing<What> {
  readonly name: What extends ModuleIdentity<infer Id>
    ? `module ${Id}`
    : What extends { readonly key: infer Key extends string }
      ? `service ${Key}`
      : What
}

/** The modules themselves, if all that they need is provided. */
export type Complete<Apps, Provided> = OrLacking<Exclude<NeedsOfApp<Listed<Apps>>, Provided>, Apps>
type OrLacking<What, Whole> = [What] extends [never] ? Whole : NotProvided<Missing<What>["name"]>

/** What the options must have: the services that are needed. No layer gives a module. */
export type Needed<Needs, Services> = [Exclude<Needs, Services>] extends [never]
  ? unknown
  : { readonly layer: NotProvided<Missing<Exclude<Needs, Services>>["name"]> }
export type OptionsFor<Needs, Services, E> = RuntimeOptions<Services, E> & Needed<Needs, Services>
type ScopeOptionsFor<Needs, Services, E> = ScopeOptions<Services, E> & Needed<Needs, Services>

/** The options of either, without their types. */
type AnyOptions = Omit<RuntimeOptions, "layer"> & { readonly layer?: unknown }

/**
 * Starts an app of one module or several, with all that they import. Layers that need not wait are built,
 * and the modules started, before it returns.
 */
// Two signatures, so that a call without options is told what is missing and not how many arguments.
export function make<const Apps extends Listing>(
  modules: Complete<Apps, never>
): Runtime<ProvidesOfApp<Listed<Apps>>>
export function make<const Apps extends Listing, Services = never, E = never>(
  modules: Apps,
  options: OptionsFor<NeedsOfApp<Listed<Apps>>, Services, E>
): Runtime<ProvidesOfApp<Listed<Apps>> | Services>
export function make(modules: Listing, { hydrate, layer, ...options }: AnyOptions = {}): Runtime<unknown> {
  const app = new App(options)
  if (hydrate !== undefined) app.hydration.keep(hydrate)
  return new RuntimeImpl(app, undefined, app.label, implsOf(modules), layer as AnyLayer | undefined)
}

/** Of a listing; its callers' types have seen to that. */
const implsOf = (modules: unknown): ReadonlyArray<AnyModuleImpl> => {
  const list: ReadonlyArray<AppModule> = Array.isArray(modules) ? modules : [modules as AppModule]
  return list.map((item) => ("impl" in item ? item.impl : item))
}

class RuntimeImpl implements Runtime<unknown> {
  readonly label: string
  readonly trace: TraceReader
  readonly travel: Travel.Travel
  readonly attach: (sink: CommitSink) => () => void
  readonly onCommit: (listener: (commit: Commit) => void) => () => void
  readonly onError: OnError
  readonly ready: Promise<void>
  /** Written by the build and by `dispose`, of this runtime or of one that it is nested in. */
  status: Status = "building"
  /** Written by the build. */
  failure: Cause.Cause<unknown> | undefined = undefined

  private readonly app: App
  private readonly parent: RuntimeImpl | undefined
  private readonly moduleScope: ModuleScope
  private readonly building: Fiber.Fiber<void, unknown>
  /** Written by `scope` and `end`. */
  private readonly nested = new Set<RuntimeImpl>()
  /** Written by `dispose`. */
  private disposing: Promise<void> | undefined

  constructor(
    app: App,
    parent: RuntimeImpl | undefined,
    label: string,
    impls: ReadonlyArray<AnyModuleImpl>,
    layer: AnyLayer | undefined
  ) {
    this.app = app
    this.parent = parent
    this.label = label
    this.trace = app.trace
    this.travel = app.travel
    this.attach = app.sinks.attach
    this.onCommit = app.sinks.onCommit
    this.onError = app.onError
    const name = label === parent?.label ? undefined : label
    const scope = new ModuleScope(app, parent?.moduleScope, { label, name })
    this.moduleScope = scope
    if (parent === undefined) {
      scope.context = Context.add(scope.context, RootRef, {
        resolve: (id) => runtimeOf(scope.own(id)),
        ids: () => scope.ids()
      })
      scope.context = Context.add(scope.context, Current, this)
      scope.outdated = (home, latest) => {
        const report = (cause: Cause.Cause<unknown>) => app.report(Cause.squash(cause), "build", "replace")
        home.fork(Effect.catchCause(replace(home, latest), (cause) => Effect.sync(() => report(cause))))
      }
    }
    this.building = app.fork(this.build(impls, layer))
    this.ready = this.endOf(this.building)
    this.ready.catch(() => {})
  }

  // --- build --------------------------------------------------------------------------------------------

  private build(
    impls: ReadonlyArray<AnyModuleImpl>,
    layer: AnyLayer | undefined
  ): Effect.Effect<void, unknown> {
    const { app, moduleScope: scope, parent } = this
    const steps = Effect.gen({ self: this }, function* () {
      if (parent?.status === "building") yield* Effect.tryPromise({ try: () => parent.ready, catch: same })
      scope.join()
      yield* scope.build(impls, layer, () => parent === undefined && app.useServices(scope.context))
      this.status = "ready"
      scope.changed()
    })
    return Effect.onExit(steps, (exit) => {
      if (Exit.isSuccess(exit) || this.status === "disposed") return Effect.void
      this.status = "failed"
      this.failure = exit.cause
      app.reportCause(exit.cause, "build", "layers and initial states")
      scope.changed()
      return this.close
    })
  }

  /** Rejects with what the build failed with. */
  private async endOf(build: Fiber.Fiber<void, unknown>): Promise<void> {
    const exit = await exitOf(build)
    if (this.status === "disposed") throw new RuntimeDisposed({ label: this.label })
    if (Exit.isFailure(exit)) throw Cause.squash(exit.cause)
  }

  // --- running ------------------------------------------------------------------------------------------

  private fork<A, E>(effect: Effect.Effect<A, E>): Fiber.Fiber<A, E> {
    return Effect.runForkWith(this.moduleScope.context)(effect)
  }

  /** Waits for the build; refuses after disposal. */
  private gated<A, E>(needing: Effect.Effect<A, E, unknown>): Effect.Effect<A, E> {
    // The interface that `make` returns admits only what its modules and layer provide.
    const effect = needing as Effect.Effect<A, E>
    return Effect.suspend(() => {
      // What it throws is a defect.
      this.requireLife()
      if (this.status === "ready") return effect
      return Effect.andThen(
        Effect.promise(() => this.ready),
        Effect.suspend(() => Effect.provideContext(effect, this.moduleScope.context))
      )
    })
  }

  readonly run = <A, E>(effect: Effect.Effect<A, E, unknown>): Fiber.Fiber<A, E> =>
    this.fork(this.gated(effect))
  readonly runPromise = <A, E>(effect: Effect.Effect<A, E, unknown>): Promise<A> =>
    Effect.runPromiseWith(this.moduleScope.context)(this.gated(effect))
  readonly runSync = <A, E>(effect: Effect.Effect<A, E, unknown>): A => (
    this.requireReady(),
    Effect.runSyncWith(this.moduleScope.context)(this.gated(effect))
  )

  // Both overloads: what a tag or a Derived stands for here.
  readonly resolve = ((
    target: Partial<Derived<unknown, unknown>> & { readonly moduleId: string }
  ): object => {
    this.requireReady()
    const derived = target["~sluice/Derived"]
    return derived === undefined ? this.find(target.moduleId) : derived(this.find).runtime
  }) as Runtime<unknown>["resolve"]

  private readonly find = (moduleId: string): object => {
    const found = this.moduleScope.find(moduleId)
    if (found === undefined) throw new ModuleNotProvided({ moduleId, provided: this.moduleScope.ids() })
    return Faces.of(found).runtime
  }

  private group(members: ReadonlyArray<Group.Member>, origin: string | Origin): InstanceGroup {
    this.requireReady()
    return Group.of(members, origin, this.find, this.app.host)
  }

  // The overloads all come down to this; its result is that of the body.
  readonly transact = ((members: ReadonlyArray<Group.Member>, origin: string | Origin, body: GroupBody) =>
    Effect.suspend(() => this.group(members, origin).transact(body))) as TransactGroup

  readonly reset = (): Effect.Effect<void> =>
    Effect.suspend(() => {
      this.requireReady()
      const all = this.moduleScope.instances().filter(({ closed }) => !closed)
      if (all.length === 0) return Effect.void
      const group = new InstanceGroup(all, resetOrigin, this.app.host)
      const back = group.update(() => all.map((instance): unknown => instance.toInitial(instance.state)))
      // One closed while they waited: the others are to be reset all the same.
      return Effect.catchDefect(back, (defect) =>
        defect instanceof InstanceClosed ? this.reset() : Effect.die(defect)
      )
    })

  readonly unsafe: Runtime<unknown>["unsafe"] = {
    // A body's transactions are those of the members, which are any here.
    transact: (members, origin, body) => this.group(members, origin).transactSync(body as GroupBody)
  }

  private requireLife(): void {
    if (this.status === "disposed") throw new RuntimeDisposed({ label: this.label })
    if (this.failure !== undefined) throw Cause.squash(this.failure)
  }

  private requireReady(): void {
    this.requireLife()
    if (this.status === "building") throw new RuntimeNotReady({ label: this.label })
  }

  readonly instances = (): ReadonlyArray<AnyModuleRuntime> =>
    this.moduleScope.instances().map((instance) => Faces.of(instance).runtime)

  readonly list = (): ReadonlyArray<InstanceInfo> => {
    const homes = new Map(Array.from(this.moduleScope.all(), ({ member, scope }) => [member.instance, scope]))
    return this.moduleScope.instances().map((instance) => {
      const { label, local } = homes.get(instance) ?? this.moduleScope
      return {
        instanceId: instance.instanceId,
        moduleId: instance.impl.def.id,
        runtime: Faces.of(instance).runtime,
        label,
        local: local?.instance === instance ? { key: local.key, mounts: local.mounts() } : undefined
      }
    })
  }

  readonly evict = (instanceId: string): Promise<void> =>
    Effect.runPromiseWith(this.moduleScope.context)(this.moduleScope.evict(instanceId))

  readonly subscribe = (listener: () => void): (() => void) => {
    const listeners = (this.moduleScope.listeners ??= new Set())
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }

  // --- snapshots ----------------------------------------------------------------------------------------

  readonly dehydrate = ({ loading = false, modules, since }: DehydrateOptions = {}): Snapshot => {
    const ids = modules?.map(({ id }) => id)
    const instances = this.moduleScope
      .addressed()
      .filter(({ address }) => ids?.includes(address.module) ?? true)
    return SnapshotRoom.make(this.app.run, instances, since, loading)
  }

  readonly hydrate = (snapshot: unknown, { name }: HydrateOptions = {}): void => {
    if (this.status === "disposed") throw new RuntimeDisposed({ label: this.label })
    this.app.hydration.hydrate(snapshot, name, this.moduleScope.addressed())
  }

  readonly addressOf = (instanceId: string): Address | undefined =>
    this.moduleScope.addressed().find(({ instance }) => instance.instanceId === instanceId)?.address

  // --- what is inside -----------------------------------------------------------------------------------

  readonly scope = (modules: unknown, { label, layer }: AnyOptions = {}): Runtime<unknown> => {
    this.requireLife()
    // Their types say which layer it may be.
    const given = layer as AnyLayer | undefined
    const made = new RuntimeImpl(this.app, this, label ?? this.label, implsOf(modules), given)
    this.nested.add(made)
    return made
  }

  readonly add = async (modules: unknown): Promise<Runtime<unknown>> => {
    await this.change(() => this.moduleScope.add(implsOf(modules)))
    return this
  }

  readonly replace = (module: AnyModule | AnyModuleImpl): Promise<void> =>
    this.change(() => replace(this.moduleScope, "impl" in module ? module.impl : module))

  /** Changes what the scope has, once it is ready; refuses when it has ended, also meanwhile. */
  private async change(effect: () => Effect.Effect<void, unknown>): Promise<void> {
    if (this.status === "building") await this.ready
    this.requireReady()
    const exit = await exitOf(this.moduleScope.fork(Effect.suspend(effect)))
    if (Exit.isSuccess(exit)) return
    if (this.moduleScope.closed) throw new RuntimeDisposed({ label: this.label })
    throw Cause.squash(exit.cause)
  }

  // Its types are those of the module, which are any here.
  readonly local = ((module: AnyModule | AnyModuleImpl, options: MakeOptions = {}) => {
    this.requireReady()
    const impl = "impl" in module ? module.impl : module
    const { closed, instance, isOf, mount } = this.moduleScope.locals.get(impl, options)
    return {
      get ref() {
        return runtimeOf(instance)
      },
      mount,
      closed,
      isOf
    }
  }) as Runtime<unknown>["local"]

  // --- end ----------------------------------------------------------------------------------------------

  readonly dispose = (): Promise<void> => {
    // It has closed what it had made.
    if (this.status === "failed") return this.ready.catch(() => {})
    const builds = this.markDisposed()
    this.disposing ??= this.end(builds)
    return this.disposing
  }
  readonly [Symbol.asyncDispose] = (): Promise<void> => this.dispose()

  /** With all that are nested in it. Gives their builds. */
  private markDisposed(): ReadonlyArray<Fiber.Fiber<void, unknown>> {
    if (this.status !== "failed") this.status = "disposed"
    return [this.building, ...[...this.nested].flatMap((runtime) => runtime.markDisposed())]
  }

  private async end(builds: ReadonlyArray<Fiber.Fiber<void, unknown>>): Promise<void> {
    const close = Effect.andThen(Fiber.interruptAll(builds), this.close)
    await Effect.runPromiseWith(this.moduleScope.context)(close)
    this.parent?.nested.delete(this)
    this.tellEnd()
  }

  private tellEnd(): void {
    for (const runtime of this.nested) runtime.tellEnd()
    this.moduleScope.changed()
  }

  private get close(): Effect.Effect<void> {
    const { app, moduleScope: scope, parent } = this
    if (parent !== undefined) return scope.close
    return scope.closeInstances.pipe(Effect.andThen(app.sinks.finish), Effect.andThen(scope.release))
  }
}

const exitOf = <E>(fiber: Fiber.Fiber<void, E>): Promise<Exit.Exit<void, E>> =>
  new Promise((resolve) => fiber.addObserver(resolve))

const same = (error: unknown): unknown => error

const runtimeOf = (instance: AnyInstance | undefined): object | undefined =>
  instance && Faces.of(instance).runtime
