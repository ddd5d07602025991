/** Calls that never come back. The same in Node and in Chromium. */
import { Errors } from "@sluice/core"
import { Errors as WasmErrors, Handler } from "@sluice/wasm"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { describe, expect, it, onTestFinished, vi } from "vitest"
import { casesOptions, desk, makeCases } from "./cases.ts"
import { leastOf } from "./gaps.ts"

/** Watches the workers that are made from now on. */
export type WatchWorkers = () => {
  /** How many have ended. */
  readonly ended: () => number
  readonly stop: () => void
}

/** Much more than a call takes that comes back, on a machine that has much else to do. */
const callMs = 600

export const deadline = (watchWorkers: WatchWorkers): void => {
  describe("a call that is past its deadline", () => {
    it("dies with its worker, a warm spare takes over, and queued actions go on in order", async () => {
      const workers = watchWorkers()
      const cases = await makeCases("worker", { limits: { callMs } })
      const { calls, desk: instance, errors, runtime, seen } = desk({ assess: cases, again: cases })
      await runtime.runPromise(instance.actions.assess({}))
      const endless = runtime.runPromise(Effect.exit(instance.actions.assess({ do: "loop" })))
      const queued = [
        runtime.runPromise(instance.actions.again({})),
        runtime.runPromise(instance.actions.tick()),
        runtime.runPromise(instance.actions.assess({}))
      ]
      const exit = await endless
      await expect.poll(workers.ended).toBe(1)
      await Promise.all(queued)
      workers.stop()
      const failed = Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
      expect(failed).toBeInstanceOf(Errors.HandlerFailed)
      expect(failed).toMatchObject({ cause: { _tag: "HandlerFault", kind: "timeout" } })
      expect(errors.length).toBe(1)
      // The failed one is nobody's, and the memory after it is that before it
      await expect.poll(() => seen).toEqual(["assess", "again", "tick", "assess"])
      expect(instance.unsafe.getState()).toEqual({ count: 104, calls: 4 })
      expect(calls().map(({ outcome }) => outcome)).toEqual(["ok", "ok", "timeout", "ok", "ok"])
    })

    it("does not keep the page from anything else", async () => {
      const cases = await makeCases("worker", { limits: { callMs: 200 } })
      const state = await Effect.runPromise(cases.send({ count: 0 }, {}))
      const outcomes: Array<boolean> = []
      const longest = await leastOf(async () => {
        const exit = await Effect.runPromise(Effect.exit(cases.send(state, { do: "loop" })))
        outcomes.push(Exit.isFailure(exit))
      })
      expect(new Set(outcomes)).toEqual(new Set([true]))
      expect(longest).toBeLessThan(50)
    })

    it("takes no other instance's call with it: that is sent again", async () => {
      const cases = await makeCases("worker", { limits: { callMs } })
      const first = desk({ assess: cases })
      const second = desk({ assess: cases })
      await second.runtime.runPromise(second.desk.actions.assess({}))
      const endless = first.runtime.runPromise(Effect.exit(first.desk.actions.assess({ do: "loop" })))
      const other = second.runtime.runPromise(second.desk.actions.assess({}))
      await other
      expect(Exit.isFailure(await endless)).toBe(true)
      expect(second.desk.unsafe.getState()).toEqual({ count: 3, calls: 3 })
    })

    it("is followed by others, however often", async () => {
      const cases = await makeCases("worker", { limits: { callMs } })
      const first = await Effect.runPromise(cases.init(null, {}))
      for (let n = 0; n < 2; n++) {
        const error = await Effect.runPromise(Effect.flip(cases.send(first, { do: "loop" })))
        expect(error).toBeInstanceOf(WasmErrors.HandlerFault)
        expect(error).toMatchObject({ kind: "timeout", handler: "Cases" })
        expect(await Effect.runPromise(cases.send(first, {}))).toEqual({ count: 2, calls: 2 })
      }
    })

    it("is given up by its caller, without a deadline: the instance is free, and its worker soon", async () => {
      const cases = await makeCases("worker")
      const { calls, desk: instance, runtime } = desk({ assess: cases })
      await runtime.runPromise(instance.actions.assess({}))
      await runtime.runPromise(
        Effect.gen(function* () {
          const endless = yield* Effect.forkChild(instance.actions.assess({ do: "loop" }), {
            startImmediately: true
          })
          yield* Effect.yieldNow
          yield* Fiber.interrupt(endless)
        })
      )
      await runtime.runPromise(instance.actions.assess({}))
      expect(instance.unsafe.getState()).toEqual({ count: 3, calls: 3 })
      expect(calls().map(({ outcome }) => outcome)).toEqual(["ok", "ok", "ok"])
    })

    it("ends when its handler does, and its instance goes on", async () => {
      const scope = Scope.makeUnsafe()
      const options = { ...(await casesOptions("worker")), name: "Cases" }
      const cases = await Effect.runPromise(Scope.provide(Handler.make(options), scope))
      const { desk: instance, runtime } = desk({ assess: cases })
      await runtime.runPromise(instance.actions.assess({}))
      const endless = runtime.runPromise(Effect.exit(instance.actions.assess({ do: "loop" })))
      const queued = runtime.runPromise(instance.actions.tick())
      await Effect.runPromise(Scope.close(scope, Exit.void))
      expect(Exit.isFailure(await endless)).toBe(true)
      await queued
      const later = await runtime.runPromise(Effect.exit(instance.actions.assess({})))
      expect(Exit.isFailure(later) && Cause.squash(later.cause)).toMatchObject({
        cause: { _tag: "HandlerFault", detail: "The handler's scope has ended" }
      })
      expect(instance.unsafe.getState()).toMatchObject({ count: 102 })
    })

    it("where there is none, is warned of once", async () => {
      const lines: Array<string> = []
      const scope = Scope.makeUnsafe()
      const declared = await casesOptions("worker", { console: ({ text }) => lines.push(text) })
      const cases = await Effect.runPromise(Scope.provide(Handler.make(declared), scope))
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] })
      onTestFinished(() => void vi.useRealTimers())
      await Effect.runPromise(cases.send({ count: 0 }, {}))
      vi.advanceTimersByTime(60_000)
      expect(lines).toEqual([])
      const endless = [1, 2].map(() =>
        Effect.runPromise(Effect.flip(cases.send({ count: 0 }, { do: "loop" })))
      )
      vi.advanceTimersByTime(60_000)
      expect(lines).toEqual([expect.stringContaining("Declare limits.callMs")])
      await Effect.runPromise(Scope.close(scope, Exit.void))
      const ended = { kind: "trap", detail: "The handler's scope has ended" }
      expect(await Promise.all(endless)).toMatchObject([ended, ended])
    })

    it("is refused when the handler is made, if it runs within the window", async () => {
      // @ts-expect-error -- a call within the window cannot be ended from outside
      const made = makeCases("inline", { limits: { callMs: 200 } })
      await expect(made).rejects.toMatchObject({ _tag: "ModuleRefused", feature: "limits.callMs" })
    })
  })
}
