/** One instance of a module: the kernel, its channels and its subscribers, wired together under one Scope. */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scheduler from "effect/Scheduler"
import * as Scope from "effect/Scope"
import * as Tracer from "effect/Tracer"
import * as Admission from "./Admission.ts"
import { contextOf, type EntryContext, plainContext } from "./Admission.ts"
import { arrival } from "./Arrival.ts"
import * as Body from "./Body.ts"
import { type Caller, callerOf, CallerRef, isOutside, nobody, spanOf, tellFor } from "./Caller.ts"
import type { Consumer } from "./Channel.ts"
import type { Drafted } from "./Collection.ts"
import type { AnyAction, Commit, Origin } from "./Commit.ts"
import * as Draft from "./Draft.ts"
import { Derivation, type Hooks, type Layout, withoutDerived } from "./Derivation.ts"
import { type ConsumerRequest, Deliveries, type Delivery, type Traced } from "./Delivery.ts"
import {
  HandlerConflict,
  HandlerFailed,
  HandlerInBatch,
  InstanceClosed,
  InvalidPayload,
  InvalidState,
  ReducerFailed,
  TransactionSuspended
} from "./Errors.ts"
import type { OutsideEntry, OutsideHandler } from "./Handler.ts"
import type { Any } from "./internal/any.ts"
import { monotonicMs } from "./internal/platform.ts"
import { issueOf } from "./internal/validate.ts"
import type { AnySchema, ModuleImpl } from "./Module.ts"
import { makePlan, type Plan, type Plans, plansOf } from "./Plan.ts"
import { Sources, unknownSource } from "./Source.ts"
import { Spans } from "./Spans.ts"
import { Subscriptions } from "./Subscription.ts"
import { Detail, type EntryEvent, type TraceRecorder, type TxnRef, txnId } from "./Trace.ts"
import * as Transaction from "./Transaction.ts"
import { type Demand, type Settled, standInNew, Ticket, type Waiter } from "./Waiter.ts"
import type { Run } from "./Waits.ts"
import { type BodyHost, BodyRun, type BodyWindow, causeOf, type TransactBody } from "./Window.ts"

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
    | "trait"
    | "hydrate"
    | "store"
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
  readonly nextGroupId: () => string
}

const tagsOf = (actions: ReadonlyArray<AnyAction>): ReadonlyArray<string> => actions.map(({ _tag }) => _tag)

/** Traits are the fields of a state, so a module that has any has a state of fields. */
const fieldsOf = (state: unknown) => state as Readonly<Record<string, unknown>>

export const resetOrigin: Origin = { kind: "state-update", name: "reset" }
const batchOrigin: Origin = { kind: "action", name: "batch" }

const replaceOrigin: Origin = { kind: "init", name: "replace" }

interface Derived<S> {
  readonly derivation: Derivation | undefined
  readonly sources: Sources<S> | undefined
  readonly state: S
}

/** What a step throws for the core itself. */
const ownErrors = [TransactionSuspended, HandlerFailed, HandlerConflict, HandlerInBatch]

const refuse = (_state: unknown, error: unknown): never => {
  throw error
}

const none: ReadonlyArray<never> = []

const nobodyWaits: ReadonlyMap<Waiter, () => void> = new Map()

const sameFields = (a: unknown, b: unknown): boolean => {
  if (Object.is(a, b)) return true
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false
  const [left, right] = [fieldsOf(a), fieldsOf(b)]
  const names = Object.keys(left)
  return (
    names.length === Object.keys(right).length && names.every((name) => Object.is(left[name], right[name]))
  )
}

export type AnyInstance = Instance<Any, Any>

export class Instance<S, A> extends Transaction.Kernel<S, EntryContext> {
  impl: ModuleImpl<string, S, A, unknown, unknown, unknown, unknown>
  readonly host: InstanceHost
  // What an idle instance does without is made when first asked for.
  private madeScope: Scope.Closeable | undefined = undefined
  private madeDeliveries: Deliveries | undefined = undefined
  private madeSubscriptions: Subscriptions<S> | undefined = undefined
  private madeDispatcher: Scheduler.SchedulerDispatcher | undefined = undefined
  private madeBodyHost: BodyHost<S> | undefined = undefined
  /** What logic reads: told of every commit but devtools'. Written by `onChange`. */
  private conflated: Subscriptions<S> | undefined = undefined
  /** Told when it closes. Written by `onChange`. */
  private closing: Set<() => void> | undefined = undefined
  /** Callers that wait for room, with what ends their wait. Written by `remember` and `forget`. */
  private waiters: Map<Waiter, () => void> | undefined = undefined
  /** Written by `warnOfCycle`. */
  private warnedOfCycle: WeakSet<Run["channel"]> | undefined = undefined
  /** Written by `close`. */
  private ended: Deferred.Deferred<void> | undefined = undefined
  /** What the implementation's `initial` was given. */
  private readonly input: unknown
  // Written by `replacing`, as `impl` is.
  /** The state it was made with, and the same without its derived fields. */
  initial: S
  private base: S
  private derivation: Derivation | undefined
  private sources: Sources<S> | undefined
  private plans: Plans<S>
  /** Services for what the instance forks. Written by `start`. */
  private knownServices: Context.Context<never> | undefined = undefined
  private lateServices: () => Context.Context<never>
  /** How often it was reset: what was begun before the last time is out of date. Written by `toInitial`. */
  resets = 0
  /** The state to come back to, while devtools show another. Written by `Travel`. */
  away: { readonly state: S } | undefined
  /** How much to record of the current entry, and when it began if in full. Written by `opening`. */
  private detail: Detail = Detail.none
  private startedAt = 0
  /** Where the app provides a tracer. Written by `start`. */
  spans: Spans | undefined = undefined
  /** That of the entry that is being published. Written by the hooks of `makeSpans`. */
  private span: Tracer.Span | undefined = undefined

