/** One instance of a module: its kernel, channels and subscriptions wired together under one Scope. */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scheduler from "effect/Scheduler"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Body from "./Body.ts"
import { Consumer, type Demand, Ticket, Waiter } from "./Channel.ts"
import * as Collection from "./Collection.ts"
import type { AnyAction, Commit, Origin } from "./Commit.ts"
import {
  EntryInTransaction,
  InstanceClosed,
  InvalidPayload,
  InvalidState,
  ReducerFailed,
  TransactionSuspended,
  UnknownAction
} from "./Errors.ts"
import type {
  Action,
  Backlog,
  Equals,
  ModuleHandle,
  ModuleRuntime,
  Selector,
  StateTransaction
} from "./Handle.ts"
import { monotonicMs } from "./internal/platform.ts"
import { issueOf } from "./internal/validate.ts"
import type { AnySchema, ModuleImpl } from "./Module.ts"
import { Subscriptions } from "./Subscription.ts"
import { Detail, type EntryEvent, type TraceRecorder, type TxnRef, txnId } from "./Trace.ts"
import * as Transaction from "./Transaction.ts"

/** Where an error came from that no caller could be given, or that its caller got as well. */
export interface ErrorInfo {
  readonly instanceId: string
  readonly moduleId: string
  readonly during:
    | "entry"
    | "handler"
    | "listener"
    | "setup"
    | "afterCommit"
    | "predicate"
    | "sink"
    | "trace"
    | "build"
  /** E.g. `action "add"`, or the name of the consumer or logic. */
  readonly entry: string
  readonly tag?: string
  readonly txnId?: string
}

/** What an instance uses of its runtime. */
export interface InstanceHost {
  readonly trace: TraceRecorder
  readonly scheduler: Scheduler.Scheduler
  readonly onError: (cause: Cause.Cause<unknown>, info: ErrorInfo) => void
  readonly warn: (message: string) => void
  readonly sinks: ReadonlyArray<Consumer<Commit>>
  readonly nextSeq: () => number
}

/** On whose behalf a fiber makes entries: a handler's, a setup's, or what a transaction left to do. */
export interface Caller {
  readonly txn: TxnRef | undefined
  readonly consumer: Consumer<Delivery> | Consumer<Commit> | undefined
  readonly instance: AnyInstance | undefined
}

const handles = new WeakMap<object, ModuleHandle<any, any>>() // any: of any module
const instances = new WeakMap<object, AnyInstance>()

/** What logic gets for a ModuleRuntime. */
export const handleOf = (runtime: object): unknown => handles.get(runtime)

/** The instance behind a ModuleRuntime, for the runtime that holds it. */
export const instanceOf = (runtime: object): AnyInstance | undefined => instances.get(runtime)

const resetOrigin: Origin = { kind: "state-update", name: "reset" }
const batchOrigin: Origin = { kind: "action", name: "batch" }

/** A caller's own word for its transaction is the name of a `state-update`. */
export const toOrigin = (origin: string | Origin): Origin =>
  typeof origin === "string" ? { kind: "state-update", name: origin } : origin

const changedFields = (previous: unknown, next: unknown): ReadonlyArray<string> => {
  if (previous === next) return []
  if (typeof previous !== "object" || typeof next !== "object" || previous === null || next === null)
    return []
  const fields = new Set([...Object.keys(previous), ...Object.keys(next)])
  return [...fields].filter((field) => !Object.is(Reflect.get(previous, field), Reflect.get(next, field)))
}

export const CallerRef = Context.Reference<Caller | undefined>("@sluice/core/Caller", {
  defaultValue: () => undefined
})

/** The fibers that pull an `actionStream`, with what they pulled last: their entries are caused by it. */
const pullers = new WeakMap<Fiber.Fiber<unknown, unknown>, Caller>()

const callerOf = (fiber: Fiber.Fiber<unknown, unknown> | undefined): Caller | undefined =>
  fiber && (pullers.get(fiber) ?? fiber.getRef(CallerRef))

/** A committed action on its way to a consumer, with the transaction that committed it. */
export interface Delivery extends TxnRef {
  readonly action: AnyAction
}

/** What an entry brings along besides its state change. */
interface EntryContext {
  readonly cause: TxnRef | undefined
  readonly waiter: Waiter | undefined
  readonly ticket: Ticket | null
}

const plainContext: EntryContext = { cause: undefined, waiter: undefined, ticket: null }

/** All that is known of a tag. `consumers` is asked anew when they changed. */
interface Plan<S> {
  readonly origin: Origin
  readonly tags: ReadonlyArray<string>
  readonly step: (state: S, action: AnyAction) => S
  consumers: ReadonlyArray<Consumer<Delivery>>
  consumersVersion: number
}

/** The window of a body: what it may write to, while it is open. */
class BodyWindow<S> implements Transaction.Window, StateTransaction<S> {
  private readonly instanceId: string
  private readonly origin: Origin
  private readonly services: Context.Context<never>
  /** Fibers of the body have this id or a later one. Written once, when an Effect body starts. */
  bodyFiber: number | undefined
  draft: S
  open = true
  readonly after: Array<Effect.Effect<unknown>> = []

