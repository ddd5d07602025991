/** Flows: where values come from, which of them pass, and how their handlers run. */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
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
import { Pace, type Pacing } from "./Pace.ts"
import * as Task from "./Task.ts"
import { txnId } from "./Trace.ts"

type AnyHandler = Handler<Any, Any, unknown>
type Strategy = "run" | "latest" | "exhaust" | { readonly concurrency: number }

/** In the order they were written. */
type Step =
  | { readonly filter: (payload: unknown, action: unknown) => boolean }
  | { readonly map: (payload: unknown, action: unknown) => unknown }
  | { readonly pace: Pacing; readonly ms: number }

/** A step at work. */
type Stage = Exclude<Step, { readonly pace: Pacing }> | Pace<Item>

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
  /** What can be taken without waiting. */
  readonly poll: () => Item | undefined
  /** Gives what waits for an item to `poll`; to interrupt that loses none. Fails when no item will come. */
  readonly arriving: Effect.Effect<Effect.Effect<void>>
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

/** Makes the handler of an opened inlet. */
type Handling = (inlet: Inlet) => (item: Item) => Effect.Effect<unknown, unknown>

export const make = (
  instance: AnyInstance,
  source: Source,
  steps: ReadonlyArray<Step> = []
): Flow<Any, Any, Any> => {
  const then = (step: Step) => make(instance, source, [...steps, step])
  const launch = (strategy: Strategy, handling: Handling, options: RunOptions) =>
    source(options, limitOf(strategy), (inlet) => drain(instance, inlet, steps, strategy, handling(inlet)))
  const start = (strategy: Strategy, handler: AnyHandler, options: RunOptions) =>
    // The services a handler needs are those of the setup that opened its flow.
    launch(
      strategy,
      () => (item) => handler(item.payload, item.action) as Effect.Effect<unknown, unknown>,
      options
    )
  return {
    filter: (filter) => then({ filter }),
    map: (map) => then({ map }),
    debounce: (duration) => then({ pace: "debounce", ms: Duration.toMillis(duration) }),
    throttle: (duration) => then({ pace: "throttle", ms: Duration.toMillis(duration) }),
    run: (handler, options = {}) => start("run", handler, options),
    runLatest: (handler, options = {}) => start("latest", handler, options),
    runExhaust: (handler, options = {}) => start("exhaust", handler, options),
    runParallel: (options, handler) => start(atOnce(options), handler, options),
    runTask: (task) => {
      const { strategy = "run" } = task
      const handling: Handling = (inlet) => {
        // Its types tie its parts to one another; here they are any.
        const handle = Task.make(instance, inlet.name, task as Task.AnyTask)
        return (item) => handle(item.payload, item.action, () => inlet.skip(item, "stale"))
      }
      return launch(typeof strategy === "object" ? atOnce(strategy) : strategy, handling, task)
    }
  }
}

const atOnce = ({ concurrency }: { readonly concurrency: number }): Strategy => ({
  concurrency: counting("concurrency", concurrency)
})

const limitOf = (strategy: Strategy): number =>
  typeof strategy === "object" ? strategy.concurrency : strategy === "run" ? 1 : Number.POSITIVE_INFINITY

/** Takes from the inlet for ever: each value goes through the steps and, by the strategy, to the handler. */
const drain = (
  instance: AnyInstance,
  inlet: Inlet,
  steps: ReadonlyArray<Step>,
  strategy: Strategy,
  handler: (item: Item) => Effect.Effect<unknown, unknown>
): Effect.Effect<never> => {
  const handle = (item: Item): Effect.Effect<unknown> => {
    const effect = Effect.suspend(() => handler(item))
    const spanned = instance.spans?.around(effect, spanOfHandler(instance, inlet, item)) ?? effect
    return instance.reporting(inlet.around(item, spanned), "handler", inlet.name, item.delivery)
  }
  if (steps.length === 0) return by(strategy, inlet.take, handle, inlet)
  const stages = steps.map((step) => ("pace" in step ? new Pace<Item>(step.pace, step.ms) : step))
  const failed = (error: unknown, { delivery }: Item) =>
    instance.reporting(Effect.die(error), "handler", inlet.name, delivery)
  if (!stages.some((stage) => stage instanceof Pace)) {
    const next: Effect.Effect<Item> = Effect.flatMap(inlet.take, (item) =>
      pass(stages, 0, item, 0, inlet, failed, next)
    )
    return by(strategy, next, handle, inlet)
  }
  const close = Effect.sync(() => {
    for (const stage of stages) if (stage instanceof Pace && stage.held) inlet.skip(stage.held, "closed")
  })
  return Effect.ensuring(by(strategy, paced(stages, inlet, failed), handle, inlet), close)
}

const spanOfHandler = ({ instanceId }: AnyInstance, { name }: Inlet, { delivery, puller }: Item) => {
  const cause = delivery ?? puller?.txn
  return {
    name,
    parent: cause?.span,
    attributes: { instance: instanceId, cause: cause && txnId(cause), tag: delivery?.action._tag }
  }
}

/** The item as the stages from here on leave it, or else the next. A step that throws is reported like a handler. */
const pass = (
  stages: ReadonlyArray<Stage>,
  from: number,
  item: Item,
  now: number,
  inlet: Inlet,
  failed: (error: unknown, item: Item) => Effect.Effect<unknown>,
  next: Effect.Effect<Item>
): Effect.Effect<Item> => {
  const { action } = item
  let { payload } = item
  try {
    for (const stage of stages.slice(from)) {
      if (stage instanceof Pace) {
        const before = stage.held
        if (stage.admit({ ...item, payload }, now)) continue
        if (before !== undefined) inlet.skip(before, stage.by)
        return next
      }
      if ("map" in stage) payload = stage.map(payload, action)
      else if (!stage.filter(payload, action)) {
        inlet.skip(item, "filter")
        return next
      }
    }
  } catch (error) {
    inlet.skip(item, "failed step")
    return Effect.andThen(failed(error, item), next)
  }
  return Effect.succeed({ ...item, payload })
}

