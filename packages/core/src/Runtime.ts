/** The app root: its layers, its instances, its trace, and one scheduler for all of them. */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Layer from "effect/Layer"
import type * as Scheduler from "effect/Scheduler"
import { App, type AppOptions, type OnError } from "./App.ts"
import type { Commit, CommitSink } from "./Commit.ts"
import { ModuleNotProvided, RuntimeDisposed, RuntimeNotReady } from "./Errors.ts"
import type { ModuleRuntime, ModuleTag } from "./Handle.ts"
import type { AnyInstance, ErrorInfo } from "./Instance.ts"
import type { Any } from "./internal/any.ts"
import { type Local, type LocalOptions, Locals } from "./Local.ts"
import type { AnyLayer, AnyModuleImpl, Module, ModuleImpl, NeedsOfApp, ProvidesOfApp } from "./Module.ts"
import * as Faces from "./ModuleRuntime.ts"
import { ModuleScope } from "./ModuleScope.ts"
import { RootRef } from "./Root.ts"
import type { TraceOptions, TraceReader } from "./Trace.ts"
import type * as Travel from "./Travel.ts"

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
  /** Get every commit from the first, as `attach` gives it from then on. */
  readonly sinks?: ReadonlyArray<CommitSink>
  /** Runs the runtime's fibers in the place of its own: for tests that decide who goes next. */
  readonly scheduler?: Scheduler.Scheduler
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
  readonly resolve: <Id extends string, S, A, X, T>(
    tag: ModuleTag<Id, S, A, X, T>
  ) => ModuleRuntime<S, A, T> & X
  /** The live instances, in the order they were made. */
  readonly instances: () => ReadonlyArray<AnyModuleRuntime>
  readonly evict: (instanceId: string) => Promise<void>
  readonly trace: TraceReader
  /** Gives the sink every commit from now on. Returns the function that ends it. */
  readonly attach: (sink: CommitSink) => () => void
  /**
   * Told of each commit from now on, in the step that makes it: after those before it, before its subscribers.
   * It must be quick and make no entry. Returns the function that ends it.
   */
  readonly onCommit: (listener: (commit: Commit) => void) => () => void
  readonly travel: Travel.Travel
  readonly local: <Id extends string, S, A, X, Input, R, P, T>(
    module: Module<Id, S, A, X, Input, R, P, T> | ModuleImpl<Id, S, A, X, Input, R, P, T>,
    options?: LocalOptions<Input>
  ) => Local<S, A, X, T>
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
export type AppModule = { readonly impl: RootImpl } | RootImpl

export type Listed<Apps> = Apps extends ReadonlyArray<infer M> ? M : Apps

/** The layer may be left out where nothing needs it. */
export type OptionsFor<Needs, Services, E> = [Exclude<Needs, Services>] extends [never]
  ? RuntimeOptions<Services, E>
  : RuntimeOptions<Services, E> & { readonly layer: Layer.Layer<Needs, unknown> }

/**
 * Starts an app of one module or several, with all that they import. Layers that need not wait are built,
 * and the modules started, before it returns.
 */
export const make = <const Apps extends AppModule | ReadonlyArray<AppModule>, Services = never, E = never>(
  modules: Apps,
  ...[options]: [NeedsOfApp<Listed<Apps>>] extends [never]
    ? [options?: RuntimeOptions<Services, E>]
    : [options: OptionsFor<NeedsOfApp<Listed<Apps>>, Services, E>]
): Runtime<ProvidesOfApp<Listed<Apps>> | Services> => {
  // A tuple type of its own, so that ReadonlyArray's narrowing by Array.isArray does not lose it.
  const list: ReadonlyArray<AppModule> = Array.isArray(modules) ? modules : [modules as AppModule]
  const impls = list.map((item) => ("impl" in item ? item.impl : item))
  const { layer, ...rest }: Omit<RuntimeOptions, "layer"> & { readonly layer?: AnyLayer | undefined } =
    options ?? {}
  return new RuntimeImpl(impls, layer, rest)
}

class RuntimeImpl implements Runtime<unknown> {
  readonly label: string
  readonly trace: TraceReader
  readonly travel: Travel.Travel
  readonly attach: (sink: CommitSink) => () => void
  readonly onCommit: (listener: (commit: Commit) => void) => () => void
  readonly onError: OnError
  readonly ready: Promise<void>
  /** Written by the build and by `dispose`. */
  status: Status = "building"
  /** Written by the build. */
  failure: Cause.Cause<unknown> | undefined = undefined

  private readonly app: App
  private readonly scope: ModuleScope
  private readonly building: Fiber.Fiber<void, unknown>
  private readonly listeners = new Set<() => void>()
  /** Written by `dispose`. */
  private disposing: Promise<void> | undefined

  constructor(impls: ReadonlyArray<AnyModuleImpl>, layer: AnyLayer | undefined, options: AppOptions) {
    const app = new App(options)
    this.app = app
    this.label = app.label
    this.trace = app.trace
    this.travel = app.travel
    this.attach = app.sinks.attach
    this.onCommit = app.sinks.onCommit
    this.onError = app.onError
    this.scope = new ModuleScope(app, undefined, "app")
    this.building = app.fork(this.build(impls, layer))
    this.ready = this.endOf(this.building)
    this.ready.catch(() => {})
  }