  constructor(instanceId: string, origin: Origin, services: Context.Context<never>, state: S) {
    this.instanceId = instanceId
    this.origin = origin
    this.services = services
    this.draft = state
  }

  isOwn(): boolean {
    if (this.bodyFiber === undefined) return true
    const fiber = Fiber.getCurrent()
    return fiber === undefined || fiber.id >= this.bodyFiber
  }

  readonly get = (): S => {
    this.check()
    return this.draft
  }

  readonly set = (state: S): void => {
    this.check()
    this.draft = state
  }

  readonly update = (f: (state: S) => S): void => {
    this.check()
    const next = f(this.draft)
    if (Transaction.isPromiseLike(next)) throw this.suspended("promise")
    this.draft = next
  }

  readonly mutate = (recipe: (draft: Collection.Drafted<S>) => void): void => {
    this.check()
    this.draft = Collection.mutate(this.draft, recipe)
  }

  readonly afterCommit = <R>(effect: Effect.Effect<unknown, unknown, R>): void =>
    this.defer(effect, this.services)

  /** The services are those of the body, or of the Effect in it that asked. */
  defer<R>(effect: Effect.Effect<unknown, unknown, R>, services: Context.Context<never>): void {
    this.check()
    // The body's type says what its effects need, and its services are those of its caller.
    this.after.push(Effect.provideContext(effect as Effect.Effect<unknown>, services))
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
}

/** An Effect body failed. Unwrapped before anyone sees it. */
class BodyFailed {
  readonly cause: Cause.Cause<unknown>
  constructor(cause: Cause.Cause<unknown>) {
    this.cause = cause
  }
}

const causeOf = (error: unknown): Cause.Cause<unknown> =>
  error instanceof BodyFailed ? error.cause : Cause.die(error)

export type TransactBody<S> =
  | Effect.Effect<unknown, unknown, unknown>
  | ((tx: StateTransaction<S>) => unknown)

export interface ConsumerRequest {
  readonly name: string
  readonly tags: ReadonlyArray<string> | "all"
  readonly predicate?: ((action: AnyAction) => boolean) | undefined
  readonly capacity?: number | undefined
  readonly limit: number
}

export type AnyInstance = Instance<any, any> // any: an instance is invariant in its state

export class Instance<S, A> {
  readonly impl: ModuleImpl<string, S, A, unknown, unknown, unknown, unknown>
  readonly instanceId: string
  readonly host: InstanceHost
  readonly scope: Scope.Closeable
  readonly kernel: Transaction.Kernel<S>
  readonly runtime: ModuleRuntime<S, A>
  readonly handle: ModuleHandle<S, A>
  private readonly initial: S
  private readonly subscriptions: Subscriptions<S>
  private readonly conflated: Subscriptions<S>
  private readonly plans = new Map<string, Plan<S>>()
  /** Services for what the instance forks. Written by `start`. */
  private services: Context.Context<never> = Context.empty()
  private readonly dispatcher: Scheduler.SchedulerDispatcher

  // Written by `subscribe`, `unsubscribe`, `setupsEnded` and `close`.
  private consumers: Array<Consumer<Delivery>> = []
  private consumersVersion = 0
  /** Every action until all setups have ended. */
  private kept: Consumer<Delivery> | undefined
  private readonly waiting = new Map<Waiter, (exit: Exit.Exit<never>) => void>()
  closed = false
  /** The state to come back to, while devtools show another. Written by `travel` and `live`. */
  private away: { readonly state: S } | undefined
  /** Start of the entry in monotonic milliseconds, if anyone will read it. Written by each entry. */
  private startedAt = 0
  private detail: Detail = Detail.none

  constructor(
    impl: ModuleImpl<string, S, A, unknown, unknown, unknown, unknown>,
    instanceId: string,
    input: unknown,
    host: InstanceHost
  ) {
    this.impl = impl
    this.instanceId = instanceId
    this.host = host
    this.scope = Scope.makeUnsafe()
    this.dispatcher = host.scheduler.makeDispatcher()
    const listenerFailed = (error: unknown) => this.report(Cause.die(error), "listener", "subscriber")
    this.subscriptions = new Subscriptions(listenerFailed)
    this.conflated = new Subscriptions(listenerFailed)
    this.initial = impl.initial(input)
    this.checkState({ kind: "init", name: "initial" }, this.initial)
    this.kernel = new Transaction.Kernel<S>(instanceId, this.initial, {
      check: (origin, next) => {
        if (impl.validate === "commit" || origin.kind === "devtools") this.checkState(origin, next)
      },
      publish: this.publish,
      rolledBack: this.rolledBack,
      tell: this.tell
    })
    if (impl.logics.length > 0) {
      this.kept = new Consumer({
        name: "(until every setup has ended)",
        tags: "all",
        capacity: impl.channel.capacity,
        limit: Number.POSITIVE_INFINITY,
        matches: () => true
      })
      this.consumers.push(this.kept)
    }
    const made = this.makeRuntime()
    this.handle = made.handle
    this.runtime = made.runtime
    handles.set(this.runtime, this.handle)
    instances.set(this.runtime, this)
  }

  // --- entries ------------------------------------------------------------------------------------------

