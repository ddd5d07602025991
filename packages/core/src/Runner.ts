/** How the handlers of a flow run: each in a fiber of its own, as many at once as the strategy says. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { type Caller, callFor, CallerRef, nobody } from "./Caller.ts"
import type { Delivery } from "./Delivery.ts"
import type { AnyInstance } from "./Instance.ts"
import { txnId } from "./Trace.ts"

/**
 * - run: one after another.
 * - latest: a newer value interrupts the running handler, and waits for its end.
 * - exhaust: while one runs, values are skipped.
 * - concurrency: so many at once.
 */
export type Strategy = "run" | "latest" | "exhaust" | { readonly concurrency: number }

/** A value on its way to a handler. A stream's value is its own action. */
export interface Item {
  readonly payload: unknown
  readonly action: unknown
  readonly delivery: Delivery | undefined
  /** On whose behalf a stream was pulled for it: an `actionStream` has set this. */
  readonly puller?: Caller | undefined
}

type AnyExit = Exit.Exit<unknown, unknown>
type AnyFiber = Fiber.Fiber<unknown, unknown>

/** What a runner tells of its items. */
export interface Bracket {
  readonly name: string
  readonly skip: (item: Item, reason: string) => void
  /** A handler begins. On whose behalf, if that is not the flow's own. */
  readonly begin: (item: Item) => Caller | undefined
  readonly end: (item: Item, caller: Caller | undefined, exit: AnyExit) => void
  /** A newer value interrupts the handler, and waits for it until `interrupted`. */
  readonly interrupt: (handler: AnyFiber) => void
  readonly interrupted: () => void
}

export class Runner {
  private readonly instance: AnyInstance
  private readonly bracket: Bracket
  private readonly strategy: Strategy
  private readonly handler: (item: Item) => Effect.Effect<unknown, unknown>
  private readonly services: Context.Context<never>
  /** On whose behalf the flow was opened. */
  private readonly own: Caller
  /** As `services`, and cheap to add to. Written by `contextFor`. */
  private base: Context.Context<never> | undefined
  /** Handlers that wait for something. */
  private readonly waiting = new Set<AnyFiber>()
  /** Handlers that have begun and not ended. */
  private active = 0
  /** Of `latest`: waits for the end of the handler that it has interrupted. */
  private next: Item | undefined
  private stopped = false
  /** Told when a handler has ended. Written by whoever gives. */
  onEnd: () => void = () => {}

  constructor(
    instance: AnyInstance,
    bracket: Bracket,
    strategy: Strategy,
    handler: (item: Item) => Effect.Effect<unknown, unknown>,
    services: Context.Context<never>
  ) {
    this.instance = instance
    this.bracket = bracket
    this.strategy = strategy
    this.handler = handler
    this.services = services
    this.own = Context.get(services, CallerRef) ?? nobody
  }

  /** Whether `give` may be called. */
  get ready(): boolean {
    const { active, strategy } = this
    if (this.stopped) return false
    if (strategy === "latest") return this.next === undefined
    return strategy === "exhaust" || active < (strategy === "run" ? 1 : strategy.concurrency)
  }

  give(item: Item): void {
    const { bracket, strategy } = this
    if (this.active === 0 || typeof strategy === "object") return this.begin(item)
    if (strategy === "exhaust") return bracket.skip(item, "exhaust")
    this.next = item
    // One, and its end adds the next.
    const [handler] = this.waiting
    if (handler !== undefined) bracket.interrupt(handler)
  }

  private begin(item: Item): void {
    const { bracket } = this
    const caller = bracket.begin(item)
    this.active++
    const effect = this.handle(caller, item)
    // What is done already needs no fiber.
    if (Exit.isExit(effect)) return this.ended(item, caller, effect)
    const fiber = Effect.runForkWith(this.contextFor(caller))(effect)
    const exit = fiber.pollUnsafe()
    if (exit !== undefined) return this.ended(item, caller, exit)
    this.waiting.add(fiber)
    fiber.addObserver((later) => {
      this.waiting.delete(fiber)
      this.ended(item, caller, later)
      const { next } = this
      if (next !== undefined) {
        this.next = undefined
        bracket.interrupted()
        if (!this.stopped) this.begin(next)
      }
      this.onEnd()
    })
  }

  private handle(caller: Caller | undefined, item: Item): Effect.Effect<unknown, unknown> {
    const { handler, instance } = this
    if (instance.spans !== undefined) {
      return instance.spans.around(
        Effect.suspend(() => handler(item)),
        this.spanOf(instance.instanceId, item)
      )
    }
    try {
      return callFor(caller ?? this.own, undefined, handler, item)
    } catch (error) {
      return Exit.die(error)
    }
  }

  private ended(item: Item, caller: Caller | undefined, exit: AnyExit): void {
    this.active--
    this.bracket.end(item, caller, exit)
    if (Exit.isFailure(exit)) this.instance.handlerFailed(exit.cause, this.bracket.name, item.delivery)
  }

  private contextFor(caller: Caller | undefined): Context.Context<never> {
    if (caller === undefined) return this.services
    // A context that has grown by steps is copied whole, every so many steps.
    this.base ??= Context.makeUnsafe(new Map(this.services.mapUnsafe))
    return Context.add(this.base, CallerRef, caller)
  }

  private spanOf(instanceId: string, { delivery, puller }: Item) {
    const cause = delivery ?? puller?.txn
    return {
      name: this.bracket.name,
      parent: cause?.span,
      attributes: { instance: instanceId, cause: cause && txnId(cause), tag: delivery?.action._tag }
    }
  }

  /** Interrupts the handlers, and waits for their end. */
  readonly stop: Effect.Effect<void> = Effect.suspend(() => {
    this.stopped = true
    return Fiber.interruptAll(this.waiting)
  })
}