  constructor(
    impl: ModuleImpl<string, S, A, unknown, unknown, unknown, unknown>,
    instanceId: string,
    input: unknown,
    host: InstanceHost,
    /** What it may use while it is cold; when it starts it gets its own. */
    services: () => Context.Context<never>
  ) {
    super(instanceId, impl.initial(input))
    this.impl = impl
    this.plans = plansOf(impl)
    this.host = host
    this.lateServices = services
    // The actions that come before the setups are kept.
    if (impl.logics.length > 0) this.madeDeliveries = this.makeDeliveries()
    this.input = input
    this.base = this.state
    const { derivation, sources, state } = this.derived(impl, this.base)
    this.derivation = derivation
    this.sources = sources
    this.state = state
    this.initial = state
    this.checkState({ kind: "init", name: "initial" }, state)
  }

  /** The whole state that a base gives, and what keeps it up. Throws TraitFailed or TraitCycle. */
  private derived({ def: { traits } }: Instance<S, A>["impl"], base: S): Derived<S> {
    if (traits === undefined) return { derivation: undefined, sources: undefined, state: base }
    const derivation = new Derivation(traits, this.instanceId, this.derivationHooks())
    const state = this.during(() => derivation.init(fieldsOf(base))) as S
    return { derivation, sources: this.makeSources(derivation, traits), state }
  }

  get services(): Context.Context<never> {
    return (this.knownServices ??= this.lateServices())
  }

  get scope(): Scope.Closeable {
    if (this.madeScope === undefined) {
      this.madeScope = Scope.makeUnsafe()
      // Whoever asks after the end gets one that has ended.
      if (this.closed) Effect.runSync(Scope.close(this.madeScope, Exit.void))
    }
    return this.madeScope
  }

  get deliveries(): Deliveries {
    return (this.madeDeliveries ??= this.makeDeliveries())
  }

  get subscriptions(): Subscriptions<S> {
    return (this.madeSubscriptions ??= this.makeSubscriptions())
  }

  get bodyHost(): BodyHost<S> {
    return (this.madeBodyHost ??= this.makeBodyHost())
  }

  get waiting(): ReadonlyMap<Waiter, () => void> {
    return this.waiters ?? nobodyWaits
  }

  private get dispatcher(): Scheduler.SchedulerDispatcher {
    return (this.madeDispatcher ??= this.host.scheduler.makeDispatcher())
  }

  private makeSubscriptions(): Subscriptions<S> {
    return new Subscriptions((error) => this.report(Cause.die(error), "listener", "subscriber"))
  }

  private makeDeliveries(): Deliveries {
    const { host, impl, instanceId } = this
    return new Deliveries({
      instanceId,
      capacity: impl.channel.capacity,
      keep: impl.logics.length > 0,
      predicateFailed: (error, request, tag) =>
        this.report(Cause.die(error), "predicate", request.name, { tag }),
      warn: host.warn
    })
  }

  /** The state after the recipe has changed its draft. */
  mutate(state: S, recipe: (draft: Drafted<S>) => void): S {
    try {
      return Draft.mutate(state, recipe, this.impl.def.schema)
    } catch (error) {
      if (!(error instanceof Draft.MutateReturnedPromise)) throw error
      const entry = Transaction.describe(this.origin)
      throw new TransactionSuspended({ instanceId: this.instanceId, entry, by: "promise" })
    }
  }

  private makeBodyHost(): BodyHost<S> {
    return {
      kernel: this,
      mutate: (state, recipe) => this.mutate(state, recipe),
      scope: this.scope,
      fork: (effect, services, entry, cause) => this.fork(effect, services, entry, cause),
      // What the body forks waits as its caller would, whose fiber may join it.
      caused: (services, caller) =>
        Context.add(services, CallerRef, {
          ...(caller ?? nobody),
          txn: { instanceId: this.instanceId, n: this.txn }
        }),
      failed: (cause, origin) => this.reportFailure(cause, "afterCommit", origin.name)
    }
  }

  // --- entries ------------------------------------------------------------------------------------------

  private enterSync(origin: Origin, run: (context: EntryContext) => unknown, ticket: Ticket | null): void {
    Admission.enterSync(this, origin, run, ticket)
  }

  /** For callers that can wait: enters when every consumer of the actions has room. */
  enter<B, E>(
    origin: Origin,
    actions: ReadonlyArray<AnyAction>,
    attempt: (context: EntryContext) => Exit.Exit<B, E>
  ): Effect.Effect<B, E> {
    return Effect.withFiber((fiber) =>
      this.canEnter(fiber, actions)
        ? attempt(contextOf(fiber))
        : Admission.enter(this, fiber, origin, actions, attempt)
    )
  }