  /** For callers that cannot wait: commits before it returns, unless a commit is being told. */
  enterSync(origin: Origin, run: (context: EntryContext) => void, ticket: Ticket | null): void {
    const open = Transaction.current()
    if (open?.isOwn) throw this.inTransaction(origin, open.kernel)
    if (this.closed) throw this.instanceClosed(origin)
    const cause = callerOf(Fiber.getCurrent())?.txn
    const context =
      cause === undefined && ticket === null ? plainContext : { cause, waiter: undefined, ticket }
    if (open === undefined && this.kernel.idle) return run(context)
    this.whenIdle(() => {
      if (this.closed) return ticket?.closed()
      try {
        run(context)
      } catch (error) {
        // Its caller has gone on; `rolledBack` has given the error to `onError`.
        ticket?.failed(error)
      }
    })
  }

  /** For callers that can wait: enters when every consumer of the actions has room. */
  enter<B, E>(
    origin: Origin,
    actions: ReadonlyArray<AnyAction>,
    attempt: (context: EntryContext) => Exit.Exit<B, E>
  ): Effect.Effect<B, E> {
    return Effect.withFiber((fiber) => {
      const open = Transaction.current()
      if (open?.isOwn) return Effect.die(this.inTransaction(origin, open.kernel))
      if (Body.isLate(fiber)) return Effect.die(this.lateWrite(origin))
      if (this.closed) return Effect.die(this.instanceClosed(origin))
      const caller = callerOf(fiber)
      if (open === undefined && this.kernel.idle && this.hasRoom(actions, caller)) {
        return attempt(
          caller === undefined ? plainContext : { cause: caller.txn, waiter: undefined, ticket: null }
        )
      }
      return this.enterWhenRoom(origin, actions, caller, attempt)
    })
  }

  private enterWhenRoom<B, E>(
    origin: Origin,
    actions: ReadonlyArray<AnyAction>,
    caller: Caller | undefined,
    attempt: (context: EntryContext) => Exit.Exit<B, E>
  ): Effect.Effect<B, E> {
    return Effect.callback<B, E>((resume) => {
      let ended = false
      const settle = (exit: Exit.Exit<B, E>) => {
        ended = true
        this.waiting.delete(waiter)
        waiter.end()
        resume(exit)
      }
      const waiter = new Waiter({
        from: caller?.consumer,
        demands: () => this.demands(actions, caller),
        enter: () =>
          this.whenIdle(() => {
            if (!ended) settle(attempt({ cause: caller?.txn, waiter, ticket: null }))
          }),
        cycle: (consumer) =>
          this.host.warn(
            `${Transaction.describe(origin)} on ${this.instanceId}, made by a handler of ${consumer.name}, would wait for that handler itself, so it was let in beyond capacity. Raise the channel's capacity, or make the entry from a forked fiber.`
          )
      })
      this.waiting.set(waiter, settle)
      this.whenIdle(() => {
        if (!ended) waiter.start()
      })
      return Effect.sync(() => {
        ended = true
        this.waiting.delete(waiter)
        waiter.end()
      })
    })
  }

  /** Now if nothing is in the way; else after the open window, the commit being told, or the travel. */
  private whenIdle(task: () => void): void {
    if (Transaction.isOpen()) Transaction.whenClosed(() => this.whenIdle(task))
    else if (this.kernel.idle || this.closed) task()
    else this.kernel.later(task)
  }

  transition<Arg>(
    origin: Origin,
    actions: ReadonlyArray<AnyAction>,
    step: (state: S, arg: Arg) => S,
    arg: Arg,
    context: EntryContext
  ): void {
    this.detail = this.host.trace.detail()
    if (this.detail === Detail.full) this.startedAt = monotonicMs()
    this.kernel.transition(origin, actions, step, arg, context)
  }

  /** One transaction with a body: a function, an Effect, or a function that returns one. */
  runBody(
    origin: Origin,
    body: TransactBody<S>,
    services: Context.Context<never>,
    context: EntryContext
  ): Exit.Exit<unknown, unknown> {
    let running: Body.RunningBody<unknown, unknown> | undefined
    let result: unknown
    let after: ReadonlyArray<Effect.Effect<unknown>> = []
    const step = (state: S): S => {
      const window = new BodyWindow<S>(this.instanceId, origin, services, state)
      this.kernel.window = window
      try {
        const value = typeof body === "function" ? body(window) : body
        if (Effect.isEffect(value)) {
          // What it needs is in the type of `transact`, and its caller's services are these.
          running = Body.run(
            value as Effect.Effect<unknown, unknown>,
            services,
            (id) => (window.bodyFiber = id)
          )
          if (running.exit === undefined) throw window.suspended("effect")
          if (Exit.isFailure(running.exit)) throw new BodyFailed(running.exit.cause)
          result = running.exit.value
        } else if (Transaction.isPromiseLike(value)) {
          throw window.suspended("promise")
        } else {
          result = value
        }
        after = window.after
        return window.draft
      } finally {
        window.open = false
        this.kernel.window = undefined
      }
    }
    try {
      this.transition(origin, [], step, undefined, context)
    } catch (error) {
      running?.discard()
      return Exit.failCause(causeOf(error))
    }
    running?.release(this.scope)
    if (after.length > 0) {
      const cause: TxnRef = { instanceId: this.instanceId, n: this.kernel.txn }
      for (const effect of after) this.fork(effect, "afterCommit", origin.name, cause)
    }
    return Exit.succeed(result)
  }

