/** Local instances: cold when made, started by their first user, closed after their last. */
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type * as Layer from "effect/Layer"
import type { ModuleRuntime } from "./Handle.ts"
import type { AnyInstance } from "./Instance.ts"
import type { AnyLayer, AnyModuleImpl } from "./Module.ts"
import type { NoTraits } from "./Trait.ts"

export interface LocalOptions<Input, Services = never, In = never> {
  /** Instances of one module with the same key are one, while anyone has it mounted. */
  readonly key?: string | undefined
  readonly input?: Input
  /** How long it outlives its last user; a number is milliseconds. Default 0: until the next turn of the host. */
  readonly gcTime?: Duration.Input | undefined
  /** Services for its logics: built when it starts, released when it has closed. Of the one who makes it. */
  readonly layer?: Layer.Layer<Services, unknown, In> | undefined
}

/** A local instance as a component has it: cold until it is first mounted. */
export interface Local<S, A, X, T = NoTraits> {
  readonly ref: ModuleRuntime<S, A, T> & X
  /**
   * Starts it the first time. When every mount has been released it is closed, after `gcTime`. `evicted` is
   * told if it was closed before this mount was released: ask for another.
   */
  readonly mount: (evicted?: () => void) => () => void
  /** It has ended and does not start again, or another was mounted under its key before it: ask for that. */
  readonly closed: () => boolean
  /** Whether it is of this module, or of one that took its place. */
  readonly isOf: (module: object) => boolean
}

/** A module's instance, cold, with those of all that it imports. */
export interface Cold {
  readonly instance: AnyInstance
  readonly start: () => void
  readonly close: Effect.Effect<void>
}

export interface MakeOptions extends Omit<LocalOptions<unknown>, "layer"> {
  readonly layer?: AnyLayer | undefined
  /** What it may use. Default: what the scope may. */
  readonly context?: Context.Context<never> | undefined
}

/** What local instances ask of the scope that they are made in. */
export interface LocalsHost {
  readonly makeLocal: (impl: AnyModuleImpl, options: MakeOptions, local: LocalInfo) => Cold
  /** Whether it starts none any more. */
  readonly closed: boolean
  readonly app: {
    /** What stands for an implementation that may have been replaced. */
    readonly latest: (impl: AnyModuleImpl) => AnyModuleImpl
    /** Runs the task after the time has passed; returns the function that cancels it. */
    readonly timer: (task: () => void, ms: number) => () => void
    readonly fork: (effect: Effect.Effect<void>) => unknown
  }
}

/** What a local instance's scope knows of it. */
export interface LocalInfo {
  readonly key: string | undefined
  readonly instance: AnyInstance
  /** How many have it mounted. */
  readonly mounts: () => number
  /** Its layers have been built and its setups run, or it failed, or has ended before. */
  readonly ready: (exit: Exit.Exit<unknown, unknown>) => void
  /** It was closed, and not because its last user had left. */
  readonly evicted: () => void
}

/** How long a keyed instance at least waits for a component that has rendered to commit, in milliseconds. */
const coldTime = 5000

export class LocalInstance implements LocalInfo {
  readonly key: string | undefined
  private readonly host: LocalsHost
  private readonly cold: Cold
  readonly gcTime: number
  /** Written by `Locals`. */
  started: () => void = noop
  ended: () => void = noop
  /** Whether another has its key. Written by `Locals`. */
  outrun: () => boolean = never
  /** Those that have it mounted, each with what to tell it. Written by `mount`. */
  private readonly users = new Set<User>()
  /** Written by `mount`, `close` and `evicted`. */
  private phase: "cold" | "started" | "closed" = "cold"
  private cancelClose: (() => void) | undefined
  /** Ends the mount for a reader that is yet to have it mounted. Written by `startFor` and `mount`. */
  private letGo: (() => void) | undefined
  /** Written by `ready`. */
  startup: Exit.Exit<unknown, unknown> | undefined
  /** Told of it. Written by `Local.acquire`. */
  awaiting: Set<(exit: Exit.Exit<unknown, unknown>) => void> | undefined

  constructor(host: LocalsHost, impl: AnyModuleImpl, options: MakeOptions) {
    this.host = host
    this.key = options.key
    this.gcTime = Duration.toMillis(options.gcTime ?? 0)
    this.cold = host.makeLocal(impl, options, this)
  }

  get instance(): AnyInstance {
    return this.cold.instance
  }

  get isCold(): boolean {
    return this.phase === "cold"
  }

