/** What an instance consists of: a kernel, and around it what is made for it, mostly when it is first used. */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scheduler from "effect/Scheduler"
import * as Scope from "effect/Scope"
import type { EntryContext } from "./Admission.ts"
import { type Caller, CallerRef, nobody } from "./Caller.ts"
import type { Consumer } from "./Channel.ts"
import type { Drafted } from "./Collection.ts"
import type { AnyAction, Commit, Origin } from "./Commit.ts"
import * as Draft from "./Draft.ts"
import { Derivation, type Hooks, type Loaded } from "./Derivation.ts"
import { Deliveries, type Delivery } from "./Delivery.ts"
import { InstanceClosed, InvalidState, TransactionSuspended } from "./Errors.ts"
import { fieldsOf } from "./internal/fields.ts"
import { issueOf } from "./internal/validate.ts"
import type { AnySchema, ModuleImpl } from "./Module.ts"
import type { HandledInstance } from "./HandlerTypes.ts"
import { type Plans, plansOf } from "./Plan.ts"
import { Sources, type SourceHost, unknownSource } from "./Source.ts"
import { Subscriptions } from "./Subscription.ts"
import { type TraceRecorder, type TxnRef, txnId } from "./Trace.ts"
import * as Transaction from "./Transaction.ts"
import type { Waiter } from "./Waiter.ts"
import type { Run } from "./Waits.ts"
import type { BodyHost, BodyWindow } from "./Window.ts"

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
  /** It renders for a request: nothing starts but what a reader waits for. */
  readonly server: boolean
  readonly onError: (cause: Cause.Cause<unknown>, info: ErrorInfo) => void
  readonly warn: (message: string) => void
  readonly sinks: ReadonlyArray<Consumer<Commit>>
  readonly nextSeq: () => number
  readonly nextGroupId: () => string
}

interface Derived<S> {
  readonly derivation: Derivation | undefined
  readonly sources: Sources<S> | undefined
  readonly state: S
}

const nobodyWaits: ReadonlyMap<Waiter, () => void> = new Map()