  dispatch(action: AnyAction): Effect.Effect<void> {
    return Effect.suspend(() => {
      const plan = this.plan(action._tag)
      const actions = [action]
      return this.enter(plan.origin, actions, (context) =>
        this.attempt(plan.origin, actions, plan.step, action, context)
      )
    })
  }

  dispatchSync(action: AnyAction, ticket: Ticket | null): void {
    const plan = this.plan(action._tag)
    const actions = [action]
    if (
      ticket === null &&
      this.kernel.idle &&
      !this.closed &&
      !Transaction.isOpen() &&
      Fiber.getCurrent() === undefined
    ) {
      this.transition(plan.origin, actions, plan.step, action, plainContext)
      return
    }
    this.enterSync(
      plan.origin,
      (context) => this.transition(plan.origin, actions, plan.step, action, context),
      ticket
    )
  }

  private attempt<Arg>(
    origin: Origin,
    actions: ReadonlyArray<AnyAction>,
    step: (state: S, arg: Arg) => S,
    arg: Arg,
    context: EntryContext
  ): Exit.Exit<void> {
    try {
      this.transition(origin, actions, step, arg, context)
      return Exit.void
    } catch (error) {
      return Exit.die(error)
    }
  }

  private readonly stepAll = (state: S, actions: ReadonlyArray<AnyAction>): S => {
    let next = state
    for (const action of actions) next = this.plan(action._tag).step(next, action)
    return next
  }

  /** The Promise settles when every delivery has a slot. It never causes an unhandled rejection. */
  settling(origin: Origin, enter: (ticket: Ticket) => void): Promise<void> {
    const promise = new Promise<void>((resolve, reject) => {
      const ticket = new Ticket((settled) => {
        if (settled === "delivered") resolve()
        else reject(settled === "closed" ? this.instanceClosed(origin) : settled.error)
      })
      // Held open until the entry has run, which may be later than this call.
      ticket.expect()
      enter(ticket)
    })
    promise.catch(() => {})
    return promise
  }

  private plan(tag: string): Plan<S> {
    const known = this.plans.get(tag)
    if (known !== undefined) return known
    const { def } = this.impl
    if (!Object.hasOwn(def.actions, tag)) {
      throw new UnknownAction({ instanceId: this.instanceId, tag, known: Object.keys(def.actions) })
    }
    // The type of a reducer ties its payload to its tag; here the tag is any.
    const reducer = (
      def.reducers as Record<string, ((state: S, payload: unknown, action: AnyAction) => S) | undefined>
    )[tag]
    const origin: Origin = { kind: "action", name: tag }
    const made: Plan<S> = {
      origin,
      tags: [tag],
      step:
        reducer === undefined
          ? (state) => state
          : (state, action) => {
              try {
                return reducer(state, action.payload, action)
              } catch (cause) {
                throw new ReducerFailed({
                  instanceId: this.instanceId,
                  entry: Transaction.describe(this.kernel.origin),
                  tag,
                  cause
                })
              }
            },
      consumers: [],
      consumersVersion: -1
    }
    this.plans.set(tag, made)
    return made
  }

  // --- channels -----------------------------------------------------------------------------------------

  /** Opens a FIFO. Between its opening and `unsubscribe` it gets every matching action. */
  subscribe(request: ConsumerRequest): Consumer<Delivery> {
    const { tags, predicate } = request
    const consumer = new Consumer<Delivery>({
      name: request.name,
      tags,
      capacity: request.capacity ?? this.impl.channel.capacity,
      limit: request.limit,
      matches: ({ action }) => {
        if (tags !== "all" && !tags.includes(action._tag)) return false
        if (predicate === undefined) return true
        try {
          return predicate(action)
        } catch (error) {
          this.report(Cause.die(error), "predicate", request.name, action._tag)
          return false
        }
      }
    })
    if (this.kept !== undefined) consumer.seed(this.kept.peekAll())
    this.consumers.push(consumer)
    this.consumersVersion++
    return consumer
  }

  unsubscribe(consumer: Consumer<Delivery>): void {
    this.consumers = this.consumers.filter((other) => other !== consumer)
    this.consumersVersion++
    consumer.close(true)
  }

  private consumersOf(plan: Plan<S>, tag: string): ReadonlyArray<Consumer<Delivery>> {
    if (plan.consumersVersion !== this.consumersVersion) {
      plan.consumers = this.consumers.filter(({ tags }) => tags === "all" || tags.includes(tag))
      plan.consumersVersion = this.consumersVersion
    }
    return plan.consumers
  }

  /** A handler or setup of this instance does not wait for its own setups to end. */
  private waitsFor(consumer: Consumer<Delivery>, caller: Caller | undefined): boolean {
    return consumer !== this.kept || caller?.instance !== this
  }

  private hasRoom(actions: ReadonlyArray<AnyAction>, caller: Caller | undefined): boolean {
    if (actions.length <= 1) {
      for (const sink of this.host.sinks) if (sink.free <= 0) return false
      const action = actions[0]
      if (action === undefined) return true
      for (const consumer of this.consumersOf(this.plan(action._tag), action._tag)) {
        if (consumer.free <= 0 && this.waitsFor(consumer, caller)) return false
      }
      return true
    }
    return this.demands(actions, caller).every(({ consumer, count }) => consumer.free >= count)
  }