/** The next value, where some are held back for a time. One fiber takes, waits and lets pass. */
const paced = (
  stages: ReadonlyArray<Stage>,
  inlet: Inlet,
  failed: (error: unknown, item: Item) => Effect.Effect<unknown>
): Effect.Effect<Item> => {
  /** Why nothing more will come. Then what is held waits no longer. */
  let ended: Cause.Cause<never> | undefined
  const next: Effect.Effect<Item> = Effect.withFiber((fiber) => {
    const now = Number(fiber.getRef(Clock.Clock).monotonicTimeNanosUnsafe()) / 1e6
    let earliest = Number.POSITIVE_INFINITY
    // The last first: what it holds came before what the others hold.
    for (let i = stages.length - 1; i >= 0; i--) {
      const stage = stages[i]
      if (!(stage instanceof Pace) || stage.held === undefined) continue
      if (ended === undefined && now < stage.at) {
        earliest = Math.min(earliest, stage.at)
        continue
      }
      const item = stage.release(now)
      if (item !== undefined) return pass(stages, i + 1, item, now, inlet, failed, next)
    }
    if (ended !== undefined) return Effect.failCause(ended)
    const item = inlet.poll()
    if (item !== undefined) return pass(stages, 0, item, now, inlet, failed, next)
    return Effect.flatMap(inlet.arriving, (arrival) => {
      const until = earliest - now
      const wait =
        until === Number.POSITIVE_INFINITY ? arrival : Effect.raceFirst(arrival, Effect.sleep(until))
      return Effect.andThen(
        Effect.catchCause(wait, (cause) => Effect.sync(() => void (ended = cause))),
        next
      )
    })
  })
  return next
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
      const request = { name, tags, predicate, capacity: options.capacity, limit, logic }
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
  const arrival = instance.awaitItem(consumer)
  const poll = (): Item | undefined => {
    const delivery = consumer.take()
    return delivery && { payload: delivery.action.payload, action: delivery.action, delivery }
  }
  const take: Effect.Effect<Item> = Effect.suspend(() => {
    const item = poll()
    return item === undefined ? Effect.flatMap(arrival, () => take) : Effect.succeed(item)
  })
  return {
    name: consumer.name,
    take,
    poll,
    arriving: Effect.succeed(arrival),
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
  (options, limit, drainInlet) => {
    const name = options.name ?? defaultName
    // The services it needs are those of the setup that opened the flow.
    const values = stream as Stream.Stream<unknown, unknown>
    const program = Effect.scoped(
      Effect.flatMap(Stream.toPull(values), (pull) => drainInlet(streamInlet(name, limit, pull)))
    )
    const endsQuietly = Effect.catchCause(program, (cause) =>
      Pull.isDoneCause(cause) ? Effect.void : Effect.failCause(cause)
    )
    // The handlers that run when the stream ends go on to their own end.
    return launch(instance, Effect.awaitAllChildren(instance.reporting(endsQuietly, "handler", name)))
  }

const streamInlet = (
  name: string,
  limit: number,
  pull: Pull.Pull<ReadonlyArray<unknown>, unknown>
): Inlet => {
  let chunk: ReadonlyArray<unknown> = []
  let index = 0
  /** On whose behalf it was pulled last. */
  let puller: Caller | undefined
  /** The last pull ahead of the handler. It may be under way, and to interrupt it could lose a value. */
  let pulling: Fiber.Fiber<void, unknown> | undefined
  // What was pulled ahead is not taken before the handler ends: so the handler's waits are that one's, too.
  const ofNewest = ({ txn, instanceId, isSetup }: Caller): Caller => ({
    txn,
    instanceId,
    isSetup,
    get run() {
      return puller?.run
    }
  })
  const poll = (): Item | undefined => {
    if (index >= chunk.length) return undefined
    const value = chunk[index++]
    const by =
      puller === undefined || pulling === undefined || limit === Number.POSITIVE_INFINITY
        ? puller
        : ofNewest(puller)
    return { payload: value, action: value, delivery: undefined, puller: by }
  }
  const more = Effect.withFiber((fiber) =>
    Effect.map(pull, (values) => {
      chunk = values
      index = 0
      puller = callerOf(fiber)
    })
  )
  const take: Effect.Effect<Item, unknown> = Effect.suspend(() => {
    const item = poll()
    return item === undefined ? Effect.flatMap(more, () => take) : Effect.succeed(item)
  })
  const pulled = () => {
    const exit = pulling?.pollUnsafe()
    return exit !== undefined && Exit.isSuccess(exit)
  }
  const arriving = Effect.suspend(() =>
    pulling === undefined || pulled()
      ? Effect.map(Effect.forkChild(more, { startImmediately: true }), (fiber) => (pulling = fiber))
      : Effect.succeed(pulling)
  )
  return {
    name,
    // Its end is a failure too, and passes through the drain to `endsQuietly`.
    take: take as Effect.Effect<Item>,
    poll,
    arriving: Effect.map(arriving, (fiber) => Fiber.join(fiber) as Effect.Effect<void>),
    skip: () => {},
    interrupt: Fiber.interrupt,
    // The handler may run in a fiber of its own, which pulls nothing.
    around: (item, handler) =>
      item.puller === undefined ? handler : Effect.provideService(handler, CallerRef, item.puller)
  }
}
