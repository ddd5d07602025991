/** Flows: where values come from, which of them pass, and how their handlers run. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Pull from "effect/Pull"
import * as Semaphore from "effect/Semaphore"
import * as Stream from "effect/Stream"
import { type Caller, callerOf, CallerRef } from "./Caller.ts"
import type { Consumer } from "./Channel.ts"
import type { AnyAction } from "./Commit.ts"
import type { Delivery } from "./Delivery.ts"
import { counting } from "./internal/counting.ts"
import type { AnyInstance } from "./Instance.ts"
import type { Any } from "./internal/any.ts"
import { monotonicMs } from "./internal/platform.ts"
import type { Flow, Handler, RunOptions } from "./Module.ts"
import { txnId } from "./Trace.ts"

type AnyHandler = Handler<Any, Any, unknown>
type Strategy = "run" | "latest" | "exhaust" | { readonly concurrency: number }

/** `filter` and `map`, in the order they were written. */
type Step =
  | { readonly filter: (payload: unknown, action: unknown) => boolean }
  | { readonly map: (payload: unknown, action: unknown) => unknown }

/** A value on its way to a handler. A stream's value is its own action. */
interface Item {
  readonly payload: unknown
  readonly action: unknown
  readonly delivery: Delivery | undefined
  /** On whose behalf a stream was pulled for it: an `actionStream` has set this. */
  readonly puller?: Caller | undefined
}

/** An opened source. */
interface Inlet {
  readonly name: string
  readonly take: Effect.Effect<Item>
  readonly skip: (item: Item, reason: string) => void
  /** Interrupts a handler and waits for its end. */
  readonly interrupt: (handler: Fiber.Fiber<unknown>) => Effect.Effect<unknown>
  /** Brackets a handler's run. */
  readonly around: (item: Item, handler: Effect.Effect<unknown, unknown>) => Effect.Effect<unknown, unknown>
}

/** Opens an inlet and drains it; ends when its values do. */
type Source = (
  options: RunOptions,
  limit: number,
  drain: (inlet: Inlet) => Effect.Effect<never>
) => Effect.Effect<unknown>

export const make = (
  instance: AnyInstance,
  source: Source,
  steps: ReadonlyArray<Step> = []
): Flow<Any, Any> => {
  const start = (strategy: Strategy, handler: AnyHandler, options: RunOptions) =>
    source(options, limitOf(strategy), (inlet) => drain(instance, inlet, steps, strategy, handler))
  return {
    filter: (filter) => make(instance, source, [...steps, { filter }]),
    map: (map) => make(instance, source, [...steps, { map }]),
    run: (handler, options = {}) => start("run", handler, options),
    runLatest: (handler, options = {}) => start("latest", handler, options),
    runExhaust: (handler, options = {}) => start("exhaust", handler, options),
    runParallel: (options, handler) =>
      start({ concurrency: counting("concurrency", options.concurrency) }, handler, options)
  }
}

const limitOf = (strategy: Strategy): number =>
  typeof strategy === "object" ? strategy.concurrency : strategy === "run" ? 1 : Number.POSITIVE_INFINITY

/** Takes from the inlet for ever: each value goes through the steps and, by the strategy, to the handler. */
const drain = (
  instance: AnyInstance,
  inlet: Inlet,
  steps: ReadonlyArray<Step>,
  strategy: Strategy,
  handler: AnyHandler
): Effect.Effect<never> => {
  const handle = (item: Item): Effect.Effect<unknown> => {
    // The services a handler needs are those of the setup that opened its flow.
    const effect = Effect.suspend(() => handler(item.payload, item.action)) as Effect.Effect<unknown, unknown>
    return instance.reporting(inlet.around(item, effect), "handler", inlet.name, item.delivery)
  }
  const next: Effect.Effect<Item> =
    steps.length === 0
      ? inlet.take
      : Effect.flatMap(inlet.take, (item) => pass(instance, inlet, steps, item, next))
  return by(strategy, next, handle, inlet)
}

/** The item as the steps leave it, or else the next. A step that throws is reported like a handler. */
const pass = (
  instance: AnyInstance,
  inlet: Inlet,
  steps: ReadonlyArray<Step>,
  item: Item,
  next: Effect.Effect<Item>
): Effect.Effect<Item> => {
  let payload = item.payload
  try {
    for (const step of steps) {
      if ("map" in step) payload = step.map(payload, item.action)
      else if (!step.filter(payload, item.action)) {
        inlet.skip(item, "filter")
        return next
      }
    }
  } catch (error) {
    inlet.skip(item, "failed step")
    return Effect.andThen(instance.reporting(Effect.die(error), "handler", inlet.name, item.delivery), next)
  }
  return Effect.succeed({ ...item, payload })
}

/**
 * - run: the loop waits for the handler.
 * - latest: a running handler is interrupted first.
 * - exhaust: while one runs, values are skipped.
 * - concurrency: the loop waits while so many run.
 */
const by = (
  strategy: Strategy,
  next: Effect.Effect<Item>,
  handle: (item: Item) => Effect.Effect<unknown>,
  inlet: Inlet
): Effect.Effect<never> => {
  const forever = (step: Effect.Effect<unknown>) => Effect.forever(step, { disableYield: true })
  const start = (effect: Effect.Effect<unknown>) => Effect.forkChild(effect, { startImmediately: true })
  if (strategy === "run") return forever(Effect.flatMap(next, handle))
  if (typeof strategy === "object") {
    const permits = Semaphore.makeUnsafe(strategy.concurrency)
    const one = Effect.flatMap(next, (item) => start(Effect.ensuring(handle(item), permits.release(1))))
    return forever(Effect.andThen(permits.take(1), one))
  }
  let running: Fiber.Fiber<unknown> | undefined
  const begin = (item: Item) => Effect.map(start(handle(item)), (fiber) => (running = fiber))
  return forever(
    Effect.flatMap(next, (item) => {
      if (running === undefined || running.pollUnsafe() !== undefined) return begin(item)
      if (strategy === "exhaust") return Effect.sync(() => inlet.skip(item, "exhaust"))
      return Effect.andThen(inlet.interrupt(running), begin(item))
    })
  )
}