  /** Whether the entry runs at once, as most do. */
  private canEnter(fiber: Fiber.Fiber<unknown, unknown>, actions: ReadonlyArray<AnyAction>): boolean {
    return this.idle && !this.closed && !Transaction.isOpen() && !Body.isLate(fiber) && this.hasRoom(actions)
  }

  /** A queued entry that has ended sees that when its turn comes. */
  leave(): void {}

  remember(waiter: Waiter, refuse: () => void): void {
    this.waiters ??= new Map()
    this.waiters.set(waiter, refuse)
  }

  forget(waiter: Waiter): void {
    this.waiters?.delete(waiter)
  }

  /** One transaction with a body. */
  runBody(
    origin: Origin,
    body: TransactBody<S>,
    bodyServices: Context.Context<never>,
    caller: Caller | undefined,
    context: EntryContext
  ): Exit.Exit<unknown, unknown> {
    const run = new BodyRun(origin, bodyServices, caller)
    try {
      this.transition(origin, [], () => run.step(this.bodyHost, body), undefined, context)
    } catch (error) {
      run.rolledBack()
      return Exit.failCause(causeOf(error))
    }
    run.committed()
    return Exit.succeed(run.result)
  }

  dispatch(given: AnyAction): Effect.Effect<void> {
    return Effect.withFiber((fiber) => {
      const plan = this.plan(given._tag)
      const actions: readonly [AnyAction] = plan.bare ?? [given]
      if (plan.outside !== undefined) return this.dispatchOutside(plan.origin, actions, plan.outside)
      return this.canEnter(fiber, actions)
        ? this.attempt(plan.origin, actions, plan.step, actions[0], contextOf(fiber))
        : this.dispatchWhenRoom(fiber, plan, actions)
    })
  }

  // This and `dispatchContended` are apart, because a closure would cost the common way an allocation.
  private dispatchWhenRoom(
    fiber: Fiber.Fiber<unknown, unknown>,
    { origin, step }: Plan<S>,
    actions: readonly [AnyAction]
  ): Effect.Effect<void> {
    return Admission.enter(this, fiber, origin, actions, (context) =>
      this.attempt(origin, actions, step, actions[0], context)
    )
  }

  dispatchSync(given: AnyAction, ticket: Ticket | null): void {
    const plan = this.plan(given._tag)
    const actions: readonly [AnyAction] = plan.bare ?? [given]
    if (
      ticket === null &&
      plan.outside === undefined &&
      this.idle &&
      !this.closed &&
      !Transaction.isOpen() &&
      isOutside()
    ) {
      this.transition(plan.origin, actions, plan.step, actions[0], plainContext)
    } else {
      this.dispatchContended(plan, actions, ticket)
    }
  }

  private dispatchContended(
    { origin, outside, step }: Plan<S>,
    actions: readonly [AnyAction],
    ticket: Ticket | null
  ): void {
    if (outside !== undefined) return this.startOutside(origin, actions, outside, ticket)
    this.enterSync(origin, (context) => this.transition(origin, actions, step, actions[0], context), ticket)
  }

  /** By an action whose handler computes outside the window. */
  private dispatchOutside(
    origin: Origin,
    actions: readonly [AnyAction],
    handler: OutsideHandler<S, unknown, unknown>
  ): Effect.Effect<void> {
    const [action] = actions
    const entry: OutsideEntry<S> = {
      instanceId: this.instanceId,
      entry: Transaction.describe(origin),
      action,
      state: () => this.liveState,
      commit: (seen, next) =>
        this.enter(origin, actions, (context) =>
          this.state === seen
            ? Exit.map(
                this.attempt(origin, actions, () => next, undefined, context),
                () => true
              )
            : Exit.succeed(false)
        ),
      fail: (error) =>
        Effect.andThen(
          this.enter(origin, [], (context) => this.attempt(origin, actions, refuse, error, context)),
          Effect.die(error)
        )
    }
    const computing = handler.enter(entry, action.payload)
    return Effect.withFiber((fiber) => {
      Admission.check(this, origin, fiber)
      // Its needs are in the type of `implement`; the instance's services are those.
      return Effect.provideContext(computing as Effect.Effect<void>, this.services)
    })
  }

  /** For callers that cannot wait: the ticket is told how it ended. */
  private startOutside(
    origin: Origin,
    actions: readonly [AnyAction],
    handler: OutsideHandler<S, unknown, unknown>,
    ticket: Ticket | null
  ): void {
    const fiber = Fiber.getCurrent()
    Admission.check(this, origin, fiber)
    const context = Context.add(this.services, CallerRef, callerOf(fiber))
    this.runIn(this.dispatchOutside(origin, actions, handler), context).addObserver((exit) => {
      if (Exit.isSuccess(exit)) ticket?.enter()
      // It was replaced meanwhile: the new implementation's turn.
      else if (Cause.hasInterruptsOnly(exit.cause) && !this.closed)
        this.dispatchContended(this.plan(actions[0]._tag), actions, ticket)
      else if (Cause.hasInterruptsOnly(exit.cause)) ticket?.closed()
      else ticket?.failed(Cause.squash(exit.cause))
    })
  }