  private demands(actions: ReadonlyArray<AnyAction>, caller: Caller | undefined): ReadonlyArray<Demand> {
    const counts = new Map<Consumer<Delivery>, number>()
    for (const action of actions) {
      const delivery: Delivery = { instanceId: this.instanceId, n: 0, action }
      for (const consumer of this.consumersOf(this.plan(action._tag), action._tag)) {
        if (this.waitsFor(consumer, caller) && consumer.matches(delivery)) {
          counts.set(consumer, (counts.get(consumer) ?? 0) + 1)
        }
      }
    }
    const demands: Array<Demand> = Array.from(counts, ([consumer, count]) => ({ consumer, count }))
    for (const sink of this.host.sinks) demands.push({ consumer: sink, count: 1 })
    return demands
  }

  backlog(): Backlog {
    return {
      consumers: this.consumers.map((consumer) => consumer.gauge()),
      ingress: this.consumers.reduce((sum, consumer) => sum + consumer.ingress, 0)
    }
  }

  // --- the kernel's hooks -------------------------------------------------------------------------------

  private readonly publish = (
    origin: Origin,
    actions: ReadonlyArray<AnyAction>,
    previous: S,
    next: S,
    context: unknown
  ): void => {
    // The kernel hands on what `transition` gave it.
    const { cause, waiter, ticket } = context as EntryContext
    const { instanceId } = this
    const n = this.kernel.txn
    if (this.detail !== Detail.none) {
      this.record(
        origin,
        actions,
        previous === next ? "unchanged" : "commit",
        cause,
        undefined,
        previous,
        next
      )
    }
    if (this.consumers.length > 0 && actions.length > 0) this.deliver(actions, n, waiter, ticket)
    if (previous !== next && this.host.sinks.length > 0) {
      const commit: Commit = {
        txnId: txnId({ instanceId, n }),
        seq: this.host.nextSeq(),
        instanceId,
        moduleId: this.impl.def.id,
        origin,
        cause: cause && txnId(cause),
        actions,
        previous,
        next,
        startedAt: this.host.trace.now()
      }
      for (const sink of this.host.sinks) {
        if (waiter === undefined) sink.push(commit, ticket)
        else waiter.publish(sink, [commit])
      }
    }
    ticket?.granted()
  }

  private deliver(
    actions: ReadonlyArray<AnyAction>,
    n: number,
    waiter: Waiter | undefined,
    ticket: Ticket | null
  ): void {
    const reserved = waiter && new Map<Consumer<Delivery>, Array<Delivery>>()
    for (const action of actions) {
      const consumers = this.consumersOf(this.plan(action._tag), action._tag)
      if (consumers.length === 0) continue
      const delivery: Delivery = { instanceId: this.instanceId, n, action }
      for (const consumer of consumers) {
        if (!consumer.matches(delivery)) continue
        if (reserved === undefined) consumer.push(delivery, ticket)
        else reserved.set(consumer, [...(reserved.get(consumer) ?? []), delivery])
        if (this.detail === Detail.full) {
          const base = { txnId: txnId(delivery), instanceId: this.instanceId, cause: undefined }
          this.host.trace.event({ kind: "delivery", ...base, tag: action._tag, consumer: consumer.name })
        }
        this.warnOfIngress(consumer)
      }
    }
    if (reserved !== undefined) {
      for (const [consumer, deliveries] of reserved) waiter?.publish(consumer, deliveries)
    }
  }

  private readonly warned = new WeakSet<Consumer<Delivery>>()
  private warnOfIngress(consumer: Consumer<Delivery>): void {
    if (consumer.ingress < 10 * consumer.capacity || this.warned.has(consumer)) return
    this.warned.add(consumer)
    this.host.warn(
      `${consumer.ingress} deliveries to ${consumer.name} of ${this.instanceId} have no slot: synchronous callers are faster than it. Await the Promise of dispatch or of the callback, or make the handler faster.`
    )
  }

  private readonly rolledBack = (
    origin: Origin,
    actions: ReadonlyArray<AnyAction>,
    error: unknown,
    context: unknown
  ): void => {
    // The kernel hands on what `transition` gave it.
    const { cause } = context as EntryContext
    const failure = causeOf(error)
    if (this.detail !== Detail.none) {
      const { state } = this.kernel
      this.record(origin, actions, "rollback", cause, Cause.squash(failure), state, state)
    }
    const txn = txnId({ instanceId: this.instanceId, n: this.kernel.txn })
    this.report(failure, "entry", Transaction.describe(origin), undefined, txn)
  }

  private record(
    origin: Origin,
    actions: ReadonlyArray<AnyAction>,
    outcome: EntryEvent["outcome"],
    cause: TxnRef | undefined,
    error: unknown,
    previous: S,
    next: S
  ): void {
    const { trace } = this.host
    const { instanceId } = this
    const n = this.kernel.txn
    const only = actions.length === 1 ? actions[0] : undefined
    const tags = only !== undefined ? this.plan(only._tag).tags : actions.map(({ _tag }) => _tag)
    if (this.detail === Detail.light) return trace.entry(instanceId, n, origin, tags, outcome, cause, error)
    trace.event({
      kind: "entry",
      txnId: txnId({ instanceId, n }),
      instanceId,
      cause: cause && txnId(cause),
      origin,
      tags,
      outcome,
      ...(outcome === "rollback" ? { error } : {}),
      durationMs: monotonicMs() - this.startedAt,
      payloads: actions.map(({ payload }) => payload),
      changed: changedFields(previous, next)
    })
  }

