/** What the body of a transaction writes to while its window is open, and how a body is run. */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import * as Body from "./Body.ts"
import type { Caller } from "./Caller.ts"
import type * as Collection from "./Collection.ts"
import type { Origin } from "./Commit.ts"
import { TransactionSuspended } from "./Errors.ts"
import type { StateTransaction } from "./Handle.ts"
import type { Any } from "./internal/any.ts"
import type { TxnRef } from "./Trace.ts"
import * as Transaction from "./Transaction.ts"

/** What `afterCommit` was given, and the services to run it with. */
export interface Deferred {
  readonly effect: Effect.Effect<unknown, unknown>
  readonly services: Context.Context<never>
}

/** What a body's run asks of its instance. */
export interface BodyHost<S> extends Transaction.Open {
  window: Transaction.Window | undefined
  readonly state: S
  readonly txnRef: TxnRef
  readonly mutate: (state: S, recipe: (draft: Collection.Drafted<S>) => void) => S
  /** Makes the open transaction the cause of what runs with these services. */
  readonly causedByOpen: (
    services: Context.Context<never>,
    caller: Caller | undefined
  ) => Context.Context<never>
  /** Where the body's children live. */
  readonly scope: Scope.Scope
  /** Starts what was left for after the commit. */
  readonly fork: (
    effect: Effect.Effect<unknown, unknown>,
    services: Context.Context<never>,
    entry: string,
    cause: TxnRef
  ) => void
  /** Told what a fiber that the body forked for later failed with. */
  readonly reportFailure: (cause: Cause.Cause<unknown>, during: "afterCommit", entry: string) => void
}

const none: ReadonlyArray<never> = []

const recipeOrigin: Origin = { kind: "state-update", name: "a write inside a mutate recipe" }

/** The window of a body: what it may write to, while it is open. */
export class BodyWindow<S> implements Transaction.Window, StateTransaction<S> {
  readonly host: BodyHost<S>
  readonly txn: TxnRef
  private readonly origin: Origin
  private readonly services: Context.Context<never>
  draft: S
  /** Written by `BodyRun`. */
  open = true
  /** While a recipe runs: what is written beside it would be lost. */
  private mutating = false
  /** Written by `defer`. */
  after: Array<Deferred> | undefined = undefined

  constructor(host: BodyHost<S>, origin: Origin, services: Context.Context<never>) {
    this.host = host
    this.txn = host.txnRef
    this.origin = origin
    this.services = services
    this.draft = host.state
  }

  // A body may take these apart, so each is bound; when it is asked for, because most bodies ask for one.

  get get(): () => S {
    return () => {
      this.check()
      return this.draft
    }
  }

  get set(): (state: S) => void {
    return (state) => {
      this.checkWrite()
      this.draft = state
    }
  }

  get update(): (f: (state: S) => S) => void {
    return (f) => {
      this.checkWrite()
      const next = f(this.draft)
      Transaction.refusePromise(this.txn.instanceId, this.origin, next)
      this.draft = next
    }
  }

  get mutate(): (recipe: (draft: Collection.Drafted<S>) => void) => void {
    return (recipe) => {
      this.checkWrite()
      this.mutating = true
      try {
        this.draft = this.host.mutate(this.draft, recipe)
      } finally {
        this.mutating = false
      }
    }
  }

  get afterCommit(): (effect: Effect.Effect<unknown, unknown>) => void {
    return (effect) => this.defer(effect, this.services)
  }

  /** The services are those of the body, or of the Effect in it that asked. */
  defer<R>(effect: Effect.Effect<unknown, unknown, R>, services: Context.Context<never>): void {
    this.check()
    // The body's type says what its effects need, and its services are those of its caller.
    this.after ??= []
    this.after.push({ effect: effect as Effect.Effect<unknown, unknown>, services })
  }

  suspended(by: TransactionSuspended["by"]): TransactionSuspended {
    return new TransactionSuspended({ ...Transaction.at(this.txn.instanceId, this.origin), by })
  }

  private check(): void {
    if (!this.open) throw this.suspended("late write")
  }

  private checkWrite(): void {
    this.check()
    if (this.mutating) throw Transaction.inTransaction(this.txn.instanceId, recipeOrigin, this.host)
  }
}

/** An Effect body failed. Unwrapped before anyone sees it. */
class BodyFailed extends Error {
  override readonly cause: Cause.Cause<unknown>

  constructor(cause: Cause.Cause<unknown>) {
    super("The body of a transaction failed")
    this.cause = cause
  }
}