  /** As they are delivered. */
  private carried(given: ReadonlyArray<AnyAction>): ReadonlyArray<AnyAction> {
    return given.map((action) => this.plan(action._tag).bare?.[0] ?? action)
  }

  dispatchBatch(given: ReadonlyArray<AnyAction>): Effect.Effect<void> {
    return Effect.suspend(() => {
      const batch = this.carried(given)
      return this.enter(batchOrigin, batch, (context) =>
        this.attempt(batchOrigin, batch, (state, all) => this.stepAll(state, all), batch, context)
      )
    })
  }

  dispatchBatchSync(given: ReadonlyArray<AnyAction>): void {
    const batch = this.carried(given)
    const run = (context: EntryContext) =>
      this.transition(batchOrigin, batch, (state, all) => this.stepAll(state, all), batch, context)
    this.enterSync(batchOrigin, run, null)
  }

  reset(): Effect.Effect<void> {
    return this.update(resetOrigin, this.toInitial)
  }

  /** The step of a reset. */
  readonly toInitial = (state: S): S => {
    this.resets++
    return this.withBase(state, this.base)
  }

  update(origin: Origin, step: (state: S) => S): Effect.Effect<void> {
    return this.enter(origin, [], (context) => this.attempt(origin, [], step, undefined, context))
  }

  /** A write of logic: to the window that is open on it, or else an entry of its own. */
  write<Arg>(
    origin: Origin,
    inWindow: (window: BodyWindow<S>, arg: Arg) => void,
    step: (state: S, arg: Arg) => S,
    arg: Arg
  ): Effect.Effect<void> {
    return Effect.withFiber((fiber) => {
      const window = this.ownWindow()
      if (window !== undefined) {
        inWindow(window, arg)
        return Effect.void
      }
      return this.canEnter(fiber, none)
        ? this.attempt(origin, none, step, arg, contextOf(fiber))
        : this.writeWhenIdle(fiber, origin, step, arg)
    })
  }

  private writeWhenIdle<Arg>(
    fiber: Fiber.Fiber<unknown, unknown>,
    origin: Origin,
    step: (state: S, arg: Arg) => S,
    arg: Arg
  ): Effect.Effect<void> {
    return Admission.enter(this, fiber, origin, none, (context) =>
      this.attempt(origin, none, step, arg, context)
    )
  }

  transact(origin: Origin, body: TransactBody<S>): Effect.Effect<unknown, unknown> {
    return Effect.withFiber((fiber) =>
      this.enter(origin, [], (context) => this.runBody(origin, body, fiber.context, callerOf(fiber), context))
    )
  }

  transactSync(origin: Origin, body: TransactBody<S>): void {
    const caller = callerOf(Fiber.getCurrent())
    const run = (context: EntryContext) => {
      const exit = this.runBody(origin, body, this.services, caller, context)
      if (Exit.isFailure(exit)) throw Cause.squash(exit.cause)
    }
    this.enterSync(origin, run, null)
  }

  dispatchPromise(action: AnyAction): Promise<void> {
    return this.settling({ kind: "action", name: action._tag }, (ticket) => this.dispatchSync(action, ticket))
  }

  /** An action from a service: its payload is checked, and the Promise settles as that of `ref.dispatch`. */
  callbackAction(origin: Origin, given: AnyAction): Promise<void> {
    return this.settling(origin, (ticket) => {
      const { bare, outside, step } = this.plan(given._tag)
      const actions: readonly [AnyAction] = bare ?? [given]
      this.checkPayload(actions[0])
      if (outside !== undefined) return this.startOutside(origin, actions, outside, ticket)
      const run = (context: EntryContext) => this.transition(origin, actions, step, actions[0], context)
      this.enterSync(origin, run, ticket)
    })
  }