  private readonly tell = (origin: Origin, previous: S, next: S): void => {
    this.subscriptions.tell(previous, next)
    // What logic reads does not travel.
    if (origin.kind !== "devtools") this.conflated.tell(previous, next)
  }

  // --- what others see ----------------------------------------------------------------------------------

  private makeRuntime(): { readonly handle: ModuleHandle<S, A>; readonly runtime: ModuleRuntime<S, A> } {
    const { def } = this.impl
    const actions: Record<string, (payload?: unknown) => Effect.Effect<void>> = {}
    for (const tag of Object.keys(def.actions))
      actions[tag] = (payload) => this.dispatch({ _tag: tag, payload })
    const base: ModuleHandle<S, A> = {
      id: def.id,
      instanceId: this.instanceId,
      getState: Effect.sync(() => this.liveState),
      // One dispatcher for each tag of A; TypeScript cannot follow the loop that made them.
      actions: actions as unknown as ModuleHandle<S, A>["actions"],
      changes: this.changesOf((state) => state),
      changesOf: (selector, equals) => this.changesOf(selector, equals),
      // The implementation is of any tags; the signature gives each call its own.
      actionStream: ((...tags: ReadonlyArray<string>) =>
        this.actionStream(tags.length === 0 ? "all" : tags)) as ModuleHandle<S, A>["actionStream"]
    }
    const extension: unknown = def.extend?.(base)
    const handle = { ...base, ...(extension as object | undefined) }
    const runtime: ModuleRuntime<S, A> = {
      ...handle,
      getState: Effect.sync(() => this.kernel.state),
      dispatch: (action) => this.dispatch(action),
      dispatchBatch: (batch) => this.dispatchBatch(batch),
      reset: () => Effect.suspend(() => this.enter(resetOrigin, [], this.resetting)),
      // The overloads all come down to this; its result is that of the body.
      transact: ((origin: string | Origin, body: TransactBody<S>) =>
        this.transact(toOrigin(origin), body)) as ModuleRuntime<S, A>["transact"],
      backlog: Effect.sync(() => this.backlog()),
      unsafe: {
        getState: () => this.kernel.state,
        getVersion: () => this.kernel.version,
        dispatch: (action) => this.dispatchSync(action, null),
        dispatchBatch: (batch) =>
          this.enterSync(
            batchOrigin,
            (context) => this.transition(batchOrigin, batch, this.stepAll, batch, context),
            null
          ),
        dispatchPromise: (action) =>
          this.settling({ kind: "action", name: action._tag }, (ticket) => this.dispatchSync(action, ticket)),
        transact: (name, body) => {
          const origin = toOrigin(name)
          const run = (context: EntryContext) => {
            const exit = this.runBody(origin, body, this.services, context)
            if (Exit.isFailure(exit)) throw Cause.squash(exit.cause)
          }
          this.enterSync(origin, run, null)
        },
        subscribe: (listener) => this.subscriptions.subscribe(listener),
        subscribeTo: (selector, listener, equals) =>
          this.subscriptions.subscribeTo(this.kernel.state, selector, listener, equals),
        backlog: () => this.backlog()
      }
    }
    return { handle, runtime }
  }

  private dispatchBatch(batch: ReadonlyArray<Action<A>>): Effect.Effect<void> {
    return Effect.suspend(() =>
      this.enter(batchOrigin, batch, (context) =>
        this.attempt(batchOrigin, batch, this.stepAll, batch, context)
      )
    )
  }

  private readonly resetting = (context: EntryContext): Exit.Exit<void> =>
    this.attempt(resetOrigin, [], () => this.initial, undefined, context)

  transact(origin: Origin, body: TransactBody<S>): Effect.Effect<unknown, unknown> {
    return Effect.withFiber((fiber) =>
      this.enter(origin, [], (context) => this.runBody(origin, body, fiber.context, context))
    )
  }

  update(origin: Origin, step: (state: S) => S): Effect.Effect<void> {
    return this.enter(origin, [], (context) => this.attempt(origin, [], step, undefined, context))
  }

  /** An action from a service: its payload is checked, and the Promise settles as that of `ref.dispatch`. */
  callbackAction(origin: Origin, action: AnyAction): Promise<void> {
    return this.settling(origin, (ticket) => {
      const { step } = this.plan(action._tag)
      try {
        this.checkPayload(action._tag, action.payload)
      } catch (error) {
        this.report(Cause.die(error), "entry", Transaction.describe(origin), action._tag)
        throw error
      }
      const actions = [action]
      this.enterSync(origin, (context) => this.transition(origin, actions, step, action, context), ticket)
    })
  }

  callbackUpdate(origin: Origin, step: (state: S) => S): Promise<void> {
    return this.settling(origin, (ticket) =>
      this.enterSync(origin, (context) => this.transition(origin, [], step, undefined, context), ticket)
    )
  }

