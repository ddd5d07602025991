/** The app root: its layers, its instances, its trace, and one scheduler for all of them. */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Scheduler from "effect/Scheduler"
import * as Scope from "effect/Scope"
import type { Consumer } from "./Channel.ts"
import type { Commit, CommitSink } from "./Commit.ts"
import { DuplicateModule, ModuleNotProvided, RuntimeDisposed, RuntimeNotReady } from "./Errors.ts"
import type { ModuleRuntime, ModuleTag } from "./Handle.ts"
import type { Any } from "./internal/any.ts"
import { macrotask, microtask } from "./internal/platform.ts"
import { makeScheduler } from "./internal/scheduler.ts"
import * as Logic from "./Logic.ts"
import type { AnyLayer, AnyModuleImpl, Module, ModuleImpl, NeedsOfApp, ProvidesOfApp } from "./Module.ts"
import { type AnyInstance, type ErrorInfo, Instance, type InstanceHost } from "./Instance.ts"
import { type Local, type LocalOptions, Locals } from "./Local.ts"
import * as Faces from "./ModuleRuntime.ts"
import * as Sink from "./Sink.ts"
import { type RootModules, RootRef } from "./Root.ts"
import { type TraceOptions, type TraceReader, TraceRecorder } from "./Trace.ts"
import * as Transaction from "./Transaction.ts"
import * as Travel from "./Travel.ts"
import { standInNew } from "./Waiter.ts"

export type { ErrorInfo } from "./Instance.ts"
export type { Local, LocalOptions } from "./Local.ts"
export type { Travel } from "./Travel.ts"

export interface RuntimeOptions<Services = never, E = never> {
  /** Services for the modules' logics and for what `run` is given. */
  readonly layer?: Layer.Layer<Services, E>
  /** Every error that no caller gets, and those of rolled-back entries. Default: logged. */
  readonly onError?: (cause: Cause.Cause<unknown>, info: ErrorInfo) => void
  readonly trace?: TraceOptions
  readonly label?: string
}

export type Status = "building" | "ready" | "failed" | "disposed"

/** A running app. `Provided` is what its effects may use: its modules and its layer's services. */
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
  /** Throws ModuleNotProvided, RuntimeNotReady or RuntimeDisposed. */
  readonly resolve: <Id extends string, S, A, X>(tag: ModuleTag<Id, S, A, X>) => ModuleRuntime<S, A> & X
  /** The live instances, in the order they were made. */
  readonly instances: () => ReadonlyArray<AnyModuleRuntime>
  readonly evict: (instanceId: string) => Promise<void>
  readonly trace: TraceReader
  /** Gives the sink every commit from now on. Returns the function that ends it. */
  readonly attach: (sink: CommitSink) => () => void
  readonly travel: Travel.Travel
  readonly local: <Id extends string, S, A, X, Input, R, P>(
    module: Module<Id, S, A, X, Input, R, P> | ModuleImpl<Id, S, A, X, Input, R, P>,
    options?: LocalOptions<Input>
  ) => Local<S, A, X>
  /** Told when the status or the list of instances changed. */
  readonly subscribe: (listener: () => void) => () => void
  readonly onError: (cause: Cause.Cause<unknown>, info: ErrorInfo) => void
  readonly dispose: () => Promise<void>
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

export interface AnyModuleRuntime extends ModuleRuntime<Any, Any> {}
export interface AnyRuntime extends Runtime<never> {}

/** One that needs an input to be made can only be local. */
type RootImpl = AnyModuleImpl & { readonly initial: (input: void) => unknown }
type App = { readonly impl: RootImpl } | RootImpl

type Listed<Apps> = Apps extends ReadonlyArray<infer M> ? M : Apps

/** The layer may be left out where nothing needs it. */
type OptionsFor<Needs, Services, E> = [Exclude<Needs, Services>] extends [never]
  ? RuntimeOptions<Services, E>
  : RuntimeOptions<Services, E> & { readonly layer: Layer.Layer<Needs, unknown> }

