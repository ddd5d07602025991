/** Handlers, which a profile measures in two ways: how long each took, and how long its fibers kept the thread busy. */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import { callerOf } from "./Caller.ts"
import type { Consumer } from "./Channel.ts"
import type { AnyInstance } from "./Instance.ts"
import type { Any } from "./internal/any.ts"
import { wrap } from "./internal/patch.ts"
import type { Measure, Recorder } from "./internal/recorder.ts"
import type { Run } from "./Waits.ts"

/** Those of a consumer that have begun and not ended. */
export interface Handlers {
  readonly measure: Measure
  readonly begun: Map<Run, Begun>
}

interface Begun {
  readonly startedAt: number
  /** Whether a fiber has run for it. */
  hasRun: boolean
}

export const wrapHandlers = (
  instance: AnyInstance,
  recorder: Recorder,
  handlers: Map<unknown, Handlers>
): ReadonlyArray<() => void> => {
  const ends: Array<() => void> = []
  const consume = (consumer: Consumer<Any>) => {
    const measure = recorder.measure("handler", instance.instanceId, consumer.name)
    const begun = new Map<Run, Begun>()
    handlers.set(consumer, { measure, begun })
    ends.push(
      wrap(consumer, "begin", (inner) => () => {
        const run = inner.call(consumer)
        begun.set(run, { startedAt: recorder.now(), hasRun: false })
        return run
      }),
      wrap(consumer, "end", (inner) => (run) => {
        const one = begun.get(run)
        if (one !== undefined) {
          const ms = recorder.now() - one.startedAt
          recorder.add(measure, ms)
          // What is done already needs no fiber.
          if (!one.hasRun) measure.selfMs += ms
        }
        begun.delete(run)
        inner.call(consumer, run)
      })
    )
  }
  for (const consumer of instance.deliveries.consumers) consume(consumer)
  const subscribe = wrap(instance, "subscribe", (inner) => (...given) => {
    const consumer = inner.apply(instance, given)
    consume(consumer)
    return consumer
  })
  return [
    subscribe,
    () => {
      for (const end of ends) end()
    }
  ]
}

/** A fiber, as Effect runs it: each time until it waits. */
interface Running {
  evaluate: (effect: unknown) => void
}

const canRun = (prototype: unknown): prototype is Running =>
  typeof prototype === "object" &&
  prototype !== null &&
  "evaluate" in prototype &&
  typeof prototype.evaluate === "function"

/** Measures fibers of handlers while they run. Where Effect's fibers are others, handlers have no time of their own. */
export const wrapFibers = (recorder: Recorder, handlers: ReadonlyMap<unknown, Handlers>): (() => void) => {
  const prototype: unknown = Object.getPrototypeOf(Effect.runFork(Effect.void))
  if (!canRun(prototype)) return () => {}
  return wrap(
    prototype,
    "evaluate",
    (inner) =>
      function (this: Running & Fiber.Fiber<unknown, unknown>, effect) {
        const run = callerOf(this)?.run
        const handler = run && handlers.get(run.channel)
        const begun = run && handler?.begun.get(run)
        if (handler === undefined || begun === undefined) return inner.call(this, effect)
        begun.hasRun = true
        // A fiber that it forks at once runs within it.
        if (recorder.runs(handler.measure)) return inner.call(this, effect)
        recorder.part(handler.measure, () => inner.call(this, effect))
      }
  )
}