export abstract class Parts<S, A>
  extends Transaction.Kernel<S, EntryContext>
  implements BodyHost<S>, SourceHost<S>, HandledInstance
{
  impl: ModuleImpl<string, S, A, unknown, unknown, unknown, unknown>
  readonly host: InstanceHost
  // What an idle instance does without is made when first asked for.
  protected madeScope: Scope.Closeable | undefined = undefined
  protected madeDeliveries: Deliveries | undefined = undefined
  protected madeSubscriptions: Subscriptions<S> | undefined = undefined
  private madeDispatcher: Scheduler.SchedulerDispatcher | undefined = undefined
  /** What logic reads: told of every commit but devtools'. Written by `onChange`. */
  protected conflated: Subscriptions<S> | undefined = undefined
  /** Told when it closes. Written by `onClose`. */
  protected closing: Set<() => void> | undefined = undefined
  /** Of a local instance with a key: starts it, until some time after the Promise. Written by `Locals`. */
  startFor: ((reader: Promise<void>) => void) | undefined = undefined
  /** Callers that wait for room, with what ends their wait. Written by `remember` and `forget`. */
  private waiters: Map<Waiter, () => void> | undefined = undefined
  /** Written by `warnOfCycle`. */
  private warnedOfCycle: WeakSet<Run["channel"]> | undefined = undefined
  /** What the implementation's `initial` was given. */
  protected readonly input: unknown
  // Written by `replacing`, as `impl` is, and by what begins it (Begin.ts).
  /** The state it was made with, and the same without its derived fields. */
  initial: S
  base: S
  derivation: Derivation | undefined
  sources: Sources<S> | undefined
  /** A profile puts its own in their place. */
  plans: Plans<S>
  /** Services for what the instance forks. Written by `start`. */
  protected knownServices: Context.Context<never> | undefined = undefined
  protected lateServices: () => Context.Context<never>
  /** The state to come back to, while devtools show another. Written by `Travel`. */
  away: { readonly state: S } | undefined

  get moduleId(): string {
    return this.impl.def.id
  }

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

  /** Told of each commit that is not devtools', and when the instance closes. */
  onChange(notify: () => void): () => void {
    this.conflated ??= this.makeSubscriptions()
    const stops = [this.conflated.subscribe(notify), this.onClose(notify)]
    return () => {
      for (const stop of stops) stop()
    }
  }

  onClose(notify: () => void): () => void {
    const closing = (this.closing ??= new Set())
    closing.add(notify)
    return () => void closing.delete(notify)
  }

  // --- state --------------------------------------------------------------------------------------------

  /** The committed state; to logic, the one that devtools came from. */
  get liveState(): S {
    return this.away === undefined ? this.state : this.away.state
  }

  /** The transaction that is open, or was the last. */
  get txnRef(): TxnRef {
    return { instanceId: this.instanceId, n: this.txn }
  }

  /** The window to write to, if one of this instance is open. */
  ownWindow(): BodyWindow<S> | undefined {
    // The windows of a kernel are made by its instance alone.
    return this.window as BodyWindow<S> | undefined
  }

  /** The state after the recipe has changed its draft. */
  mutate(state: S, recipe: (draft: Drafted<S>) => void): S {
    try {
      return Draft.mutate(state, recipe, this.impl.def.schema)
    } catch (error) {
      if (!(error instanceof Draft.MutateReturnedPromise)) throw error
      throw new TransactionSuspended({ ...this.at(this.origin), by: "promise" })
    }
  }

  checkState(origin: Origin, state: S, { schema }: { schema: AnySchema } = this.impl.def): void {
    const issue = issueOf(schema, state)
    if (issue !== undefined) throw new InvalidState({ ...this.at(origin), issue })
  }

  instanceClosed(origin: Origin): InstanceClosed {
    return new InstanceClosed(this.at(origin))
  }

  lost(origin: Origin): void {
    this.report(Cause.die(this.instanceClosed(origin)), "entry", Transaction.describe(origin))
  }

  // --- derived fields -----------------------------------------------------------------------------------

  /** The whole state that a base gives, and what keeps it up. Throws TraitFailed or TraitCycle. */
  derived({ def: { traits } }: Parts<S, A>["impl"], base: S): Derived<S> {
    if (traits === undefined) return { derivation: undefined, sources: undefined, state: base }
    const derivation = new Derivation(traits, this.instanceId, this.derivationHooks())
    const state = this.during(() => derivation.init(fieldsOf(base))) as S
    const hasSources = Object.values(traits.traits).some(({ kind }) => kind === "source")
    const sources = hasSources ? new Sources<S>(this, derivation, traits.traits) : undefined
    return { derivation, sources, state }
  }

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

  /** On a server, where nothing starts it, and what it loads could not be sent. */
  get isOutOfReach(): boolean {
    return this.host.server && this.startFor === undefined && this.sources?.started === false
  }

  /** A reader waits for the field. */
  demand(field: string, reader: Promise<void>): void {
    this.startFor?.(reader)
    this.sources?.demand(field)
  }

  get hasSources(): boolean {
    return this.sources !== undefined
  }

  loaded(): ReturnType<Sources<S>["loaded"]> {
    return this.sources?.loaded() ?? new Map<string, never>()
  }

  /** The state with what was loaded elsewhere, for whoever brings it; `receive` follows. */
  offer(previous: S, state: S, loaded: ReadonlyMap<string, Loaded>): S {
    return this.derivation === undefined
      ? state
      : (this.derivation.offer(fieldsOf(previous), fieldsOf(state), loaded) as S)
  }

  receive(loaded: ReadonlyMap<string, Loaded>): void {
    this.sources?.receive(loaded)
  }

  // Both are told in the window, and tell once it has ended.
  private derivationHooks(): Hooks {
    return {
      failed: (field, error) => {
        const txn = txnId(this.txnRef)
        Transaction.whenClosed(() => this.report(Cause.die(error), "trait", field, { txnId: txn }))
      },
      overwritten: (field) => {
        const entry = Transaction.describe(this.origin)
        Transaction.whenClosed(() =>
          this.host.warn(
            `${entry} on ${this.instanceId} gave the derived field ${JSON.stringify(field)} a value of its own, which its trait has overwritten. Write the fields that it follows from. This is told once.`
          )
        )
      },
      keyChanged: (field) => this.sources?.keyChanged(field),
      remembered: (field, key) => this.sources?.remembered(field, key)
    }
  }

  abstract dispatch(action: AnyAction): Effect.Effect<void>

  abstract update(origin: Origin, step: (state: S) => S): Effect.Effect<void>

  // --- those who wait -----------------------------------------------------------------------------------

  get waiting(): ReadonlyMap<Waiter, () => void> {
    return this.waiters ?? nobodyWaits
  }

  remember(waiter: Waiter, refuse: () => void): void {
    this.waiters ??= new Map()
    this.waiters.set(waiter, refuse)
  }

  forget(waiter: Waiter): void {
    this.waiters?.delete(waiter)
  }

  warnOfCycle(origin: Origin, { channel }: Run): void {
    this.warnedOfCycle ??= new WeakSet()
    if (this.warnedOfCycle.has(channel)) return
    this.warnedOfCycle.add(channel)
    this.host.warn(
      `${Transaction.describe(origin)} on ${this.instanceId}, made by a handler of ${channel.name}, would wait for that handler itself, so it was let in beyond capacity. Raise the capacity, or enter in a fiber of its own (Effect.forkScoped).`
    )
  }

  // --- what it runs -------------------------------------------------------------------------------------

  private get dispatcher(): Scheduler.SchedulerDispatcher {
    return (this.madeDispatcher ??= this.host.scheduler.makeDispatcher())
  }

  /** Runs the task, such as to wake a flow, once the current one is done. */
  wakeSoon(task: () => void): void {
    this.dispatcher.scheduleTask(task, 0)
  }

  /** In the instance's scope. */
  runIn(
    effect: Effect.Effect<unknown, unknown>,
    context: Context.Context<never>
  ): Fiber.Fiber<unknown, unknown> {
    return Fiber.runIn(Effect.runForkWith(context)(effect), this.scope)
  }

  /** The same, with the instance's services; its entries are caused by that transaction. */
  runFor(effect: Effect.Effect<unknown, unknown>, cause: TxnRef | undefined): Fiber.Fiber<unknown, unknown> {
    return this.runIn(effect, Context.add(this.services, CallerRef, { ...nobody, txn: cause }))
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
    this.wakeSoon(() => {
      if (!this.closed) this.runIn(this.reporting(effect, "afterCommit", entry), context)
    })
  }

  causedByOpen(services: Context.Context<never>, caller: Caller | undefined): Context.Context<never> {
    // What a body forks waits as its caller would, whose fiber may join it.
    return Context.add(services, CallerRef, { ...(caller ?? nobody), txn: this.txnRef })
  }

  // --- what it reports ----------------------------------------------------------------------------------

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
  reportFailure(
    cause: Cause.Cause<unknown>,
    during: ErrorInfo["during"],
    entry: string,
    details?: Pick<ErrorInfo, "tag" | "txnId">
  ): void {
    if (!Cause.hasInterruptsOnly(cause)) this.report(cause, during, entry, details)
  }

  report(
    cause: Cause.Cause<unknown>,
    during: ErrorInfo["during"],
    entry: string,
    details?: Pick<ErrorInfo, "tag" | "txnId">
  ): void {
    const { instanceId } = this
    this.host.onError(cause, { instanceId, moduleId: this.impl.def.id, during, entry, ...details })
  }
}