/**
 * Starts an app of one module or several, with all that they import. Layers that need not wait are built,
 * and the modules started, before it returns.
 */
export const make = <const Apps extends App | ReadonlyArray<App>, Services = never, E = never>(
  modules: Apps,
  ...[options]: [NeedsOfApp<Listed<Apps>>] extends [never]
    ? [options?: RuntimeOptions<Services, E>]
    : [options: OptionsFor<NeedsOfApp<Listed<Apps>>, Services, E>]
): Runtime<ProvidesOfApp<Listed<Apps>> | Services> => {
  // A tuple type of its own, so that ReadonlyArray's narrowing by Array.isArray does not lose it.
  const list: ReadonlyArray<App> = Array.isArray(modules) ? modules : [modules as App]
  const impls = list.map((item) => ("impl" in item ? item.impl : item))
  return new RuntimeImpl(impls, options ?? {})
}

/** A set of modules with one instance each, its parents' services, and an end. */
interface ModuleScope {
  readonly instances: ReadonlyArray<AnyInstance>
  readonly context: Context.Context<never>
}

class RuntimeImpl implements Runtime<unknown> {
  readonly label: string
  readonly trace: TraceRecorder
  readonly ready: Promise<void>
  readonly travel: Travel.Travel
  status: Status = "building"
  failure: Cause.Cause<unknown> | undefined = undefined
  readonly onError: RuntimeOptions["onError"] & {}

  private readonly scope = Scope.makeUnsafe()
  private readonly memoMap = Layer.makeMemoMapUnsafe()
  private readonly scheduler = makeScheduler(Transaction.isOpen)
  private readonly host: InstanceHost
  private readonly sinks: Array<Consumer<Commit>> = []
  /** What is left for each sink to do when the runtime ends. */
  private readonly finishing = new Set<Effect.Effect<void>>()
  private readonly listeners = new Set<() => void>()
  private readonly live = new Map<string, AnyInstance>()
  /** Those that are live, and those whose layers are being built. */
  private readonly started = new Set<AnyInstance>()
  private readonly numbers = new Map<string, number>()
  /** What everything in the app may use. Written by the build: first bare, then with the app's services. */
  private context: Context.Context<never>
  private clock: Clock.Clock | undefined
  private seq = 0
  private disposing: Promise<void> | undefined
  private readonly building: Fiber.Fiber<void, unknown>

  constructor(
    impls: ReadonlyArray<AnyModuleImpl>,
    options: Omit<RuntimeOptions, "layer"> & { readonly layer?: AnyLayer | undefined }
  ) {
    this.label = options.label ?? "sluice"
    const { onError } = options
    this.onError = (cause, info) => {
      if (onError === undefined) return this.logError(cause, info)
      try {
        onError(cause, info)
      } catch (error) {
        // It is called in the middle of a commit, which must not end there.
        this.logError(cause, info)
        this.logError(Cause.die(error), { ...info, entry: "onError" })
      }
    }
    this.trace = new TraceRecorder(options.trace, {
      now: () => this.clock?.currentTimeMillisUnsafe() ?? Date.now(),
      microtask,
      macrotask,
      sinkFailed: (error) => this.report(error, "trace", "TraceSink.onBatch")
    })
    this.host = {
      trace: this.trace,
      scheduler: this.scheduler,
      sinks: this.sinks,
      onError: (cause, info) => this.onError(cause, info),
      warn: (message) => void this.fork(Effect.logWarning(message)),
      nextSeq: () => ++this.seq,
      services: () => this.context
    }
    this.context = Context.make(Scheduler.Scheduler, this.scheduler)
    const roots = new Map<string, AnyInstance>()
    const root: RootModules = { resolve: (id) => runtimeOf(roots.get(id)), ids: () => [...roots.keys()] }
    this.context = Context.add(this.context, RootRef, root)
    this.travel = Travel.make(this.live, (listeners) => this.tell(listeners))
    this.roots = roots
    this.building = this.fork(this.build(impls, options.layer))
    this.ready = this.endOf(this.building)
    this.ready.catch(() => {})
  }

