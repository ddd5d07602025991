/** The `$` language: what a logic's setup can say. */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Pull from "effect/Pull"
import * as Semaphore from "effect/Semaphore"
import * as Stream from "effect/Stream"
import type { Consumer } from "./Channel.ts"
import * as Collection from "./Collection.ts"
import type { AnyAction, Origin } from "./Commit.ts"
import { ModuleNotProvided } from "./Errors.ts"
import type { Equals, Selector } from "./Handle.ts"
import type { Any } from "./internal/any.ts"
import { monotonicMs } from "./internal/platform.ts"
import { CallerRef } from "./Caller.ts"
import type { Delivery } from "./Delivery.ts"
import type { AnyInstance, Instance } from "./Instance.ts"
import * as ModuleRuntime from "./ModuleRuntime.ts"
import type { TransactBody } from "./Window.ts"
import { type Flow, type Handler, type LogicContext, moduleKeyPrefix, type RunOptions } from "./Module.ts"
import { txnId } from "./Trace.ts"
import * as Transaction from "./Transaction.ts"

type AnyHandler = Handler<Any, Any, unknown>
type Strategy = "run" | "latest" | "exhaust" | { readonly concurrency: number }

/** Where a flow's values come from: a FIFO of actions, or a stream. */
interface Source {
  readonly name: string
  readonly run: (
    steps: ReadonlyArray<Step>,
    handler: AnyHandler,
    strategy: Strategy,
    options: RunOptions
  ) => Effect.Effect<void>
}

/** `filter` and `map`, in the order they were written. */
type Step =
  | { readonly filter: (payload: unknown, action: unknown) => boolean }
  | { readonly map: (payload: unknown, action: unknown) => unknown }

const passedOver = Symbol("passed over")

const applySteps = (steps: ReadonlyArray<Step>, payload: unknown, action: unknown): unknown => {
  let value = payload
  for (const step of steps) {
    if ("map" in step) value = step.map(value, action)
    else if (!step.filter(value, action)) return passedOver
  }
  return value
}

const makeFlow = (source: Source, steps: ReadonlyArray<Step>): Flow<Any, Any> => ({
  filter: (filter) => makeFlow(source, [...steps, { filter }]),
  map: (map) => makeFlow(source, [...steps, { map }]),
  run: (handler, options = {}) => source.run(steps, handler, "run", options),
  runLatest: (handler, options = {}) => source.run(steps, handler, "latest", options),
  runExhaust: (handler, options = {}) => source.run(steps, handler, "exhaust", options),
  runParallel: (options, handler) => source.run(steps, handler, { concurrency: options.concurrency }, options)
})

/**
 * Runs `next` again and again with what `take` gives. `started` and `ended` bracket each handler.
 * - run: the loop waits for the handler.
 * - latest: a running handler is interrupted first.
 * - exhaust: while one runs, `skip` is told instead.
 * - concurrency: the loop waits while so many run.
 */
const drive = <Item, R>(
  strategy: Strategy,
  take: Effect.Effect<Item, never, R>,
  handle: (item: Item) => Effect.Effect<void, never, R>,
  skip: (item: Item, reason: string) => void
): Effect.Effect<never, never, R> => {
  if (strategy === "run") return Effect.forever(Effect.flatMap(take, handle), { disableYield: true })
  if (strategy === "latest" || strategy === "exhaust") {
    let running: Fiber.Fiber<void> | undefined
    return Effect.forever(
      Effect.flatMap(take, (item) => {
        const previous = running?.pollUnsafe() === undefined ? running : undefined
        if (previous !== undefined && strategy === "exhaust") return Effect.sync(() => skip(item, "exhaust"))
        const start = Effect.map(Effect.forkChild(handle(item), { startImmediately: true }), (fiber) => {
          running = fiber
        })
        return previous === undefined ? start : Effect.flatMap(Fiber.interrupt(previous), () => start)
      }),
      { disableYield: true }
    )
  }
  const permits = Semaphore.makeUnsafe(strategy.concurrency)
  return Effect.forever(
    Effect.flatMap(permits.take(1), () =>
      Effect.flatMap(take, (item) =>
        Effect.forkChild(Effect.ensuring(handle(item), permits.release(1)), { startImmediately: true })
      )
    ),
    { disableYield: true }
  )
}

const limitOf = (strategy: Strategy): number =>
  typeof strategy === "object" ? strategy.concurrency : strategy === "run" ? 1 : Number.POSITIVE_INFINITY

/** Forks the flow into the instance's scope, with the services of the setup that opened it. */
const launch = (instance: AnyInstance, flow: Effect.Effect<unknown>): Effect.Effect<void> =>
  Effect.asVoid(Effect.forkIn(flow, instance.scope, { startImmediately: true }))