/** Runs in the instance's scope, with the services of the setup that opened the flow. */
const launch = (instance: AnyInstance, flow: Effect.Effect<unknown>): Effect.Effect<void> =>
  Effect.asVoid(Effect.forkIn(flow, instance.scope, { startImmediately: true }))

// ---------------------------------------------------------------------------------------------------------
// Sources

/** The actions that match, from now on: subscribed before `run` returns. */
export const ofActions =
  (
    instance: AnyInstance,
    logic: string,
    tags: ReadonlyArray<string> | "all",
    predicate: ((action: AnyAction) => boolean) | undefined
  ): Source =>
  (options, limit, drainInlet) =>
    Effect.suspend(() => {
      const what = predicate === undefined ? "all actions" : "predicate"
      const name = options.name ?? `${logic}: ${tags === "all" ? what : tags.join(", ")}`
      const request = { name, tags, predicate, capacity: options.capacity, limit }
      const consumer = instance.subscribe(request, callerOf(Fiber.getCurrent()))
      const end = Effect.sync(() => {
        // When the instance closes, it counts what is left here.
        if (!instance.closed) instance.deliveries.unsubscribe(consumer)
      })
      return launch(instance, Effect.ensuring(drainInlet(actionInlet(instance, consumer)), end))
    })

const actionInlet = (instance: AnyInstance, consumer: Consumer<Delivery>): Inlet => {
  const { trace } = instance.host
  const about = (delivery: Delivery) => ({
    txnId: txnId(delivery),
    instanceId: delivery.instanceId,
    cause: delivery.traced?.cause,
    tag: delivery.action._tag,
    consumer: consumer.name
  })
  const take: Effect.Effect<Item> = Effect.suspend(() => {
    const delivery = consumer.take()
    if (delivery === undefined) return Effect.flatMap(instance.awaitItem(consumer), () => take)
    return Effect.succeed({ payload: delivery.action.payload, action: delivery.action, delivery })
  })
  return {
    name: consumer.name,
    take,
    skip: ({ delivery }, reason) => {
      consumer.skip(reason)
      if (delivery?.traced) trace.event({ kind: "skipped", ...about(delivery), reason })
    },
    interrupt: (handler) =>
      Effect.suspend(() => {
        // The flow does wait for this handler, so what it waits for from here on may close a circle.
        consumer.limit = 1
        handler.interruptUnsafe()
        consumer.breakCircles()
        const waitsNoMore = Effect.sync(() => (consumer.limit = Number.POSITIVE_INFINITY))
        return Effect.ensuring(Fiber.await(handler), waitsNoMore)
      }),
    around: ({ delivery }, handler) =>
      Effect.suspend(() => {
        const run = consumer.begin()
        const startedAt = delivery?.traced ? monotonicMs() : 0
        const caller = { txn: delivery, run, instanceId: instance.instanceId, isSetup: false }
        return Effect.onExit(Effect.provideService(handler, CallerRef, caller), (exit) =>
          Effect.sync(() => {
            consumer.end(run)
            if (!delivery?.traced) return
            const durationMs = monotonicMs() - startedAt
            trace.event({ kind: "handler", ...about(delivery), outcome: outcomeOf(exit), durationMs })
          })
        )
      })
  }
}

const outcomeOf = (exit: Exit.Exit<unknown, unknown>) => {
  if (Exit.isSuccess(exit)) return "success"
  return Cause.hasInterruptsOnly(exit.cause) ? "interrupt" : "failure"
}

/** A stream, pulled when the strategy asks for the next value. Its failure ends the flow and is reported. */
export const ofStream =
  (instance: AnyInstance, defaultName: string, stream: Stream.Stream<unknown, unknown, unknown>): Source =>
  (options, _limit, drainInlet) => {
    const name = options.name ?? defaultName
    // The services it needs are those of the setup that opened the flow.
    const values = stream as Stream.Stream<unknown, unknown>
    const program = Effect.scoped(
      Effect.flatMap(Stream.toPull(values), (pull) => {
        let chunk: ReadonlyArray<unknown> = []
        let index = 0
        const take: Effect.Effect<Item, unknown> = Effect.withFiber((fiber) => {
          if (index < chunk.length) {
            const value = chunk[index++]
            return Effect.succeed({
              payload: value,
              action: value,
              delivery: undefined,
              puller: callerOf(fiber)
            })
          }
          return Effect.flatMap(pull, (values) => {
            chunk = values
            index = 0
            return take
          })
        })
        const inlet: Inlet = {
          name,
          // Its end is a failure too, and passes through the drain to `endsQuietly`.
          take: take as Effect.Effect<Item>,
          skip: () => {},
          interrupt: Fiber.interrupt,
          // The handler may run in a fiber of its own, which pulls nothing.
          around: ({ puller }, handler) =>
            puller === undefined ? handler : Effect.provideService(handler, CallerRef, puller)
        }
        return drainInlet(inlet)
      })
    )
    const endsQuietly = Effect.catchCause(program, (cause) =>
      Pull.isDoneCause(cause) ? Effect.void : Effect.failCause(cause)
    )
    // The handlers that run when the stream ends go on to their own end.
    return launch(instance, Effect.awaitAllChildren(instance.reporting(endsQuietly, "handler", name)))
  }
