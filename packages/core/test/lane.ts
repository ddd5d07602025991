/** For tests of channels and flows: modules whose state is their commit order, and handlers stepped by hand. */
import { Module, Runtime } from "@sluice/core"
import type { Backlog, ConsumerBacklog, ModuleRuntime } from "@sluice/core"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { onTestFinished } from "vitest"
import { collectErrors, disposing } from "./support.ts"

export interface LaneState {
  readonly log: ReadonlyArray<number>
}
export interface LaneActions {
  readonly a: number
  readonly b: number
  readonly c: number
}
export type LaneContext = Module.LogicContext<LaneState, LaneActions>
export type LaneRuntime = ModuleRuntime<LaneState, LaneActions>

const append = (state: LaneState, n: number): LaneState => {
  if (n < 0) throw new RangeError("below zero")
  return n === 0 ? state : { log: [...state.log, n] }
}

/** Every action appends its payload to the log, but for 0, which changes nothing; a negative one throws. */
export const laneOf = <const Id extends string>(id: Id) =>
  Module.make(id, {
    state: Schema.Struct({ log: Schema.Array(Schema.Number) }),
    actions: { a: Schema.Number, b: Schema.Number, c: Schema.Number },
    reducers: { a: append, b: append, c: append }
  })

export const Lane = laneOf("Lane")
export const empty: LaneState = { log: [] }

/** Collects what is logged as a warning. */
export const collectWarnings = () => {
  const warnings: Array<string> = []
  const logger = Logger.make<unknown, void>(({ message, logLevel }) => {
    if (logLevel === "Warn") warnings.push(String(message))
  })
  return { warnings, layer: Logger.layer([logger]) }
}

/** A handler whose runs are ended by hand. What was resumed by that has run when the call returns. */
export const stepper = () => {
  const seen: Array<number> = []
  const running: Array<{ readonly payload: number; readonly gate: Deferred.Deferred<void, unknown> }> = []
  const awaiting: Array<{ readonly count: number; readonly resolve: () => void }> = []
  const settle = (effect: Effect.Effect<void, unknown>, payload: number | undefined) => {
    const at = payload === undefined ? 0 : running.findIndex((run) => run.payload === payload)
    const run = running.splice(at, 1)[0]
    if (run === undefined) throw new Error("No handler runs")
    Deferred.doneUnsafe(run.gate, effect)
  }
  return {
    /** Payloads in the order in which handlers were started for them. */
    seen,
    get running(): ReadonlyArray<number> {
      return running.map(({ payload }) => payload)
    },
    handler: (payload: number): Effect.Effect<void, unknown> =>
      Effect.suspend(() => {
        const run = { payload, gate: Deferred.makeUnsafe<void, unknown>() }
        seen.push(payload)
        running.push(run)
        for (const waiting of awaiting) if (seen.length >= waiting.count) waiting.resolve()
        return Effect.onInterrupt(Deferred.await(run.gate), () =>
          Effect.sync(() => void running.splice(running.indexOf(run), 1))
        )
      }),
    /** Ends the oldest run, or that of this payload. */
    finish: (payload?: number) => settle(Effect.void, payload),
    fail: (error: unknown, payload?: number) => settle(Effect.fail(error), payload),
    /** When so many handlers have started in all. */
    started: (count: number): Promise<void> =>
      seen.length >= count
        ? Promise.resolve()
        : new Promise((resolve) => {
            awaiting.push({ count, resolve })
          })
  }
}
export type Stepper = ReturnType<typeof stepper>

type Setup = ($: LaneContext) => Effect.Effect<unknown, unknown, Scope.Scope>

/** An instance of Lane with these setups, whose callers, errors and warnings can be looked at. */
export const startLane = (
  setup: Setup | ReadonlyArray<Setup>,
  options: { readonly capacity?: number; readonly layer?: Layer.Layer<never> } = {}
) => {
  const { warnings, layer } = collectWarnings()
  const { errors, infos, onError } = collectErrors()
  const setups = typeof setup === "function" ? [setup] : setup
  const module = Lane.implement({
    initial: empty,
    logics: setups.map((each, i) => Lane.logic(`logic ${i + 1}`, each)),
    channel: { capacity: options.capacity ?? 1 }
  })
  const runtime = disposing(
    Runtime.make(module, {
      onError,
      layer: options.layer === undefined ? layer : Layer.mergeAll(layer, options.layer)
    })
  )
  const it = runtime.resolve(Lane.tag)
  return {
    runtime,
    it,
    warnings,
    errors,
    infos,
    log: () => it.unsafe.getState().log,
    backlog: () => it.unsafe.backlog(),
    gauge: (name: string) => gaugeOf(it.unsafe.backlog(), name),
    /** Starts an Effect caller; it has gone as far as it can when this returns. */
    call: <A, E>(effect: Effect.Effect<A, E>) => runtime.run(effect)
  }
}

export const gaugeOf = (backlog: Backlog, name: string): ConsumerBacklog => {
  const found = backlog.consumers.find((consumer) => consumer.name === name)
  if (found === undefined) throw new Error(`No consumer ${name} in ${JSON.stringify(backlog)}`)
  return found
}

export const isDone = (fiber: Fiber.Fiber<unknown, unknown>): boolean => fiber.pollUnsafe() !== undefined

/** Counts the unhandled rejections of the test, without failing it. */
export const countUnhandledRejections = () => {
  const seen: Array<unknown> = []
  const listener = (reason: unknown) => void seen.push(reason)
  const others = process.listeners("unhandledRejection")
  process.removeAllListeners("unhandledRejection")
  process.on("unhandledRejection", listener)
  onTestFinished(() => {
    process.off("unhandledRejection", listener)
    for (const other of others) process.on("unhandledRejection", other)
  })
  return seen
}