const actionSource = (
  instance: AnyInstance,
  logic: string,
  tags: ReadonlyArray<string> | "all",
  predicate: ((action: AnyAction) => boolean) | undefined
): Source => {
  const name = `${logic}: ${tags === "all" ? (predicate === undefined ? "all actions" : "predicate") : tags.join(", ")}`
  return {
    name,
    run: (steps, handler, strategy, options) =>
      Effect.suspend(() => {
        const consumer = instance.subscribe({
          name: options.name ?? name,
          tags,
          predicate,
          capacity: options.capacity,
          limit: limitOf(strategy)
        })
        const take: Effect.Effect<Delivery> = Effect.suspend(() => {
          const delivery = consumer.take()
          return delivery === undefined
            ? Effect.flatMap(instance.awaitItem(consumer), () => take)
            : Effect.succeed(delivery)
        })
        const skip = (delivery: Delivery, reason: string) => {
          consumer.skip(reason)
          traceSkip(instance, consumer, delivery, reason)
        }
        const handle = (delivery: Delivery): Effect.Effect<void> =>
          isolated(instance, consumer, delivery, () => {
            const payload = applySteps(steps, delivery.action.payload, delivery.action)
            if (payload !== passedOver) return handler(payload, delivery.action)
            skip(delivery, "filter")
            return Effect.void
          })
        const flow = Effect.ensuring(
          drive(strategy, take, handle, skip),
          // The instance counts what is left when it closes; a flow ends with it.
          Effect.sync(() => instance.closed || instance.deliveries.unsubscribe(consumer))
        )
        return launch(instance, flow)
      })
  }
}

/** One handler's run: in flight, caused by its delivery, and never the end of its flow. */
const isolated = (
  instance: AnyInstance,
  consumer: Consumer<Delivery>,
  delivery: Delivery,
  handler: () => Effect.Effect<unknown, unknown, unknown>
): Effect.Effect<void> =>
  Effect.suspend(() => {
    consumer.inFlight++
    const startedAt = instance.host.trace.level === "full" ? monotonicMs() : undefined
    // The services a handler needs are those of the setup that opened its flow, and of its fiber.
    const effect = Effect.suspend(handler) as Effect.Effect<unknown, unknown>
    const caused = Effect.provideService(effect, CallerRef, {
      txn: delivery,
      consumer,
      instanceId: instance.instanceId
    })
    return instance.reporting(
      Effect.onExit(caused, (exit) =>
        Effect.sync(() => {
          consumer.inFlight--
          if (startedAt !== undefined) traceHandler(instance, consumer, delivery, exit, startedAt)
        })
      ),
      "handler",
      consumer.name,
      delivery
    )
  })

const traceBase = (consumer: Consumer<Delivery>, delivery: Delivery) => ({
  txnId: txnId(delivery),
  instanceId: delivery.instanceId,
  cause: undefined,
  tag: delivery.action._tag,
  consumer: consumer.name
})

const traceSkip = (
  instance: AnyInstance,
  consumer: Consumer<Delivery>,
  delivery: Delivery,
  reason: string
): void => {
  if (instance.host.trace.level !== "full") return
  instance.host.trace.event({ kind: "skipped", ...traceBase(consumer, delivery), reason })
}

const traceHandler = (
  instance: AnyInstance,
  consumer: Consumer<Delivery>,
  delivery: Delivery,
  exit: Exit.Exit<unknown, unknown>,
  startedAt: number
): void => {
  const outcome = Exit.isSuccess(exit) ? "success" : Exit.hasInterrupts(exit) ? "interrupt" : "failure"
  const durationMs = monotonicMs() - startedAt
  instance.host.trace.event({ kind: "handler", ...traceBase(consumer, delivery), outcome, durationMs })
}

/** A flow over a stream: pulled when the strategy asks for the next value. */
const streamSource = (
  instance: AnyInstance,
  name: string,
  stream: Stream.Stream<unknown, unknown, unknown>
): Source => ({
  name,
  run: (steps, handler, strategy, options) => {
    const each = (value: unknown): Effect.Effect<void> => {
      const effect = Effect.suspend(() => {
        const payload = applySteps(steps, value, value)
        return payload === passedOver ? Effect.void : handler(payload, value)
      })
      // The services a handler needs are those of the setup that opened its flow.
      return instance.reporting(effect as Effect.Effect<unknown, unknown>, "handler", options.name ?? name)
    }
    // As above: the stream's services are the setup's.
    const values = stream as Stream.Stream<unknown, unknown>
    const program = Effect.scoped(
      Effect.flatMap(Stream.toPull(values), (pull) => {
        let chunk: ReadonlyArray<unknown> = []
        let next = 0
        const take: Effect.Effect<unknown, unknown> = Effect.suspend(() =>
          next < chunk.length
            ? Effect.succeed(chunk[next++])
            : Effect.flatMap(pull, (values) => {
                chunk = values
                next = 0
                return take
              })
        )
        // Its end and its failure come as the failure of a pull, and end the flow.
        return drive(strategy, take as Effect.Effect<unknown>, each, () => {})
      })
    )
    return launch(instance, endsQuietly(instance, program, options.name ?? name))
  }
})

