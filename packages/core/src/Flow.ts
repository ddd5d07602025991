/** Flows: where values come from, which of them pass, and how their handlers run. */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Pull from "effect/Pull"
import * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { type Caller, callerOf, withRun } from "./Caller.ts"
import type { Consumer } from "./Channel.ts"
import type { AnyAction } from "./Commit.ts"
import { about, type Delivery } from "./Delivery.ts"
import { counting } from "./internal/counting.ts"
import type { AnyInstance } from "./Instance.ts"
import type { Any } from "./internal/any.ts"
import { monotonicMs } from "./internal/platform.ts"
import type { Flow, Handler, RunOptions } from "./Module.ts"
import { Pace, type Pacing } from "./Pace.ts"
import { type Bracket, type Item, Runner, type Strategy } from "./Runner.ts"
import * as Task from "./Task.ts"

type AnyHandler = Handler<Any, Any, unknown>

/** In the order they were written. */
type Step =
  | { readonly filter: (payload: unknown, action: unknown) => boolean }
  | { readonly map: (payload: unknown, action: unknown) => unknown }
  | { readonly pace: Pacing; readonly ms: number }

/** A step at work. */
type Stage = Exclude<Step, { readonly pace: Pacing }> | Pace<Item>

/** An opened source. */
interface Inlet extends Bracket {
  /** What can be taken without waiting. */
  readonly poll: () => Item | undefined
  readonly take: Effect.Effect<Item>
  /** Gives what waits for an item to `poll`; to interrupt that loses none. Fails when no item will come. */
  readonly arriving: Effect.Effect<Effect.Effect<void>>
  /** Where its items can be taken without a fiber that waits for them. */
  readonly consumer: Consumer<Delivery> | undefined
  /** The flow's scope ends, and its handlers have ended. */
  readonly close: () => void
}

/** Opens an inlet and drains it; ends when its values do. */
type Source = (
  options: RunOptions,
  limit: number,
  drain: (inlet: Inlet) => Effect.Effect<void>
) => Effect.Effect<void>

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

/** Gives each value that passes the steps to the handler, by the strategy; ends when its values do. */
const drain = (
  instance: AnyInstance,
  inlet: Inlet,
  steps: ReadonlyArray<Step>,
  strategy: Strategy,
  handler: (item: Item) => Effect.Effect<unknown, unknown>
): Effect.Effect<void> =>
  Effect.withFiber((fiber) => {
    const runner = new Runner(instance, inlet, strategy, handler, fiber.context)
    const stages = steps.map((step) => ("pace" in step ? new Pace<Item>(step.pace, step.ms) : step))
    const paces = stages.filter((stage) => stage instanceof Pace)
    const passing: Passing = { instance, inlet, stages }
    const { consumer } = inlet
    const stop = Effect.ensuring(runner.stop, Effect.sync(inlet.close))
    if (consumer !== undefined && paces.length === 0) {
      return Effect.andThen(
        Scope.addFinalizer(instance.scope, stop),
        Effect.sync(() => pump(passing, consumer, runner))
      )
    }
    const drop = Effect.sync(() => {
      for (const { held } of paces) if (held !== undefined) inlet.skip(held, "closed")
    })
    const pulling = pull(paces.length === 0 ? passed(passing) : paced(passing), runner)
    const ending = Effect.ensuring(pulling, drop)
    return Effect.andThen(
      Scope.addFinalizer(instance.scope, stop),
      // A stream is pulled in the fiber that holds its scope.
      consumer === undefined ? ending : inScope(instance, ending)
    )
  })

/** Runs in the instance's scope, with the services of the setup that opened the flow. */
const inScope = (instance: AnyInstance, flow: Effect.Effect<unknown>): Effect.Effect<void> =>
  Effect.asVoid(Effect.forkIn(flow, instance.scope, { startImmediately: true }))

/** So many values at most, before other fibers have their turn. */
const turn = 1024

/** Takes in turns, without a fiber: a turn ends when there is nothing to take, or no handler can begin. */
const pump = (passing: Passing, consumer: Consumer<Delivery>, runner: Runner): void => {
  const soon = () => passing.instance.wakeSoon(take)
  let taking = false
  const take = (): void => {
    if (taking) return
    taking = true
    let left = turn
    for (; runner.ready && left > 0; left--) {
      const delivery = consumer.takeInTurn()
      if (delivery === undefined) break
      const item = pass(passing, 0, itemOf(delivery), 0)
      if (item !== undefined) runner.give(item)
    }
    taking = false
    if (left === 0) soon()
    else if (runner.ready) consumer.wake = soon
    consumer.endTurn()
  }
  runner.onEnd = take
  take()
}

/** Takes in a fiber that waits for the next value, and for a handler that can begin. */
const pull = (next: Effect.Effect<Item>, runner: Runner): Effect.Effect<never> => {
  const untilReady = Effect.callback<void>((resume) => {
    runner.onEnd = () => {
      if (!runner.ready) return
      runner.onEnd = () => {}
      resume(Effect.void)
    }
    runner.onEnd()
  })
  const one = Effect.flatMap(next, (item) => {
    runner.give(item)
    return runner.ready ? Effect.void : untilReady
  })
  return Effect.forever(one, { disableYield: true })
}

