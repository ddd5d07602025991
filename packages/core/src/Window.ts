/** What the body of a transaction writes to while its window is open, and how a body is run. */
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import * as Body from "./Body.ts"
import type { Caller } from "./Caller.ts"
import type * as Collection from "./Collection.ts"
import type { Origin } from "./Commit.ts"
import { TransactionSuspended } from "./Errors.ts"
import type { StateTransaction } from "./Handle.ts"
import * as Transaction from "./Transaction.ts"

/** What `afterCommit` was given, and the services to run it with. */
export interface Deferred {
  readonly effect: Effect.Effect<unknown, unknown>
  readonly services: Context.Context<never>
}

/** What a body's run asks of its instance. */
export interface BodyHost<S> {
  readonly kernel: Transaction.Kernel<S, never>
  readonly mutate: (state: S, recipe: (draft: Collection.Drafted<S>) => void) => S
  /** Makes the open transaction the cause of what runs with these services. */
  readonly caused: (services: Context.Context<never>, caller: Caller | undefined) => Context.Context<never>
  /** Told what a fiber that the body forked for later failed with. */
  readonly failed: (cause: Cause.Cause<unknown>, origin: Origin) => void
}

const recipeOrigin: Origin = { kind: "state-update", name: "a write inside a mutate recipe" }

/** The window of a body: what it may write to, while it is open. */
export class BodyWindow<S> implements Transaction.Window, StateTransaction<S> {
  private readonly host: BodyHost<S>
  private readonly instanceId: string
  private readonly origin: Origin
  private readonly services: Context.Context<never>
  draft: S
  open = true
  /** While a recipe runs: what is written beside it would be lost. */
  private mutating = false
  readonly after: Array<Deferred> = []

  constructor(host: BodyHost<S>, origin: Origin, services: Context.Context<never>, state: S) {
    this.host = host
    this.instanceId = host.kernel.instanceId
    this.origin = origin
    this.services = services
    this.draft = state
  }

  readonly get = (): S => {
    this.check()
    return this.draft
  }

  readonly set = (state: S): void => {
    this.checkWrite()
    this.draft = state
  }

  readonly update = (f: (state: S) => S): void => {
    this.checkWrite()
    const next = f(this.draft)
    Transaction.refusePromise(this.instanceId, this.origin, next)
    this.draft = next
  }

  readonly mutate = (recipe: (draft: Collection.Drafted<S>) => void): void => {
    this.checkWrite()
    this.mutating = true
    try {
      this.draft = this.host.mutate(this.draft, recipe)
    } finally {
      this.mutating = false
    }
  }

  readonly afterCommit = (effect: Effect.Effect<unknown, unknown>): void => this.defer(effect, this.services)

  /** The services are those of the body, or of the Effect in it that asked. */
  defer<R>(effect: Effect.Effect<unknown, unknown, R>, services: Context.Context<never>): void {
    this.check()
    // The body's type says what its effects need, and its services are those of its caller.
    this.after.push({ effect: effect as Effect.Effect<unknown, unknown>, services })
  }

  suspended(by: TransactionSuspended["by"]): TransactionSuspended {
    return new TransactionSuspended({
      instanceId: this.instanceId,
      entry: Transaction.describe(this.origin),
      by
    })
  }

  private check(): void {
    if (!this.open) throw this.suspended("late write")
  }

  private checkWrite(): void {
    this.check()
    if (this.mutating) throw this.host.kernel.inTransaction(recipeOrigin, this.host.kernel)
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

/** A function, an Effect, or a function that returns one. */
export type TransactBody<S> =
  | Effect.Effect<unknown, unknown, unknown>
  | ((tx: StateTransaction<S>) => unknown)

/** One run of a body. After `step` has returned or thrown, one of `committed` and `rolledBack` must follow. */
export class BodyRun<S> {
  private readonly host: BodyHost<S>
  private readonly origin: Origin
  private readonly body: TransactBody<S>
  private readonly services: Context.Context<never>
  private readonly caller: Caller | undefined
  private running: Body.RunningBody<unknown, unknown> | undefined
  private after: ReadonlyArray<Deferred> = []
  /** What the body returned. */
  result: unknown

  constructor(
    host: BodyHost<S>,
    origin: Origin,
    body: TransactBody<S>,
    services: Context.Context<never>,
    caller: Caller | undefined
  ) {
    this.caller = caller
    this.host = host
    this.origin = origin
    this.body = body
    this.services = services
  }

  /** Opens the window, runs the body in it, and gives the state it leaves. */
  readonly step = (state: S): S => {
    const { body, host } = this
    const window = new BodyWindow<S>(host, this.origin, this.services, state)
    host.kernel.window = window
    try {
      const value = typeof body === "function" ? body(window) : body
      Transaction.refusePromise(host.kernel.instanceId, this.origin, value)
      // What it needs is in the type of `transact`, and its caller's services are these.
      if (Effect.isEffect(value)) this.runEffect(window, value as Effect.Effect<unknown, unknown>)
      else this.result = value
      this.after = window.after
      return window.draft
    } finally {
      window.open = false
      host.kernel.window = undefined
    }
  }

  private runEffect(window: BodyWindow<S>, effect: Effect.Effect<unknown, unknown>): void {
    const { host, origin } = this
    const services = host.caused(this.services, this.caller)
    const running = Body.run(effect, services, (cause) => host.failed(cause, origin))
    this.running = running
    if (running.exit === undefined) throw window.suspended("effect")
    if (Exit.isFailure(running.exit)) throw new BodyFailed(running.exit.cause)
    this.result = running.exit.value
  }

  /** What it forked starts now; returns what it left for after the commit. */
  committed(scope: Scope.Scope): ReadonlyArray<Deferred> {
    this.running?.release(scope)
    return this.after
  }

  // Only now that the window is closed, so that what the interruption writes is too late.
  rolledBack(): void {
    this.running?.discard()
  }
}