  // --- build --------------------------------------------------------------------------------------------

  private build(
    impls: ReadonlyArray<AnyModuleImpl>,
    layer: AnyLayer | undefined
  ): Effect.Effect<void, unknown> {
    const { app, scope } = this
    const steps = Effect.gen({ self: this }, function* () {
      scope.context = Context.add(scope.context, RootRef, {
        resolve: (id) => runtimeOf(scope.own(id)),
        ids: () => scope.ids()
      })
      scope.admit(impls)
      yield* scope.build(layer, () => app.useServices(scope.context))
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
      return this.close
    })
  }

  /** Rejects with what the build failed with. */
  private async endOf(build: Fiber.Fiber<void, unknown>): Promise<void> {
    const exit = await new Promise<Exit.Exit<void, unknown>>((resolve) => build.addObserver(resolve))
    if (this.status === "disposed") throw new RuntimeDisposed({ label: this.label })
    if (Exit.isFailure(exit)) throw Cause.squash(exit.cause)
  }

  // --- running ------------------------------------------------------------------------------------------

  private fork<A, E>(effect: Effect.Effect<A, E>): Fiber.Fiber<A, E> {
    return Effect.runForkWith(this.scope.context)(effect)
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
        Effect.suspend(() => Effect.provideContext(effect, this.scope.context))
      )
    })
  }

  readonly run = <A, E>(effect: Effect.Effect<A, E, unknown>): Fiber.Fiber<A, E> =>
    this.fork(this.gated(effect))
  readonly runPromise = <A, E>(effect: Effect.Effect<A, E, unknown>): Promise<A> =>
    Effect.runPromiseWith(this.scope.context)(this.gated(effect))
  readonly runSync = <A, E>(effect: Effect.Effect<A, E, unknown>): A => (
    this.requireReady(),
    Effect.runSyncWith(this.scope.context)(this.gated(effect))
  )

  readonly resolve = <Id extends string, S, A, X, T>(
    tag: ModuleTag<Id, S, A, X, T>
  ): ModuleRuntime<S, A, T> & X => {
    this.requireReady()
    const found = this.scope.find(tag.moduleId)
    if (found === undefined) {
      throw new ModuleNotProvided({ moduleId: tag.moduleId, provided: this.scope.ids() })
    }
    return runtimeOf(found) as ModuleRuntime<S, A, T> & X
  }

  private requireReady(): void {
    if (this.status === "disposed") throw new RuntimeDisposed({ label: this.label })
    if (this.failure !== undefined) throw Cause.squash(this.failure)
    if (this.status === "building") throw new RuntimeNotReady({ label: this.label })
  }

  readonly instances = (): ReadonlyArray<AnyModuleRuntime> =>
    Array.from(this.app.live.values(), (instance) => Faces.of(instance).runtime)

  readonly evict = async (instanceId: string): Promise<void> => {
    const found = await Effect.runPromiseWith(this.scope.context)(this.scope.evict(instanceId))
    if (found) this.changed()
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => void this.listeners.delete(listener)
  }

  private changed(): void {
    this.app.tell(this.listeners)
  }

  readonly dispose = (): Promise<void> => {
    if (this.status === "failed") return Promise.resolve()
    this.status = "disposed"
    this.disposing ??= this.end()
    return this.disposing
  }
  readonly [Symbol.asyncDispose] = (): Promise<void> => this.dispose()

  private async end(): Promise<void> {
    const close = Effect.andThen(Fiber.interrupt(this.building), this.close)
    await Effect.runPromiseWith(this.scope.context)(close)
    this.changed()
  }

  private get close(): Effect.Effect<void> {
    const { app, scope } = this
    return scope.closeInstances.pipe(Effect.andThen(app.sinks.finish), Effect.andThen(scope.release))
  }

  // --- local instances ----------------------------------------------------------------------------------

  readonly local = <Id extends string, S, A, X, Input, R, P, T>(
    module: Module<Id, S, A, X, Input, R, P, T> | ModuleImpl<Id, S, A, X, Input, R, P, T>,
    options: LocalOptions<Input> = {}
  ): Local<S, A, X, T> => {
    this.requireReady()
    const impl: AnyModuleImpl = "impl" in module ? module.impl : module
    const { closed, instance, mount } = this.locals.get(impl, options)
    return { ref: runtimeOf(instance) as ModuleRuntime<S, A, T> & X, mount, closed }
  }

  private readonly locals = new Locals({
    make: (impl, input) => {
      const scope = new ModuleScope(this.app, this.scope, "local")
      scope.admit([impl], (each) => (each === impl ? input : undefined))
      return scope
    },
    starts: () => this.status === "ready",
    start: (scope, { impl, instanceId }) => {
      this.fork(scope.start()).addObserver((exit) => {
        if (Exit.isFailure(exit) && !Cause.hasInterruptsOnly(exit.cause)) {
          const at = { instanceId, moduleId: impl.def.id, entry: "local instance" }
          this.onError(exit.cause, { ...at, during: "build" })
        }
        this.changed()
      })
    },
    close: (scope) => {
      this.fork(Effect.map(scope.close, () => this.changed()))
    }
  })
}

const runtimeOf = (instance: AnyInstance | undefined): object | undefined =>
  instance && Faces.of(instance).runtime