/** What to tell of an error that a transition threw. */
export const causeOf = (error: unknown): Cause.Cause<unknown> =>
  error instanceof BodyFailed ? error.cause : Cause.die(error)

/** For callers that get no Exit. */
export const orThrow = (exit: Exit.Exit<unknown, unknown>): void => {
  if (Exit.isFailure(exit)) throw Cause.squash(exit.cause)
}

/** A function, an Effect, or a function that returns one. */
export type TransactBody<S> =
  | Effect.Effect<unknown, unknown, unknown>
  | ((tx: StateTransaction<S>) => unknown)

/** The same, of several transactions. */
export type GroupBody =
  | Effect.Effect<unknown, unknown, unknown>
  | ((...txs: ReadonlyArray<StateTransaction<Any>>) => unknown)

/** One run of a body. */
export class BodyRun {
  private readonly origin: Origin
  private readonly services: Context.Context<never>
  private readonly caller: Caller | undefined
  /** In the order in which they were opened. Written by `open`. */
  private windows: ReadonlyArray<BodyWindow<Any>> = none
  private running: Body.RunningBody<unknown, unknown> | undefined
  /** What the body returned. */
  private result: unknown

  constructor(origin: Origin, services: Context.Context<never>, caller: Caller | undefined) {
    this.origin = origin
    this.services = services
    this.caller = caller
  }

  /** Runs the body by a transition, which must call one of the steps. */
  during(transition: () => unknown): Exit.Exit<unknown, unknown> {
    try {
      transition()
    } catch (error) {
      // Only now that the window is closed, so that what the interruption writes is too late.
      this.running?.discard()
      return Exit.failCause(causeOf(error))
    }
    this.committed()
    return Exit.succeed(this.result)
  }

  /** Opens the window, runs the body in it, and gives the state it leaves. */
  step<S>(host: BodyHost<S>, body: TransactBody<S>): S {
    try {
      const window = this.open(host)
      this.take(window, typeof body === "function" ? body(window) : body)
      return window.draft
    } finally {
      this.close()
    }
  }

  /** The same for several; a host that is given twice has one window. The states are those of each host once. */
  stepAll(hosts: readonly [BodyHost<Any>, ...Array<BodyHost<Any>>], body: GroupBody): ReadonlyArray<unknown> {
    try {
      const windows = hosts.map((host) => this.open(host))
      this.take(this.open(hosts[0]), typeof body === "function" ? body(...windows) : body)
      return this.windows.map(({ draft }): unknown => draft)
    } finally {
      this.close()
    }
  }

  private open<S>(host: BodyHost<S>): BodyWindow<S> {
    // The window of a host is of its own states.
    const known: BodyWindow<S> | undefined = this.windows.find((window) => window.host === host)
    if (known !== undefined) return known
    const window = new BodyWindow(host, this.origin, this.services)
    this.windows = [...this.windows, window]
    host.window = window
    return window
  }

  private close(): void {
    for (const window of this.windows) {
      window.open = false
      window.host.window = undefined
    }
  }

  /** What the body gave: an Effect is run to its end while the window is open. */
  private take<S>(window: BodyWindow<S>, value: unknown): void {
    Transaction.refusePromise(window.txn.instanceId, this.origin, value)
    // What it needs is in the type of `transact`, and its caller's services are these.
    if (Effect.isEffect(value)) this.runEffect(window, value as Effect.Effect<unknown, unknown>)
    else this.result = value
  }

  private runEffect<S>(window: BodyWindow<S>, effect: Effect.Effect<unknown, unknown>): void {
    const { host } = window
    const services = host.causedByOpen(this.services, this.caller)
    const running = Body.run(effect, services, (cause) =>
      host.reportFailure(cause, "afterCommit", this.origin.name)
    )
    this.running = running
    if (running.exit === undefined) throw window.suspended("effect")
    if (Exit.isFailure(running.exit)) throw new BodyFailed(running.exit.cause)
    this.result = running.exit.value
  }

  /** What it forked, and what it left for after the commit, starts now. */
  private committed(): void {
    const [first] = this.windows
    if (first !== undefined) this.running?.release(first.host.scope)
    for (const { after, host, txn } of this.windows) {
      for (const { effect, services } of after ?? none) host.fork(effect, services, this.origin.name, txn)
    }
  }
}

/**
 * One of each that a body takes, to be kept: V8 forgets the shape of objects when a full collection finds none,
 * and with it all that it has compiled for them.
 */
export const shapesOf = <S>(host: BodyHost<S>): unknown => [
  new BodyRun(recipeOrigin, Context.empty(), undefined),
  new BodyWindow(host, recipeOrigin, Context.empty())
]