  private changesOf<B>(selector: Selector<S, B>, equals: Equals<B> = Object.is): Stream.Stream<B> {
    const acquire = Effect.acquireRelease(
      Effect.sync(() => {
        let wake: (() => void) | undefined
        const stop = this.onChange(() => wake?.())
        return { stop, onWake: (next: (() => void) | undefined) => (wake = next) }
      }),
      ({ stop }) => Effect.sync(stop)
    )
    return Stream.unwrap(
      Effect.map(acquire, ({ onWake }) => {
        let last: { readonly value: B } | undefined
        const pull: Effect.Effect<readonly [B], Cause.Done> = Effect.suspend(() => {
          const value = selector(this.liveState)
          if (last === undefined || !equals(last.value, value)) {
            last = { value }
            return Effect.succeed([value] as const)
          }
          if (this.closed) return Cause.done()
          return Effect.flatMap(
            Effect.callback<void>((resume) => {
              onWake(() => {
                onWake(undefined)
                this.wakeSoon(() => resume(Effect.void))
              })
              return Effect.sync(() => onWake(undefined))
            }),
            () => pull
          )
        })
        return Stream.fromPull(Effect.succeed(pull))
      })
    )
  }

  /** Told of each commit that is not devtools', and when the instance closes. */
  onChange(notify: () => void): () => void {
    const stop = this.conflated.subscribe(notify)
    this.closing.add(notify)
    return () => {
      stop()
      this.closing.delete(notify)
    }
  }
  private readonly closing = new Set<() => void>()

  private actionStream(tags: ReadonlyArray<string> | "all"): Stream.Stream<AnyAction> {
    const acquire = Effect.acquireRelease(
      Effect.sync(() => {
        for (const tag of tags === "all" ? [] : tags) this.plan(tag)
        const name = `actionStream(${tags === "all" ? "" : tags.join(", ")})`
        return this.subscribe({ name, tags, limit: 1 })
      }),
      (consumer) => Effect.sync(() => this.unsubscribe(consumer))
    )
    return Stream.unwrap(
      Effect.map(acquire, (consumer) => {
        const pull: Effect.Effect<readonly [AnyAction], Cause.Done> = Effect.withFiber((fiber) => {
          // Whoever asks for the next has done with the last.
          pullers.delete(fiber)
          const delivery = consumer.take()
          if (delivery !== undefined) {
            pullers.set(fiber, { txn: delivery, consumer, instance: this })
            return Effect.succeed([delivery.action] as const)
          }
          if (consumer.closed) return Cause.done()
          return Effect.flatMap(this.awaitItem(consumer), () => pull)
        })
        return Stream.fromPull(Effect.succeed(pull))
      })
    )
  }

  /** Waits until the empty consumer has an item, or closes. */
  awaitItem(consumer: Consumer<Delivery>): Effect.Effect<void> {
    return Effect.callback<void>((resume) => {
      consumer.wake = () => this.wakeSoon(() => resume(Effect.void))
      return Effect.sync(() => {
        consumer.wake = undefined
      })
    })
  }

  // --- life ---------------------------------------------------------------------------------------------

  /** Runs the setups. Those that do not wait have ended when this returns. */
  start(
    services: Context.Context<never>,
    setups: ReadonlyArray<{ name: string; run: Effect.Effect<unknown, unknown> }>
  ): void {
    this.services = Context.add(services, Scheduler.Scheduler, this.host.scheduler)
    const context = Context.add(Context.add(this.services, Scope.Scope, this.scope), CallerRef, {
      txn: undefined,
      consumer: undefined,
      instance: this
    })
    const running = new Set(setups.map(({ name }) => name))
    for (const { name, run } of setups) {
      const ended = (exit: Exit.Exit<unknown, unknown>) => {
        if (Exit.isFailure(exit) && !Cause.hasInterruptsOnly(exit.cause))
          this.report(exit.cause, "setup", name)
        running.delete(name)
        if (running.size === 0) this.setupsEnded()
      }
      const setup = Effect.onExit(run, (exit) => Effect.sync(() => ended(exit)))
      this.runIn(Effect.awaitAllChildren(setup), context)
    }
    if (running.size > 0) {
      const warning = Effect.sync(() => {
        if (running.size === 0 || this.closed) return
        this.host.warn(
          `The setup of ${[...running].join(", ")} on ${this.instanceId} still runs after 5 s, and actions are kept for it until it ends. Fork its loop: Effect.forkScoped(loop).`
        )
      })
      this.runIn(Effect.delay(warning, "5 seconds"), this.services)
    }
  }

  private setupsEnded(): void {
    const { kept } = this
    if (kept === undefined) return
    this.kept = undefined
    this.unsubscribe(kept)
  }

  private runIn(effect: Effect.Effect<unknown, unknown>, context: Context.Context<never>): void {
    Fiber.runIn(Effect.runForkWith(context)(effect), this.scope)
  }

  /** Starts soon, in the instance's scope; its failure reaches `onError`. */
  fork(
    effect: Effect.Effect<unknown, unknown>,
    during: ErrorInfo["during"],
    entry: string,
    cause: TxnRef | undefined
  ): void {
    const context = Context.add(this.services, CallerRef, {
      txn: cause,
      consumer: undefined,
      instance: undefined
    })
    this.dispatcher.scheduleTask(() => {
      if (!this.closed) this.runIn(this.reporting(effect, during, entry), context)
    }, 0)
  }

