/** Local instances, for bindings: cold when made, started by their first user, closed after their last. */
import type { ModuleRuntime } from "./Handle.ts"
import type { AnyInstance } from "./Instance.ts"
import { timer } from "./internal/platform.ts"
import type { AnyModuleImpl } from "./Module.ts"
import type { ModuleScope } from "./ModuleScope.ts"
import type { NoTraits } from "./Trait.ts"

export interface LocalOptions<Input> {
  /** Instances of one module with the same key are one, while anyone has it mounted. */
  readonly key?: string
  readonly input?: Input
  /** Milliseconds that it outlives its last user. Default 0: until the next turn of the host. */
  readonly gcTime?: number
}

/** A local instance as a component has it: cold until it is first mounted. */
export interface Local<S, A, X, T = NoTraits> {
  readonly ref: ModuleRuntime<S, A, T> & X
  /** Starts it the first time. When every mount has been released it is closed, after `gcTime`. */
  readonly mount: () => () => void
  /** It has ended and does not start again: ask for another. */
  readonly closed: () => boolean
}

/** What local instances ask of the scope that they are made in. */
export interface LocalHost {
  /** A scope with a cold instance of the module and of all that it imports. */
  readonly make: (impl: AnyModuleImpl, input: unknown) => ModuleScope
  /** Whether it still starts any. */
  readonly starts: () => boolean
  readonly start: (scope: ModuleScope, instance: AnyInstance) => void
  readonly close: (scope: ModuleScope) => void
}

/** How long a keyed instance waits for the first component to commit, in milliseconds. */
const coldTime = 5000

class LocalInstance {
  readonly instance: AnyInstance
  private readonly host: LocalHost
  private readonly scope: ModuleScope
  private readonly gcTime: number
  private readonly started: () => void
  private readonly ended: () => void
  private mounts = 0
  private phase: "cold" | "started" | "closed" = "cold"
  private cancelClose: (() => void) | undefined

  constructor(
    host: LocalHost,
    scope: ModuleScope,
    instance: AnyInstance,
    gcTime: number,
    started: () => void,
    ended: () => void
  ) {
    this.host = host
    this.scope = scope
    this.instance = instance
    this.gcTime = gcTime
    this.started = started
    this.ended = ended
  }

  get isCold(): boolean {
    return this.phase === "cold"
  }

  readonly closed = (): boolean => this.instance.closed

  readonly mount = (): (() => void) => {
    this.cancelClose?.()
    this.cancelClose = undefined
    this.mounts++
    if (this.isCold && this.host.starts()) {
      this.phase = "started"
      this.started()
      this.host.start(this.scope, this.instance)
    }
    let released = false
    return () => {
      if (released) return
      released = true
      if (--this.mounts === 0 && this.phase === "started") this.cancelClose = timer(this.close, this.gcTime)
    }
  }

  private readonly close = (): void => {
    this.phase = "closed"
    this.ended()
    this.host.close(this.scope)
  }
}

/** The local instances of a runtime, those with a key by module and key. */
export class Locals {
  private readonly host: LocalHost
  private readonly keyed = new Map<AnyModuleImpl, Map<string, LocalInstance>>()

  constructor(host: LocalHost) {
    this.host = host
  }

  get(impl: AnyModuleImpl, options: LocalOptions<unknown>): LocalInstance {
    return options.key === undefined
      ? this.make(impl, options, noop, noop)
      : this.underKey(impl, options.key, options)
  }

  private underKey(impl: AnyModuleImpl, key: string, options: LocalOptions<unknown>): LocalInstance {
    const byKey = this.keyed.get(impl) ?? new Map<string, LocalInstance>()
    this.keyed.set(impl, byKey)
    const found = byKey.get(key)
    if (found !== undefined && !found.closed()) return found
    // Also one that was forgotten while cold, and is mounted after all.
    const remember = () => byKey.has(key) || byKey.set(key, made)
    const forget = () => byKey.get(key) === made && byKey.delete(key)
    const made = this.make(impl, options, remember, forget)
    byKey.set(key, made)
    // Those that no component mounts, such as of a render that never commits, are forgotten.
    timer(() => made.isCold && forget(), Math.max(options.gcTime ?? 0, coldTime))
    return made
  }

  private make(
    impl: AnyModuleImpl,
    options: LocalOptions<unknown>,
    started: () => void,
    ended: () => void
  ): LocalInstance {
    const scope = this.host.make(impl, options.input)
    const instance = scope.own(impl.def.id)
    if (instance === undefined) throw new Error("A scope has what it was made of.")
    return new LocalInstance(this.host, scope, instance, options.gcTime ?? 0, started, ended)
  }
}

const noop = () => {}