  private readonly roots: Map<string, AnyInstance>

  // --- build --------------------------------------------------------------------------------------------

  private build(
    impls: ReadonlyArray<AnyModuleImpl>,
    layer: AnyLayer | undefined
  ): Effect.Effect<void, unknown> {
    const steps = Effect.gen({ self: this }, function* () {
      const instances = this.makeInstances(impls, () => undefined)
      for (const instance of instances) this.roots.set(instance.impl.def.id, instance)
      this.context = withModules(this.context, instances)
      if (layer !== undefined) this.context = yield* this.buildLayer(layer, this.context)
      this.clock = Context.get(this.context, Clock.Clock)
      yield* this.startAll({ instances, context: this.context })
      this.status = "ready"
      this.changed()
    })
    return Effect.onExit(steps, (exit) => {
      if (Exit.isSuccess(exit)) return Effect.void
      if (this.status === "disposed") return Effect.void
      this.status = "failed"
      this.failure = exit.cause
      this.onError(exit.cause, {
        instanceId: "",
        moduleId: "",
        during: "build",
        entry: "layers and initial states"
      })
      this.changed()
      return this.closeAll()
    })
  }

  /** Rejects with what the build failed with. */
  private async endOf(build: Fiber.Fiber<void, unknown>): Promise<void> {
    const exit = await new Promise<Exit.Exit<void, unknown>>((resolve) => build.addObserver(resolve))
    if (this.status === "disposed") throw new RuntimeDisposed({ label: this.label })
    if (Exit.isFailure(exit)) throw Cause.squash(exit.cause)
  }

  private buildLayer(
    layer: AnyLayer,
    context: Context.Context<never>
  ): Effect.Effect<Context.Context<never>, unknown> {
    // Which services it needs and gives was settled by the types of `implement` and `make`.
    const typed = layer as unknown as Layer.Layer<never, unknown>
    return Effect.map(
      Effect.provideContext(Layer.buildWithMemoMap(typed, this.memoMap, this.scope), context),
      (built) => Context.merge(context, built)
    )
  }

  /** Makes one cold instance of each module and of all that they import, imports first. */
  private makeInstances(
    impls: ReadonlyArray<AnyModuleImpl>,
    input: (impl: AnyModuleImpl) => unknown
  ): ReadonlyArray<AnyInstance> {
    const ordered = new Map<string, AnyModuleImpl>()
    const visit = (impl: AnyModuleImpl): void => {
      const known = ordered.get(impl.def.id)
      if (known === impl) return
      if (known !== undefined) throw new DuplicateModule({ moduleId: impl.def.id })
      for (const imported of impl.imports) visit(imported)
      ordered.set(impl.def.id, impl)
    }
    for (const impl of impls) visit(impl)
    return Array.from(ordered.values(), (impl) => {
      const n = (this.numbers.get(impl.def.id) ?? 0) + 1
      this.numbers.set(impl.def.id, n)
      return new Instance(impl, `${impl.def.id}#${n}`, input(impl), this.host)
    })
  }

  /** Builds the modules' own layers, then starts the instances, imports first. */
  private startAll({ instances, context }: ModuleScope): Effect.Effect<void, unknown> {
    for (const instance of instances) this.started.add(instance)
    return Effect.gen({ self: this }, function* () {
      const services: Array<Context.Context<never>> = []
      for (const { impl } of instances) {
        let own = context
        for (const layer of impl.layers) own = yield* this.buildLayer(layer, own)
        services.push(own)
      }
      instances.forEach((instance, i) => this.startInstance(instance, services[i] ?? context))
    })
  }