  readonly closed = (): boolean =>
    this.phase === "closed" || this.instance.closed || (this.isCold && this.outrun())

  readonly isOf = (module: object): boolean => {
    // Whatever it is, it is only looked up.
    const impl = ("impl" in module ? module.impl : module) as AnyModuleImpl
    return this.instance.impl === this.host.app.latest(impl)
  }

  mounts(): number {
    return this.users.size
  }

  readonly mount = (evicted?: () => void): (() => void) => {
    this.cancelClose?.()
    this.cancelClose = undefined
    const user = { evicted }
    this.users.add(user)
    this.letGo?.()
    this.letGo = undefined
    if (this.isCold && !this.host.closed) {
      this.phase = "started"
      this.started()
      this.cold.start()
    }
    return () => {
      if (!this.users.delete(user) || this.users.size > 0 || this.phase !== "started") return
      this.closeAfter(this.gcTime)
    }
  }

  private closeAfter(ms: number): void {
    const { app } = this.host
    this.cancelClose = app.timer(() => app.fork(this.close), ms)
  }

  /** A component that has rendered with it may mount it yet. */
  asked(): void {
    if (this.cancelClose === undefined) return
    this.cancelClose()
    this.closeAfter(Math.max(this.gcTime, coldTime))
  }

  /** Now, if it would be closed by and by: nobody has it mounted any more. */
  get closeIfLeft(): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.cancelClose === undefined) return Effect.void
      this.cancelClose()
      return this.close
    })
  }

  ready(exit: Exit.Exit<unknown, unknown>): void {
    if (this.startup !== undefined) return
    this.startup = exit
    for (const told of this.awaiting ?? []) told(exit)
  }

  evicted(): void {
    if (this.phase !== "started") return
    this.phase = "closed"
    this.cancelClose?.()
    this.ended()
    const users = [...this.users]
    for (const { evicted } of users) evicted?.()
  }

  /** Starts it for a reader that can have it mounted only once there is something to show. */
  readonly startFor = (reader: Promise<void>): void => {
    if (!this.isCold) return
    const release = this.mount()
    this.letGo = release
    void reader.then(() => this.host.app.timer(release, coldTime))
  }

  private get close(): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.phase = "closed"
      this.ended()
      return this.cold.close
    })
  }
}

interface User {
  readonly evicted: (() => void) | undefined
}

/** The local instances of a scope, those with a key by module and key. */
export class Locals {
  private readonly host: LocalsHost
  private readonly keyed = new Map<AnyModuleImpl, Map<string, LocalInstance>>()

  constructor(host: LocalsHost) {
    this.host = host
  }

  get(given: AnyModuleImpl, options: MakeOptions): LocalInstance {
    const impl = this.host.app.latest(given)
    return options.key === undefined
      ? new LocalInstance(this.host, impl, options)
      : this.underKey(impl, options.key, options)
  }

  /** Of the module as it is now: it may have been replaced since. */
  private byKey(impl: AnyModuleImpl): Map<string, LocalInstance> {
    const latest = this.host.app.latest(impl)
    const known = this.keyed.get(latest) ?? new Map<string, LocalInstance>()
    this.keyed.set(latest, known)
    return known
  }

  private underKey(impl: AnyModuleImpl, key: string, options: MakeOptions): LocalInstance {
    const found = this.byKey(impl).get(key)
    if (found !== undefined && !found.closed()) {
      found.asked()
      return found
    }
    const made = new LocalInstance(this.host, impl, options)
    const keep = () => void this.byKey(impl).set(key, made)
    const forget = () => this.byKey(impl).get(key) === made && this.byKey(impl).delete(key)
    // Also one that was forgotten while cold, and is mounted after all.
    made.started = () => this.byKey(impl).has(key) || keep()
    made.ended = forget
    made.instance.startFor = made.startFor
    made.outrun = () => (this.byKey(impl).get(key) ?? made) !== made
    keep()
    // Those that no component mounts, such as of a render that never commits, are forgotten.
    this.host.app.timer(() => made.isCold && forget(), Math.max(made.gcTime, coldTime))
    return made
  }

  /** What runs of one implementation is found under the other; what is still cold is forgotten. */
  superseded(previous: AnyModuleImpl, next: AnyModuleImpl): void {
    const replaced = this.keyed.get(previous)
    if (replaced === undefined) return
    this.keyed.delete(previous)
    const known = this.byKey(next)
    for (const [key, local] of replaced) if (!local.isCold && !known.has(key)) known.set(key, local)
  }
}

const noop = () => {}
const never = () => false