  reporting<B, E, R>(
    effect: Effect.Effect<B, E, R>,
    during: ErrorInfo["during"],
    entry: string,
    delivery?: Delivery
  ): Effect.Effect<void, never, R> {
    return Effect.matchCauseEffect(effect, {
      onSuccess: () => Effect.void,
      onFailure: (cause) =>
        Effect.sync(
          () =>
            Cause.hasInterruptsOnly(cause) ||
            this.report(cause, during, entry, delivery?.action._tag, delivery && txnId(delivery))
        )
    })
  }

  report(
    cause: Cause.Cause<unknown>,
    during: ErrorInfo["during"],
    entry: string,
    tag?: string,
    txn?: string
  ): void {
    this.host.onError(cause, {
      instanceId: this.instanceId,
      moduleId: this.impl.def.id,
      during,
      entry,
      ...(tag === undefined ? {} : { tag }),
      ...(txn === undefined ? {} : { txnId: txn })
    })
  }

  /** Wakes the flow that waits for an item, once the current task is done. */
  readonly wakeSoon = (wake: () => void): void => this.dispatcher.scheduleTask(wake, 0)

  readonly close: Effect.Effect<void> = Effect.suspend(() => {
    if (this.closed) return Effect.void
    this.closed = true
    const origin: Origin = { kind: "state-update", name: "waiting entry" }
    for (const settle of [...this.waiting.values()]) settle(Exit.die(this.instanceClosed(origin)))
    this.kernel.release()
    return Effect.flatMap(Scope.close(this.scope, Exit.void), () =>
      Effect.sync(() => {
        const undelivered = this.consumers.reduce((sum, consumer) => {
          const left = consumer.close(false)
          return consumer === this.kept ? sum : sum + left
        }, 0)
        this.consumers = []
        this.consumersVersion++
        for (const notify of this.closing) notify()
        const { instanceId } = this
        const n = this.kernel.txn
        this.host.trace.event({
          kind: "closed",
          txnId: txnId({ instanceId, n }),
          instanceId,
          cause: undefined,
          undelivered
        })
        if (undelivered > 0) this.host.warn(`${instanceId} closed with ${undelivered} actions undelivered.`)
      })
    )
  })

  // --- travel -------------------------------------------------------------------------------------------

  checkTravel(state: unknown): void {
    // Whether it is an S is what is asked.
    this.checkState({ kind: "devtools", name: "jump" }, state as S)
  }

  /** Shows a state. Entries wait until `live`. */
  travel(state: unknown): void {
    this.away ??= { state: this.kernel.state }
    this.kernel.hold()
    this.devtoolsEntry("jump", state)
  }

  live(): void {
    const { away } = this
    if (away === undefined) return
    this.devtoolsEntry("live", away.state)
    this.away = undefined
    this.kernel.release()
  }

  get travelling(): boolean {
    return this.away !== undefined
  }

  private devtoolsEntry(name: string, state: unknown): void {
    // `check` holds a devtools state against the schema before it is committed.
    this.transition({ kind: "devtools", name }, [], () => state as S, undefined, plainContext)
  }

  // --- state --------------------------------------------------------------------------------------------

  /** The committed state; to logic, the one that devtools came from. */
  get liveState(): S {
    return this.away === undefined ? this.kernel.state : this.away.state
  }

  /** The window to write to, if this fiber is in one of this instance. */
  ownWindow(): BodyWindow<S> | undefined {
    const open = Transaction.current()
    // The windows of a kernel are made by its instance alone.
    return open?.kernel === this.kernel && open.isOwn
      ? (this.kernel.window as BodyWindow<S> | undefined)
      : undefined
  }

  private checkState(origin: Origin, state: S): void {
    const issue = issueOf(this.impl.def.schema, state)
    if (issue !== undefined) {
      throw new InvalidState({ instanceId: this.instanceId, entry: Transaction.describe(origin), issue })
    }
  }

  checkPayload(tag: string, payload: unknown): void {
    const schema: AnySchema | undefined = (this.impl.def.actions as Record<string, AnySchema>)[tag]
    const issue = schema && issueOf(schema, payload)
    if (issue !== undefined) {
      throw new InvalidPayload({
        instanceId: this.instanceId,
        entry: `service-callback "${tag}"`,
        tag,
        issue
      })
    }
  }

  private inTransaction(origin: Origin, open: Transaction.Kernel<unknown>): EntryInTransaction {
    return new EntryInTransaction({
      instanceId: this.instanceId,
      entry: Transaction.describe(origin),
      openInstanceId: open.instanceId,
      openEntry: Transaction.describe(open.origin)
    })
  }

  private instanceClosed(origin: Origin): InstanceClosed {
    return new InstanceClosed({ instanceId: this.instanceId, entry: Transaction.describe(origin) })
  }

  lateWrite(origin: Origin): TransactionSuspended {
    return new TransactionSuspended({
      instanceId: this.instanceId,
      entry: Transaction.describe(origin),
      by: "late write"
    })
  }
}