  private startInstance(instance: AnyInstance, services: Context.Context<never>): void {
    // Closed while its layers were being built.
    if (instance.closed) return
    this.live.set(instance.instanceId, instance)
    instance.start(
      services,
      instance.impl.logics.map((logic) => ({
        name: logic.name,
        // As for layers: its needs were settled by `implement`.
        run: Effect.suspend(() => logic.setup(Logic.make(instance, logic.name))) as Effect.Effect<
          unknown,
          unknown
        >
      }))
    )
  }

  private closeInstances(instances: ReadonlyArray<AnyInstance>): Effect.Effect<void> {
    const lastFirst = instances.toReversed()
    return Effect.forEach(
      lastFirst,
      (instance) =>
        Effect.map(instance.close, () => {
          this.live.delete(instance.instanceId)
          this.started.delete(instance)
        }),
      { discard: true }
    )
  }

  private closeAll(): Effect.Effect<void> {
    return this.closeInstances([...this.started]).pipe(
      Effect.andThen(Effect.suspend(() => Effect.all([...this.finishing], { discard: true }))),
      Effect.andThen(Scope.close(this.scope, Exit.void))
    )
  }

  // --- running ------------------------------------------------------------------------------------------

  private fork<A, E>(effect: Effect.Effect<A, E>): Fiber.Fiber<A, E> {
    return Effect.runForkWith(this.context)(effect)
  }

  /** Waits for the build; refuses after disposal. */
  private gated<A, E>(needing: Effect.Effect<A, E, unknown>): Effect.Effect<A, E> {
    // The interface that `make` returns admits only what its modules and layer provide.
    const effect = needing as Effect.Effect<A, E>
    return Effect.suspend(() => {
      if (this.status === "ready") return effect
      if (this.status === "disposed") return Effect.die(new RuntimeDisposed({ label: this.label }))
      if (this.failure !== undefined) return Effect.die(Cause.squash(this.failure))
      return Effect.andThen(
        Effect.promise(() => this.ready),
        Effect.suspend(() => Effect.provideContext(effect, this.context))
      )
    })
  }

  readonly run = <A, E>(effect: Effect.Effect<A, E, unknown>): Fiber.Fiber<A, E> =>
    this.fork(this.gated(effect))
  readonly runPromise = <A, E>(effect: Effect.Effect<A, E, unknown>): Promise<A> =>
    Effect.runPromiseWith(this.context)(this.gated(effect))
  readonly runSync = <A, E>(effect: Effect.Effect<A, E, unknown>): A => (
    this.requireReady(),
    Effect.runSyncWith(this.context)(this.gated(effect))
  )

  readonly resolve = <Id extends string, S, A, X>(tag: ModuleTag<Id, S, A, X>): ModuleRuntime<S, A> & X => {
    this.requireReady()
    const found = this.roots.get(tag.moduleId)
    if (found === undefined) {
      throw new ModuleNotProvided({ moduleId: tag.moduleId, provided: [...this.roots.keys()] })
    }
    return runtimeOf(found) as ModuleRuntime<S, A> & X
  }

  private requireReady(): void {
    if (this.status === "disposed") throw new RuntimeDisposed({ label: this.label })
    if (this.failure !== undefined) throw Cause.squash(this.failure)
    if (this.status === "building") throw new RuntimeNotReady({ label: this.label })
  }

  readonly instances = (): ReadonlyArray<AnyModuleRuntime> =>
    Array.from(this.live.values(), (instance) => Faces.of(instance).runtime)