interface Passing {
  readonly instance: AnyInstance
  readonly inlet: Inlet
  readonly stages: ReadonlyArray<Stage>
}

/** The item as the stages from here on leave it, if it passes. A step that throws is reported like a handler. */
const pass = (
  { instance, inlet, stages }: Passing,
  from: number,
  item: Item,
  now: number
): Item | undefined => {
  if (stages.length === 0) return item
  const { action, delivery } = item
  let { payload } = item
  try {
    for (const stage of stages.slice(from)) {
      if (stage instanceof Pace) {
        const before = stage.held
        if (stage.admit({ ...item, payload }, now)) continue
        if (before !== undefined) inlet.skip(before, stage.by)
        return undefined
      }
      if ("map" in stage) payload = stage.map(payload, action)
      else if (!stage.filter(payload, action)) {
        inlet.skip(item, "filter")
        return undefined
      }
    }
  } catch (error) {
    inlet.skip(item, "failed step")
    instance.handlerFailed(Cause.die(error), inlet.name, delivery)
    return undefined
  }
  return { ...item, payload }
}

/** The next value that passes. */
const passed = (passing: Passing): Effect.Effect<Item> => {
  const next: Effect.Effect<Item> = Effect.flatMap(passing.inlet.take, (taken) => {
    const item = pass(passing, 0, taken, 0)
    return item === undefined ? next : Effect.succeed(item)
  })
  return next
}

/** The next value, where some are held back for a time. One fiber takes, waits and lets pass. */
const paced = (passing: Passing): Effect.Effect<Item> => {
  const { inlet, stages } = passing
  const passOn = (from: number, taken: Item, now: number): Effect.Effect<Item> => {
    const item = pass(passing, from, taken, now)
    return item === undefined ? next : Effect.succeed(item)
  }
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
      if (item !== undefined) return passOn(i + 1, item, now)
    }
    if (ended !== undefined) return Effect.failCause(ended)
    const item = inlet.poll()
    if (item !== undefined) return passOn(0, item, now)
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
      return drainInlet(actionInlet(instance, consumer))
    })

const actionInlet = (instance: AnyInstance, consumer: Consumer<Delivery>): Inlet => {
  const { trace } = instance.host
  const arrival = instance.awaitItem(consumer)
  const poll = (): Item | undefined => {
    const delivery = consumer.take()
    return delivery && itemOf(delivery)
  }
  const take: Effect.Effect<Item> = Effect.suspend(() => {
    const item = poll()
    return item === undefined ? Effect.flatMap(arrival, () => take) : Effect.succeed(item)
  })
  return {
    name: consumer.name,
    consumer,
    close: () => {
      // When the instance closes, it counts what is left here.
      if (!instance.closed) instance.deliveries.unsubscribe(consumer)
    },
    poll,
    take,
    arriving: Effect.succeed(arrival),
    skip: ({ delivery }, reason) => {
      consumer.skip(reason)
      if (delivery?.traced) trace.event({ kind: "skipped", ...about(delivery, consumer.name), reason })
    },
    begin: ({ delivery }) => {
      const run = consumer.begin()
      if (delivery?.traced) run.startedAt = monotonicMs()
      const txn = delivery?.traced ? { ...delivery, via: { handler: consumer.name } } : delivery
      return { txn, run, instanceId: instance.instanceId, isSetup: false }
    },
    end: ({ delivery }, caller, exit) => {
      const run = caller?.run
      if (run === undefined) return
      consumer.end(run)
      if (!delivery?.traced) return
      const durationMs = monotonicMs() - run.startedAt
      trace.event({
        kind: "handler",
        ...about(delivery, consumer.name),
        outcome: outcomeOf(exit),
        durationMs
      })
    },
    interrupt: (handler) => {
      // The flow does wait for this handler, so what it waits for from here on may close a circle.
      consumer.limit = 1
      handler.interruptUnsafe()
      consumer.breakCircles()
    },
    interrupted: () => {
      consumer.limit = Number.POSITIVE_INFINITY
    }
  }
}

const itemOf = (delivery: Delivery): Item => ({
  payload: delivery.action.payload,
  action: delivery.action,
  delivery
})

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
    return inScope(instance, instance.reporting(endsQuietly, "handler", name))
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
  const poll = (): Item | undefined => {
    if (index >= chunk.length) return undefined
    const value = chunk[index++]
    const by =
      puller === undefined || pulling === undefined || limit === Number.POSITIVE_INFINITY
        ? puller
        : withRun(puller, () => puller?.run)
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
    consumer: undefined,
    close: () => {},
    skip: () => {},
    begin: ({ puller }) => puller,
    end: () => {},
    interrupt: (handler) => handler.interruptUnsafe(),
    interrupted: () => {}
  }
}