const endsQuietly = (
  instance: AnyInstance,
  program: Effect.Effect<unknown>,
  name: string
): Effect.Effect<void> =>
  instance.reporting(
    Effect.catchCause(program, (cause) => (Pull.isDoneCause(cause) ? Effect.void : Effect.failCause(cause))),
    "handler",
    name
  )

// ---------------------------------------------------------------------------------------------------------
// What `$` says

/** The handle of the nearest instance, as the fiber's context has it. */
const useModule = (key: Context.Key<unknown, object>, moduleId: string): Effect.Effect<unknown> =>
  Effect.withFiber((fiber) => {
    // A context holds only what was provided, so the key may be missing although its type says otherwise.
    const runtime = (fiber.context.mapUnsafe as ReadonlyMap<string, object>).get(key.key)
    if (runtime !== undefined) return Effect.succeed(ModuleRuntime.handleOf(runtime))
    const provided = [...fiber.context.mapUnsafe.keys()].filter((name) => name.startsWith(moduleKeyPrefix))
    return Effect.die(
      new ModuleNotProvided({
        moduleId,
        provided: provided.map((name) => name.slice(moduleKeyPrefix.length))
      })
    )
  })

interface Usable {
  readonly tag?: Usable
  readonly moduleId?: string
}

/** Definition, implementation and tag all come down to the tag; anything else is a service's key. */
const use = (target: Usable): Effect.Effect<unknown> => {
  const tag = target.tag ?? target
  // The overloads of `use` admit nothing else.
  const key = tag as unknown as Context.Key<never, object>
  return tag.moduleId === undefined ? key : useModule(key, tag.moduleId)
}

/** The `$` of one logic on one instance. */
export const make = <S, A>(instance: Instance<S, A>, logic: string): LogicContext<S, A> => {
  const { handle } = ModuleRuntime.of(instance)
  const updateOrigin: Origin = { kind: "state-update", name: logic }

  const write = (
    inWindow: (window: NonNullable<ReturnType<typeof instance.ownWindow>>) => void,
    step: (state: S) => S
  ) =>
    Effect.suspend(() => {
      const window = instance.ownWindow()
      if (window === undefined) return instance.update(updateOrigin, step)
      inWindow(window)
      return Effect.void
    })

  const callback = (name: string, step: ((state: S, ...args: ReadonlyArray<unknown>) => S) | undefined) => {
    const origin: Origin = { kind: "service-callback", name }
    return step === undefined
      ? (payload?: unknown) => instance.callbackAction(origin, { _tag: name, payload })
      : (...args: ReadonlyArray<unknown>) => instance.callbackUpdate(origin, (state) => step(state, ...args))
  }

  const onAction = (
    which?: string | ReadonlyArray<string> | ((action: AnyAction) => boolean)
  ): Flow<unknown, unknown> => {
    if (typeof which === "function") return makeFlow(actionSource(instance, logic, "all", which), [])
    const tags = which === undefined ? "all" : typeof which === "string" ? [which] : which
    return makeFlow(actionSource(instance, logic, tags, undefined), [])
  }

  const afterCommit = (effect: Effect.Effect<unknown, unknown>): Effect.Effect<void> =>
    Effect.withFiber((fiber) => {
      const window = Transaction.current()
      if (window?.isOwn) window.kernel.window?.defer(effect, fiber.context)
      else instance.fork(effect, fiber.context, logic, undefined)
      return Effect.void
    })

  // Each member takes what its overloads in LogicContext admit, which is more than one signature can say.
  const members: { readonly [Member in keyof LogicContext<S, A>]: unknown } = {
    state: {
      get: Effect.sync(() => instance.ownWindow()?.get() ?? instance.liveState),
      update: (f: (state: S) => S) => write((window) => window.update(f), f),
      mutate: (recipe: Parameters<LogicContext<S, A>["state"]["mutate"]>[0]) =>
        write(
          (window) => window.mutate(recipe),
          (state) => Collection.mutate(state, recipe)
        )
    },
    actions: handle.actions,
    onAction,
    onState: <B>(selector: Selector<S, B>, equals?: Equals<B>) =>
      makeFlow(streamSource(instance, `${logic}: onState`, handle.changesOf(selector, equals)), []),
    on: (stream: Stream.Stream<unknown, unknown, unknown>) =>
      makeFlow(streamSource(instance, `${logic}: on(stream)`, stream), []),
    use,
    transact: (origin: string | Origin, body: TransactBody<S>) =>
      instance.transact(ModuleRuntime.toOrigin(origin), body),
    afterCommit,
    callback
  }
  return members as LogicContext<S, A>
}
