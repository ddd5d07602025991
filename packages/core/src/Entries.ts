/** The ways into an instance. Each makes one transaction. */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Admission from "./Admission.ts"
import { contextOf, type EntryContext, plainContext } from "./Admission.ts"
import { arrival } from "./Arrival.ts"
import * as Body from "./Body.ts"
import { type Caller, callerOf, CallerRef, isOutside } from "./Caller.ts"
import type { Consumer } from "./Channel.ts"
import type { AnyAction, Origin } from "./Commit.ts"
import type { ConsumerRequest, Delivery } from "./Delivery.ts"
import { HandlerInBatch, InvalidPayload } from "./Errors.ts"
import type { AnyFiber, AnyOutsideHandler, Driver, OutsideEntry } from "./HandlerTypes.ts"
import type { Any } from "./internal/any.ts"
import { issueOf } from "./internal/validate.ts"
import type { AnySchema } from "./Module.ts"
import { makePlan, type Plan } from "./Plan.ts"
import { batchOrigin, Publication, refuse } from "./Publication.ts"
import * as Transaction from "./Transaction.ts"
import { type Demand, type Settled, standInNew, Ticket } from "./Waiter.ts"
import { BodyRun, type BodyWindow, orThrow, type TransactBody, shapesOf } from "./Window.ts"

export const resetOrigin: Origin = { kind: "state-update", name: "reset" }

const none: ReadonlyArray<never> = []

export abstract class Entries<S, A> extends Publication<S, A> {
  /** How often it was reset: what was begun before the last time is out of date. Written by `toInitial`. */
  resets = 0
  /** Kept, and not read. Written by `runBody`. */
  shapes: unknown = undefined

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