  readonly evict = async (instanceId: string): Promise<void> => {
    const instance = this.live.get(instanceId)
    if (instance === undefined) return
    const { id } = instance.impl.def
    if (this.roots.get(id) === instance) this.roots.delete(id)
    await Effect.runPromiseWith(this.context)(this.closeInstances([instance]))
    this.changed()
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  /** A listener that throws is reported; the others are told. */
  private tell(listeners: ReadonlySet<() => void>): void {
    const told = [...listeners]
    for (const listener of told) {
      try {
        listener()
      } catch (error) {
        this.report(error, "listener", "Runtime.subscribe")
      }
    }
  }

  private changed(): void {
    this.tell(this.listeners)
  }

  readonly dispose = (): Promise<void> => {
    if (this.status === "failed") return Promise.resolve()
    this.status = "disposed"
    this.disposing ??= this.end()
    return this.disposing
  }
  readonly [Symbol.asyncDispose] = (): Promise<void> => this.dispose()

  private async end(): Promise<void> {
    await Effect.runPromiseWith(this.context)(Effect.andThen(Fiber.interrupt(this.building), this.closeAll()))
    this.changed()
  }

  private report(error: unknown, during: ErrorInfo["during"], entry: string): void {
    this.onError(Cause.die(error), { instanceId: "", moduleId: "", during, entry })
  }

  private logError(cause: Cause.Cause<unknown>, info: ErrorInfo): void {
    const where = info.instanceId === "" ? info.entry : `${info.instanceId}, ${info.during} ${info.entry}`
    this.fork(Effect.logError(`${this.label}: ${where}`, cause))
  }

  // --- sinks --------------------------------------------------------------------------------------------

  readonly attach = (sink: CommitSink): (() => void) => {
    const running = Sink.make(sink, this.scheduler.makeDispatcher(), (cause) =>
      this.report(Cause.squash(cause), "sink", sink.name)
    )
    const { consumer } = running
    this.sinks.push(consumer)
    const waiting = [...this.live.values()].flatMap((instance) => [...instance.waiting.keys()])
    standInNew(waiting.toSorted((a, b) => a.order - b.order))
    const fiber = this.fork(running.loop)
    const detach = () => {
      const index = this.sinks.indexOf(consumer)
      if (index < 0) return
      this.sinks.splice(index, 1)
      this.finishing.delete(finish)
      consumer.close(true)
      fiber.interruptUnsafe()
    }
    const finish = Effect.suspend(() => {
      fiber.interruptUnsafe()
      return Effect.map(running.finish, (undelivered) => {
        if (undelivered > 0) this.host.warn(`${sink.name} ended with ${undelivered} commits undelivered.`)
        detach()
      })
    })
    this.finishing.add(finish)
    return detach
  }

  // --- local instances ----------------------------------------------------------------------------------

  readonly local = <Id extends string, S, A, X, Input, R, P>(
    module: Module<Id, S, A, X, Input, R, P> | ModuleImpl<Id, S, A, X, Input, R, P>,
    options: LocalOptions<Input> = {}
  ): Local<S, A, X> => {
    this.requireReady()
    const impl: AnyModuleImpl = "impl" in module ? module.impl : module
    const { closed, mount, own } = this.locals.get(impl, options)
    return { ref: runtimeOf(own) as ModuleRuntime<S, A> & X, mount, closed }
  }

  private readonly locals = new Locals({
    make: (impl, input) => this.makeInstances([impl], (each) => (each === impl ? input : undefined)),
    starts: () => this.status === "ready",
    start: (instances) => {
      const context = withModules(this.context, instances)
      this.fork(this.startAll({ instances, context })).addObserver((exit) => {
        if (Exit.isFailure(exit) && !Cause.hasInterruptsOnly(exit.cause)) {
          this.onError(exit.cause, { ...infoOf(instances.at(-1)), during: "build", entry: "local instance" })
        }
        this.changed()
      })
    },
    close: (instances) => {
      this.fork(Effect.map(this.closeInstances(instances), () => this.changed()))
    }
  })
}

const runtimeOf = (instance: AnyInstance | undefined): object | undefined =>
  instance && Faces.of(instance).runtime

const infoOf = (instance: AnyInstance | undefined) => ({
  instanceId: instance?.instanceId ?? "",
  moduleId: instance?.impl.def.id ?? ""
})

const withModules = (
  context: Context.Context<never>,
  instances: ReadonlyArray<AnyInstance>
): Context.Context<never> =>
  instances.reduce(
    (all, instance) => Context.add(all, instance.impl.def.tag, Faces.of(instance).runtime),
    context
  )