  callbackUpdate(origin: Origin, step: (state: S) => S): Promise<void> {
    return this.settling(origin, (ticket) =>
      this.enterSync(origin, (context) => this.transition(origin, [], step, undefined, context), ticket)
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

  /** The tag whose reducer runs. Written by `stepAll`. */
  private reducing = ""
  private stepAll(state: S, actions: ReadonlyArray<AnyAction>): S {
    let next = state
    for (const action of actions) {
      const tag = (this.reducing = action._tag)
      const { outside, step } = this.plan(tag)
      if (outside !== undefined) {
        const entry = Transaction.describe(this.origin)
        throw new HandlerInBatch({ instanceId: this.instanceId, entry, tag })
      }
      next = step(next, action)
      Transaction.refusePromise(this.instanceId, this.origin, next)
    }
    return next
  }

  /** The Promise settles when every delivery has a slot. It never causes an unhandled rejection. */
  private settling(origin: Origin, enter: (ticket: Ticket) => void): Promise<void> {
    const promise = new Promise<void>((resolve, reject) => {
      const settle = (settled: Settled) => {
        if (settled === "delivered") resolve()
        // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- it is what the entry threw
        else reject(settled === "closed" ? this.instanceClosed(origin) : settled.error)
      }
      const run = callerOf(Fiber.getCurrent())?.run
      enter(new Ticket({ run, settle, cycle: () => run && this.warnOfCycle(origin, run) }))
    })
    promise.catch(() => {})
    return promise
  }

  warnOfCycle(origin: Origin, { channel }: Run): void {
    this.warnedOfCycle ??= new WeakSet()
    if (this.warnedOfCycle.has(channel)) return
    this.warnedOfCycle.add(channel)
    this.host.warn(
      `${Transaction.describe(origin)} on ${this.instanceId}, made by a handler of ${channel.name}, would wait for that handler itself, so it was let in beyond capacity. Raise the channel's capacity, or make the entry in a fiber of its own (Effect.forkScoped).`
    )
  }

  lost(origin: Origin): void {
    this.report(Cause.die(this.instanceClosed(origin)), "entry", Transaction.describe(origin))
  }

  private plan(tag: string): Plan<S> {
    return this.plans[tag] ?? makePlan(this.plans, this.impl, tag, this.instanceId)
  }

  // --- channels -----------------------------------------------------------------------------------------

  subscribe(request: ConsumerRequest, caller: Caller | undefined): Consumer<Delivery> {
    if (request.tags !== "all") for (const tag of request.tags) this.plan(tag)
    const consumer = this.deliveries.subscribe(request, caller)
    standInNew(this.waiting.keys())
    return consumer
  }

  private hasRoom(actions: ReadonlyArray<AnyAction>): boolean {
    for (const sink of this.host.sinks) if (!sink.hasRoom(1)) return false
    return this.madeDeliveries === undefined || this.madeDeliveries.hasRoom(actions)
  }

  demands(actions: ReadonlyArray<AnyAction>, caller: Caller | undefined): ReadonlyArray<Demand> {
    const sinks = this.host.sinks.map((sink) => ({ consumer: sink, count: 1 }))
    return [...this.deliveries.demands(actions, caller), ...sinks]
  }

  /** Waits until the empty consumer has an item, or closes. */
  awaitItem(consumer: Consumer<Delivery>): Effect.Effect<void> {
    return arrival(consumer, (wake) => this.wakeSoon(wake))
  }

  /** Told of each commit that is not devtools', and when the instance closes. */
  onChange(notify: () => void): () => void {
    this.conflated ??= this.makeSubscriptions()
    this.closing ??= new Set()
    const stop = this.conflated.subscribe(notify)
    this.closing.add(notify)
    return () => {
      stop()
      this.closing?.delete(notify)
    }
  }

  // --- the kernel's hooks -------------------------------------------------------------------------------

  protected opening(): void {
    this.detail = this.host.trace.detail()
    if (this.detail === Detail.full) this.startedAt = monotonicMs()
  }

  /** Entries become spans. It replaces hooks, so that without a tracer an entry has nothing to ask. */
  private makeSpans(spans: Spans): void {
    this.spans = spans
    const opening = this.opening.bind(this)
    const publish = this.publish.bind(this)
    const rolledBack = this.rolledBack.bind(this)
    let startTime = 0n
    const open = (outcome: EntryEvent["outcome"], tags: ReadonlyArray<string>, context: EntryContext) => {
      const fiber = Fiber.getCurrent()
      if (fiber?.cache.tracerEnabled === false) return undefined
      const { instanceId, origin, txn: n } = this
      const { cause, span } = context
      return spans.open({
        name: `${this.impl.def.id} ${origin.name}`,
        parent: context === plainContext ? spanOf(fiber) : span,
        startTime,
        attributes: {
          instance: instanceId,
          txn: txnId({ instanceId, n }),
          cause: cause && txnId(cause),
          origin: origin.kind,
          tags,
          outcome
        }
      })
    }
    this.opening = () => {
      startTime = spans.now()
      opening()
    }
    this.publish = (origin, actions, previous, next, context) => {
      this.span = open(previous === next ? "unchanged" : "commit", tagsOf(actions), context)
      publish(origin, actions, previous, next, context)
      if (this.span !== undefined) spans.close(this.span, Exit.void)
      this.span = undefined
    }
    this.rolledBack = (origin, actions, error, context, atFault) => {
      const span = open("rollback", tagsOf(actions), context)
      if (span !== undefined) spans.close(span, Exit.failCause(causeOf(error)))
      rolledBack(origin, actions, error, context, atFault)
    }
  }

  /** Where there are actions, it is their reducers that ran. */
  protected failure(actions: ReadonlyArray<AnyAction>, error: unknown): unknown {
    const [action] = actions
    if (action === undefined || ownErrors.some((own) => error instanceof own)) return error
    return new ReducerFailed({
      instanceId: this.instanceId,
      entry: Transaction.describe(this.origin),
      tag: actions.length === 1 ? action._tag : this.reducing,
      cause: error
    })
  }

  protected complete(origin: Origin, previous: S, draft: S): S {
    let next = draft
    if (this.derivation !== undefined && origin.kind !== "devtools" && origin !== replaceOrigin) {
      next = this.derivation.converge(fieldsOf(previous), fieldsOf(draft)) as S
    }
    // What a handler computes comes from outside typed code.
    if (this.impl.validate === "commit" || this.impl.handlers !== undefined) this.checkState(origin, next)
    return next
  }

  protected publish(
    origin: Origin,
    actions: ReadonlyArray<AnyAction>,
    previous: S,
    next: S,
    context: EntryContext
  ): void {
    const { detail, host, instanceId, txn } = this
    if (detail !== Detail.none) {
      if (context !== plainContext || previous === next || origin === batchOrigin) {
        const outcome = previous === next ? "unchanged" : "commit"
        this.record(origin, actions, outcome, context, undefined, previous, next)
      } else if (detail === Detail.light) {
        host.trace.plain(instanceId, txn, origin)
      } else {
        const durationMs = monotonicMs() - this.startedAt
        host.trace.plainInFull(instanceId, txn, origin, durationMs, actions, previous, next)
      }
    }
    if (context !== plainContext || this.delivers || this.host.sinks.length > 0) {
      this.publishOut(origin, actions, previous, next, context)
    }
  }

  private get delivers(): boolean {
    return this.madeDeliveries !== undefined && !this.madeDeliveries.none
  }

  private publishOut(
    origin: Origin,
    actions: ReadonlyArray<AnyAction>,
    previous: S,
    next: S,
    { cause, groupId, ticket, waiter }: EntryContext
  ): void {
    const { instanceId } = this
    const n = this.txn
    if (actions.length > 0 && this.delivers) {
      const traced = this.detail === Detail.full ? { cause: cause && txnId(cause) } : undefined
      if (traced !== undefined) this.recordDeliveries(actions, n, traced)
      this.deliveries.deliver(actions, n, this.span, traced, waiter, ticket)
    }
    if (previous !== next && this.host.sinks.length > 0) {
      const commit: Commit = {
        txnId: txnId({ instanceId, n }),
        ...(groupId === undefined ? {} : { groupId }),
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
        // Ended by one before it, in this very commit.
        if (sink.closed) continue
        if (waiter === undefined) sink.push(commit, ticket)
        else waiter.publish(sink, [commit])
      }
    }
    ticket?.enter()
  }

  private recordDeliveries(actions: ReadonlyArray<AnyAction>, n: number, traced: Traced): void {
    const { instanceId } = this
    for (const [consumer, deliveries] of this.deliveries.route(actions, 0, undefined, undefined)) {
      for (const delivery of deliveries) {
        this.host.trace.event({
          kind: "delivery",
          txnId: txnId({ instanceId, n }),
          instanceId,
          cause: traced.cause,
          tag: delivery.action._tag,
          consumer: consumer.name
        })
      }
    }
  }

  protected rolledBack(
    origin: Origin,
    actions: ReadonlyArray<AnyAction>,
    error: unknown,
    context: EntryContext,
    atFault: boolean
  ): void {
    const failure = causeOf(error)
    if (this.detail !== Detail.none) {
      const { state } = this
      this.record(origin, actions, "rollback", context, Cause.squash(failure), state, state)
    }
    if (!atFault) return
    const txn = txnId({ instanceId: this.instanceId, n: this.txn })
    this.report(failure, "entry", Transaction.describe(origin), { txnId: txn })
  }

  private record(
    origin: Origin,
    actions: ReadonlyArray<AnyAction>,
    outcome: EntryEvent["outcome"],
    { cause, groupId }: EntryContext,
    error: unknown,
    previous: S,
    next: S
  ): void {
    this.host.trace.entry({
      instanceId: this.instanceId,
      n: this.txn,
      groupId,
      cause,
      origin,
      actions,
      outcome,
      error,
      full:
        this.detail === Detail.full
          ? { durationMs: monotonicMs() - this.startedAt, previous, next }
          : undefined
    })
  }

  protected tell(origin: Origin, previous: S, next: S, context: EntryContext): void {
    if (context === plainContext) return this.tellAll(origin, previous, next)
    tellFor(context.cause, context.span, () => this.tellAll(origin, previous, next))
  }

  private tellAll(origin: Origin, previous: S, next: S): void {
    this.madeSubscriptions?.tell(previous, next)
    // What logic reads does not travel.
    if (this.conflated !== undefined && origin.kind !== "devtools") this.conflated.tell(previous, next)
  }

  // --- life ---------------------------------------------------------------------------------------------

  /** Runs the setups. Those that do not wait have ended when this returns. */
  start(
    services: Context.Context<never>,
    setups: ReadonlyArray<{ name: string; run: Effect.Effect<unknown, unknown> }>,
    late?: () => Context.Context<never>
  ): void {
    const { scheduler } = this.host
    const isOwn = Context.get(services, Scheduler.Scheduler) === scheduler
    const own = (given: Context.Context<never>) =>
      isOwn ? given : Context.add(given, Scheduler.Scheduler, scheduler)
    this.knownServices = late === undefined ? own(services) : undefined
    if (late !== undefined) this.lateServices = () => own(late())
    // Effect's own tracer, which goes nowhere, is not in a context; by its key alone it is not in a bundle either.
    const tracer = services.mapUnsafe.get(Tracer.TracerKey) as Tracer.Tracer | undefined
    if (tracer !== undefined && this.spans === undefined)
      this.makeSpans(new Spans(tracer, Context.get(services, Clock.Clock)))
    this.sources?.start()
    if (setups.length === 0) return this.madeDeliveries?.setupsEnded()
    const { scope } = this
    const scoped = Context.add(this.services, Scope.Scope, scope)
    const running = new Set(setups)
    let warner: Fiber.Fiber<unknown, unknown> | undefined
    for (const setup of setups) {
      const run = this.deliveries.beginSetup()
      const caller: Caller = { txn: undefined, run, instanceId: this.instanceId, isSetup: true }
      const ended = (exit: Exit.Exit<unknown, unknown>) => {
        if (Exit.isFailure(exit)) this.reportFailure(exit.cause, "setup", setup.name)
        this.deliveries.endSetup(run)
        running.delete(setup)
        // Where it was replaced meanwhile, it is the new setups that are waited for.
        if (running.size > 0 || scope !== this.scope) return
        warner?.interruptUnsafe()
        // When the instance closes, it counts what is left and tells who waits.
        if (!this.closed) this.deliveries.setupsEnded()
      }
      // Its children live on after it, in the instance's scope.
      const program = Effect.onExit(setup.run, (exit) => Effect.sync(() => ended(exit)))
      this.runIn(Effect.awaitAllChildren(program), Context.add(scoped, CallerRef, caller))
    }
    if (running.size > 0) {
      const warning = Effect.sync(() => {
        this.host.warn(
          `The setup of ${Array.from(running, ({ name }) => name).join(", ")} on ${this.instanceId} still runs after 5 s, and actions are kept for it until it ends. Fork its loop: Effect.forkScoped(loop).`
        )
      })
      warner = this.runIn(Effect.delay(warning, "5 seconds"), this.services)
    }
  }

  private runIn(
    effect: Effect.Effect<unknown, unknown>,
    context: Context.Context<never>
  ): Fiber.Fiber<unknown, unknown> {
    return Fiber.runIn(Effect.runForkWith(context)(effect), this.scope)
  }

  /** Starts soon, in the instance's scope, with these services; its failure reaches `onError`. */
  fork(
    effect: Effect.Effect<unknown, unknown>,
    services: Context.Context<never>,
    entry: string,
    cause: TxnRef | undefined
  ): void {
    const caller: Caller = { ...nobody, txn: cause }
    const context = Context.add(
      Context.add(services, CallerRef, caller),
      Scheduler.Scheduler,
      this.host.scheduler
    )
    this.dispatcher.scheduleTask(() => {
      if (!this.closed) this.runIn(this.reporting(effect, "afterCommit", entry), context)
    }, 0)
  }

  /** The same effect, whose failure reaches `onError` and goes no further. */
  reporting<R>(
    effect: Effect.Effect<unknown, unknown, R>,
    during: ErrorInfo["during"],
    entry: string
  ): Effect.Effect<unknown, never, R> {
    return Effect.catchCause(effect, (cause) => Effect.sync(() => this.reportFailure(cause, during, entry)))
  }

  handlerFailed(cause: Cause.Cause<unknown>, consumer: string, delivery: Delivery | undefined): void {
    const details = delivery && { tag: delivery.action._tag, txnId: txnId(delivery) }
    this.reportFailure(cause, "handler", consumer, details)
  }

  /** An interruption is no failure. */
  private reportFailure(
    cause: Cause.Cause<unknown>,
    during: ErrorInfo["during"],
    entry: string,
    details?: Pick<ErrorInfo, "tag" | "txnId">
  ): void {
    if (!Cause.hasInterruptsOnly(cause)) this.report(cause, during, entry, details)
  }

  private report(
    cause: Cause.Cause<unknown>,
    during: ErrorInfo["during"],
    entry: string,
    details?: Pick<ErrorInfo, "tag" | "txnId">
  ): void {
    const { instanceId } = this
    this.host.onError(cause, { instanceId, moduleId: this.impl.def.id, during, entry, ...details })
  }

  /** Wakes the flow that waits for an item, once the current task is done. */
  wakeSoon(wake: () => void): void {
    this.dispatcher.scheduleTask(wake, 0)
  }

  /**
   * For another implementation that takes the place of this one's, with the state. Throws, and changes nothing,
   * if the state does not fit it. What is returned makes the change; then come `endLogics` and `start`.
   */
  replacing(impl: Instance<S, A>["impl"]): () => void {
    // The types of the two are the same where the state fits the schema, which is checked.
    const base = impl.initial(this.input)
    const initial = this.derived(impl, base).state
    const made = this.derived(impl, withoutDerived(this.impl.def.traits, this.state) as S)
    const issue = issueOf(impl.def.schema, made.state)
    if (issue !== undefined) {
      const entry = Transaction.describe(replaceOrigin)
      throw new InvalidState({ instanceId: this.instanceId, entry, issue })
    }
    return () => {
      this.sources?.replaced(made.sources)
      this.impl = impl
      this.plans = plansOf(impl)
      this.base = base
      this.derivation = made.derivation
      this.sources = made.sources
      this.initial = initial
      this.deliveries.beginSuccession(impl.channel.capacity, new Set(impl.logics.map(({ name }) => name)))
      standInNew(this.waiting.keys())
      if (sameFields(this.state, made.state)) return
      this.transition(replaceOrigin, [], () => made.state, undefined, plainContext)
    }
  }

  /** Interrupts what its logics run; their finalizers have run when this ends. */
  get endLogics(): Effect.Effect<void> {
    return Effect.suspend(() => {
      const { scope } = this
      this.madeScope = Scope.makeUnsafe()
      return Effect.map(Scope.close(scope, Exit.void), () => this.deliveries.endedForSuccession())
    })
  }

  /** Whoever closes it waits for its end, also where another has begun it. */
  get close(): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.ended !== undefined) return Deferred.await(this.ended)
      const ended = Deferred.makeUnsafe<void>()
      this.ended = ended
      this.closed = true
      const waiting = [...this.waiting.values()]
      for (const refuse of waiting) refuse()
      this.letGo()
      const scope = this.madeScope
      return Effect.map(scope === undefined ? Effect.void : Scope.close(scope, Exit.void), () => {
        this.end()
        Deferred.doneUnsafe(ended, Effect.void)
      })
    })
  }

  private end(): void {
    const undelivered = this.madeDeliveries?.close() ?? 0
    for (const notify of this.closing ?? []) notify()
    this.sources?.close()
    const { instanceId } = this
    this.host.trace.closed({
      kind: "closed",
      txnId: txnId({ instanceId, n: this.txn }),
      instanceId,
      cause: undefined,
      undelivered
    })
    if (undelivered > 0) this.host.warn(`${instanceId} closed with ${undelivered} actions undelivered.`)
  }

  // --- derived fields -----------------------------------------------------------------------------------

  /** The state with another base, for whoever puts one in its place; its derived fields follow in the window. */
  withBase(state: S, base: S): S {
    return this.derivation === undefined
      ? base
      : (this.derivation.withBase(fieldsOf(state), fieldsOf(base)) as S)
  }

  /** Ends with the field's value once no load of it runs. */
  refresh(field: string): Effect.Effect<unknown> {
    return this.sources?.refresh(field) ?? unknownSource(this.instanceId, field, [])
  }

  // Both are told in the window, and tell once it has ended.
  private derivationHooks(): Hooks {
    return {
      failed: (field, error) => {
        const txn = txnId({ instanceId: this.instanceId, n: this.txn })
        Transaction.whenClosed(() => this.report(Cause.die(error), "trait", field, { txnId: txn }))
      },
      overwritten: (field) => {
        const entry = Transaction.describe(this.origin)
        Transaction.whenClosed(() =>
          this.host.warn(
            `${entry} on ${this.instanceId} gave the derived field ${JSON.stringify(field)} a value of its own, which its trait has overwritten. Write the fields that it follows from. Further values of this field are overwritten without a word.`
          )
        )
      },
      keyChanged: (field) => this.sources?.keyChanged(field),
      remembered: (field, key) => this.sources?.remembered(field, key)
    }
  }

  private makeSources(derivation: Derivation, { traits }: Layout): Sources<S> | undefined {
    if (!Object.values(traits).some(({ kind }) => kind === "source")) return undefined
    return new Sources<S>(
      {
        instanceId: this.instanceId,
        state: () => this.liveState,
        keyOf: (state, field) => derivation.keyOf(fieldsOf(state), field),
        put: (state, field, value) => derivation.put(fieldsOf(state), field, value) as S,
        txn: () => ({ instanceId: this.instanceId, n: this.txn }),
        update: (origin, step) => this.update(origin, step),
        run: (effect, cause) =>
          this.runIn(effect, Context.add(this.services, CallerRef, { ...nobody, txn: cause })),
        soon: (task) => this.dispatcher.scheduleTask(task, 0),
        now: () => this.host.trace.now(),
        died: (cause, field, txn) => this.report(cause, "trait", field, txn && { txnId: txnId(txn) }),
        closed: (origin) => this.instanceClosed(origin)
      },
      traits
    )
  }

  // --- state --------------------------------------------------------------------------------------------

  /** The committed state; to logic, the one that devtools came from. */
  get liveState(): S {
    return this.away === undefined ? this.state : this.away.state
  }

  /** The window to write to, if one of this instance is open. */
  ownWindow(): BodyWindow<S> | undefined {
    // The windows of a kernel are made by its instance alone.
    return this.window as BodyWindow<S> | undefined
  }

  checkState(origin: Origin, state: S): void {
    const issue = issueOf(this.impl.def.schema, state)
    if (issue !== undefined) {
      throw new InvalidState({ instanceId: this.instanceId, entry: Transaction.describe(origin), issue })
    }
  }

  private checkPayload({ _tag: tag, payload }: AnyAction): void {
    // The tag is one of the module's: `plan` has looked it up.
    const schema = (this.impl.def.actions as Readonly<Record<string, AnySchema>>)[tag]
    const issue = schema && issueOf(schema, payload)
    if (issue === undefined) return
    const entry = `service-callback ${JSON.stringify(tag)}`
    const error = new InvalidPayload({ instanceId: this.instanceId, entry, tag, issue })
    this.report(Cause.die(error), "entry", entry, { tag })
    throw error
  }

  instanceClosed(origin: Origin): InstanceClosed {
    return new InstanceClosed({ instanceId: this.instanceId, entry: Transaction.describe(origin) })
  }
}