  attempt<Arg>(
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

  /** As `enter`, of one step. */
  private attemptIn<Arg>(
    fiber: Fiber.Fiber<unknown, unknown>,
    origin: Origin,
    actions: ReadonlyArray<AnyAction>,
    step: (state: S, arg: Arg) => S,
    arg: Arg
  ): Effect.Effect<void> {
    return this.canEnter(fiber, actions)
      ? this.attempt(origin, actions, step, arg, contextOf(fiber))
      : this.attemptLater(fiber, origin, actions, step, arg)
  }

  // Apart, as `dispatchContended` is, because a closure would cost the common way an allocation.
  private attemptLater<Arg>(
    fiber: Fiber.Fiber<unknown, unknown>,
    origin: Origin,
    actions: ReadonlyArray<AnyAction>,
    step: (state: S, arg: Arg) => S,
    arg: Arg
  ): Effect.Effect<void> {
    return Admission.enter(this, fiber, origin, actions, (context) =>
      this.attempt(origin, actions, step, arg, context)
    )
  }

  /** For callers that cannot wait. */
  private enterSync<Arg>(
    origin: Origin,
    actions: ReadonlyArray<AnyAction>,
    step: (state: S, arg: Arg) => S,
    arg: Arg,
    ticket: Ticket | null
  ): void {
    Admission.enterSync(
      this,
      origin,
      (context) => this.transition(origin, actions, step, arg, context),
      ticket
    )
  }

  // --- actions ------------------------------------------------------------------------------------------

  plan(tag: string): Plan<S> {
    return this.plans[tag] ?? makePlan(this.plans, this.impl, tag, this)
  }

  dispatch(given: AnyAction): Effect.Effect<void> {
    return Effect.withFiber((fiber) => {
      const { bare, origin, outside, step } = this.plan(given._tag)
      // One that its caller made without a payload stays itself: by it, its caller knows it again.
      const actions: readonly [AnyAction] = bare !== undefined && "payload" in given ? bare : [given]
      return outside === undefined
        ? this.attemptIn(fiber, origin, actions, step, actions[0])
        : outside.driver.dispatch(this, origin, actions, outside, fiber)
    })
  }

  dispatchSync(given: AnyAction, ticket: Ticket | null): void {
    const plan = this.plan(given._tag)
    const actions: readonly [AnyAction] = plan.bare ?? [given]
    if (ticket === null && plan.outside === undefined && this.isFree()) {
      this.transition(plan.origin, actions, plan.step, actions[0], plainContext)
    } else {
      this.dispatchContended(plan.origin, plan, actions, ticket)
    }
  }

  /** Whether an entry made here and now has nothing in its way, and brings nothing along. */
  private isFree(): boolean {
    return this.idle && !this.closed && !Transaction.isOpen() && isOutside()
  }

  dispatchContended(
    origin: Origin,
    { outside, step }: Plan<S>,
    actions: readonly [AnyAction],
    ticket: Ticket | null
  ): void {
    if (outside === undefined) this.enterSync(origin, actions, step, actions[0], ticket)
    else outside.driver.start(this, origin, actions, outside, ticket)
  }

  dispatchPromise(action: AnyAction): Promise<void> {
    return this.settling({ kind: "action", name: action._tag }, (ticket) => this.dispatchSync(action, ticket))
  }

  /** An action from a service: its payload is checked, and the Promise settles as that of `ref.dispatch`. */
  callbackAction(origin: Origin, given: AnyAction): Promise<void> {
    return this.settling(origin, (ticket) => {
      const plan = this.plan(given._tag)
      const actions: readonly [AnyAction] = plan.bare ?? [given]
      this.checkPayload(origin, actions[0])
      this.dispatchContended(origin, plan, actions, ticket)
    })
  }

  private checkPayload(origin: Origin, { _tag: tag, payload }: AnyAction): void {
    // The tag is one of the module's: `plan` has looked it up.
    const schema = (this.impl.def.actions as Readonly<Record<string, AnySchema>>)[tag]
    const issue = schema && issueOf(schema, payload)
    if (issue === undefined) return
    const error = new InvalidPayload({ ...this.at(origin), tag, issue })
    this.report(Cause.die(error), "entry", error.entry, { tag })
    throw error
  }

  dispatchBatch(given: ReadonlyArray<AnyAction>): Effect.Effect<void> {
    return Effect.withFiber((fiber) => {
      const batch = this.carried(given)
      return this.attemptIn(fiber, batchOrigin, batch, (state, all) => this.stepAll(state, all), batch)
    })
  }

  dispatchBatchSync(given: ReadonlyArray<AnyAction>): void {
    const batch = this.carried(given)
    this.enterSync(batchOrigin, batch, (state, all) => this.stepAll(state, all), batch, null)
  }

  /** As they are delivered. */
  private carried(given: ReadonlyArray<AnyAction>): ReadonlyArray<AnyAction> {
    return given.map((action) => this.plan(action._tag).bare?.[0] ?? action)
  }

  private stepAll(state: S, actions: ReadonlyArray<AnyAction>): S {
    let next = state
    for (const action of actions) {
      const tag = (this.reducing = action._tag)
      const { outside, step } = this.plan(tag)
      if (outside !== undefined) refuse(new HandlerInBatch({ ...this.at(this.origin), tag }))
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

  // --- writes -------------------------------------------------------------------------------------------

  update(origin: Origin, step: (state: S) => S): Effect.Effect<void> {
    return Effect.withFiber((fiber) => this.attemptIn(fiber, origin, none, step, undefined))
  }

  callbackUpdate(origin: Origin, step: (state: S) => S): Promise<void> {
    return this.settling(origin, (ticket) => this.enterSync(origin, none, step, undefined, ticket))
  }

  reset(): Effect.Effect<void> {
    return this.update(resetOrigin, this.toInitial)
  }

  /** The step of a reset. */
  readonly toInitial = (state: S): S => {
    this.resets++
    return this.withBase(state, this.base)
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
      if (window === undefined) return this.attemptIn(fiber, origin, none, step, arg)
      inWindow(window, arg)
      return Effect.void
    })
  }

  transact(origin: Origin, body: TransactBody<S>): Effect.Effect<unknown, unknown> {
    return Effect.withFiber((fiber) =>
      this.enter(origin, none, (context) =>
        this.runBody(origin, body, fiber.context, callerOf(fiber), context)
      )
    )
  }

  transactSync(origin: Origin, body: TransactBody<S>): void {
    if (this.isFree()) {
      orThrow(this.runBody(origin, body, this.services, undefined, plainContext))
      return
    }
    const caller = callerOf(Fiber.getCurrent())
    const run = (context: EntryContext) => orThrow(this.runBody(origin, body, this.services, caller, context))
    Admission.enterSync(this, origin, run, null)
  }

  private runBody(
    origin: Origin,
    body: TransactBody<S>,
    services: Context.Context<never>,
    caller: Caller | undefined,
    context: EntryContext
  ): Exit.Exit<unknown, unknown> {
    this.shapes ??= shapesOf(this)
    const run = new BodyRun(origin, services, caller)
    return run.during(() => this.transition(origin, none, () => run.step<S>(this, body), undefined, context))
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
}

// --- handlers that compute outside the window -------------------------------------------------------------

export type AnyEntries = Entries<Any, Any>

const dispatchOptimistic = (
  host: AnyEntries,
  origin: Origin,
  actions: readonly [AnyAction],
  handler: AnyOutsideHandler,
  fiber: AnyFiber | undefined
): Effect.Effect<void> => {
  Admission.check(host, origin, fiber)
  const [action] = actions
  const entry: OutsideEntry<unknown> = {
    ...host.at(origin),
    instance: host,
    action,
    state: () => host.liveState as unknown,
    commit: (seen, next, stepping) =>
      host.enter(origin, actions, (context) =>
        host.state === seen
          ? Exit.map(
              host.attempt(origin, actions, () => (stepping?.(), next), undefined, context),
              () => true
            )
          : Exit.succeed(false)
      ),
    // Its step always throws.
    fail: (error) =>
      host.enter(origin, none, (context) =>
        host.attempt(origin, actions, () => refuse(error), undefined, context)
      ) as Effect.Effect<never>
  }
  // Its needs are in the type of `implement`; the instance's services are those.
  return Effect.provideContext(handler.enter(entry, action.payload) as Effect.Effect<void>, host.services)
}

/** Others may commit while it computes. Not a method: only apps that use such handlers bundle it. */
export const optimistic: Driver = {
  dispatch: dispatchOptimistic,
  start: (host: AnyEntries, origin, actions, handler, ticket: Ticket | null) => {
    const fiber = Fiber.getCurrent()
    const computing = dispatchOptimistic(host, origin, actions, handler, fiber)
    const context = Context.add(host.services, CallerRef, callerOf(fiber))
    host.runIn(computing, context).addObserver((exit) => {
      if (Exit.isSuccess(exit)) return ticket?.enter()
      if (host.closed) return Admission.missed(host, origin, ticket)
      // It was replaced meanwhile: the new implementation's turn.
      if (Cause.hasInterruptsOnly(exit.cause))
        host.dispatchContended(origin, host.plan(actions[0]._tag), actions, ticket)
      else ticket?.failed(Cause.squash(exit.cause))
    })
  }
}
