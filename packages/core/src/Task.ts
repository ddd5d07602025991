/** `runTask`: a transaction, then IO, then a transaction with its outcome. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { CallerRef, continueFrom } from "./Caller.ts"
import type { Origin } from "./Commit.ts"
import type { AnyInstance } from "./Instance.ts"
import type { Any } from "./internal/any.ts"
import type { Task } from "./Module.ts"

export type AnyTask = Task<Any, Any, Any, Any, unknown, unknown>

/** The runs of one key that are under way. */
interface Lane {
  running: number
  /** The newest run that has written its outcome. */
  written: number
}

/** The handler. `stale` is told of a run whose outcome was not written. */
export const make = (instance: AnyInstance, name: string, task: AnyTask) => {
  const keyOf = typeof task.strategy === "object" ? task.strategy.key : () => undefined
  const lanes = new Map<unknown, Lane>()
  let lastRun = 0

  /** Gives the number of its transaction. */
  const write = (phase: "pending" | "success" | "failure", step: (state: unknown) => unknown) => {
    const origin: Origin = { kind: "state-update", name: `${name}, ${phase}`, details: { task: phase } }
    return instance.enter<number, never>(origin, [], (context) => {
      try {
        return Exit.succeed(instance.transition(origin, [], step, undefined, context))
      } catch (error) {
        return Exit.die(error)
      }
    })
  }

  return (payload: unknown, action: unknown, stale: () => void): Effect.Effect<unknown, unknown> =>
    Effect.suspend(() => {
      const run = ++lastRun
      const { resets } = instance
      const key = keyOf(payload, action)
      const lane = lanes.get(key) ?? { running: 0, written: 0 }
      lanes.set(key, lane)
      lane.running++
      const isStale = () => instance.resets !== resets || lane.written > run
      const outcome = (phase: "success" | "failure", step: (state: unknown) => unknown) =>
        Effect.suspend(() => {
          if (isStale()) return Effect.sync(stale)
          // It may wait for a sink before it enters.
          let late = false
          const guarded = (state: unknown) => {
            late = isStale()
            return late ? state : step(state)
          }
          return Effect.map(write(phase, guarded), () => {
            if (late) stale()
            else lane.written = run
          })
        })
      // What it needs was settled by the type of `runTask`.
      const effect = Effect.suspend(() => task.effect(payload, action)) as Effect.Effect<unknown, unknown>
      const io = Effect.flatMap(Effect.exit(effect), (exit) => {
        const { failure, success } = task
        if (Exit.isSuccess(exit)) {
          return success === undefined
            ? Effect.void
            : outcome("success", (state) => success(state, exit.value, payload, action))
        }
        const { cause } = exit
        if (failure === undefined) return exit
        const written = outcome("failure", (state) => failure(state, cause, payload, action))
        return Cause.hasDies(cause) ? Effect.andThen(written, exit) : written
      })
      const { pending } = task
      const all =
        pending === undefined
          ? io
          : Effect.flatMap(
              write("pending", (state) => pending(state, payload, action)),
              (n) =>
                Effect.withFiber((fiber) =>
                  Effect.provideService(
                    io,
                    CallerRef,
                    continueFrom(fiber, { instanceId: instance.instanceId, n })
                  )
                )
            )
      return Effect.ensuring(
        all,
        Effect.sync(() => {
          if (--lane.running === 0) lanes.delete(key)
        })
      )
    })
}
