/** Requests: of nobody, as an entry of an instance, and with an id. The same in Node and in Chromium. */
import { Errors as CoreErrors, Module, Runtime } from "@sluice/core"
import { Handler } from "@sluice/wasm"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import { describe, expect, it, onTestFinished } from "vitest"
import { built, sha256 } from "../fixture.ts"
import { desk, makeCases, scoped } from "./cases.ts"

const Total = Schema.Struct({ count: Schema.Finite })
const Add = Schema.Struct({ by: Schema.Finite })

const options = async <Where extends Handler.Isolation>(isolation: Where) => {
  const source = await built("counter-wat.wasm")
  return {
    name: "Adder",
    abi: "core",
    source,
    sha256: await sha256(source),
    isolation,
    state: Total,
    params: Add,
    response: Schema.Struct({ calls: Schema.Finite })
  } as const
}

const Ledger = Module.make("Ledger", {
  state: Total,
  actions: { add: Add, note: Schema.Void },
  reducers: { note: (state) => ({ count: state.count + 1000 }) }
})

/** An instance whose `add` the handler computes, and the actions that its logic has seen, with the answers. */
const ledger = async (isolation: Handler.Isolation, more: { readonly order?: "optimistic" } = {}) => {
  const adder =
    isolation === "inline"
      ? await scoped(Handler.make({ ...(await options("inline")), memory: "image" }))
      : await scoped(Handler.make({ ...(await options("worker")), ...more }))
  const seen: Array<unknown> = []
  const runtime = Runtime.make(
    Ledger.implement({
      initial: { count: 0 },
      handlers: { add: adder },
      logics: [
        Ledger.logic("commands", ($) =>
          $.onAction("add").run((_payload, action) =>
            Effect.sync(() => void seen.push(adder.responseTo(action)))
          )
        )
      ]
    }),
    { onError: () => {} }
  )
  onTestFinished(() => runtime.dispose())
  return { adder, runtime, ledger: runtime.resolve(Ledger.tag), seen }
}

const isolations = ["inline", "worker"] as const

export const requests = (): void => {
  describe.each(isolations)("a request to a handler that runs %s", (isolation) => {
    it("is an entry of an instance: one commit, and its answer", async () => {
      const { adder, ledger: instance, runtime, seen } = await ledger(isolation)
      const first = await runtime.runPromise(adder.on(instance).request("add", { by: 4 }))
      const second = await runtime.runPromise(adder.on(instance).request("add", { by: 5 }))
      // Its `init` was the first of its calls
      expect([first, second]).toEqual([{ calls: 2 }, { calls: 3 }])
      expect(instance.unsafe.getState()).toEqual({ count: 9 })
      // Logic runs after the commit, with what was answered: commands are run there
      await expect.poll(() => seen).toEqual([{ calls: 2 }, { calls: 3 }])
    })

    it("fails with what the call fails with, and commits nothing", async () => {
      const { adder, ledger: instance, runtime } = await ledger(isolation)
      const error = await runtime.runPromise(
        Effect.flip(adder.on(instance).request("add", { by: 1_000_001 }))
      )
      expect(error).toMatchObject({ _tag: "HandlerError", error: "the count is full" })
      expect(instance.unsafe.getState()).toEqual({ count: 0 })
    })

    it("50 concurrent calls of one id: one commit, equal replies", async () => {
      const { adder, ledger: instance, runtime } = await ledger(isolation)
      const request = adder.on(instance).request("add", { by: 4 }, { id: "a" })
      const replies = await runtime.runPromise(
        Effect.all(
          Array.from({ length: 50 }, () => request),
          { concurrency: "unbounded" }
        )
      )
      expect(new Set(replies.map((reply) => JSON.stringify(reply)))).toEqual(new Set(['{"calls":2}']))
      expect(instance.unsafe.getState()).toEqual({ count: 4 })
      expect(instance.unsafe.getVersion()).toBe(2)
      await runtime.runPromise(adder.on(instance).request("add", { by: 4 }, { id: "b" }))
      expect(instance.unsafe.getState()).toEqual({ count: 8 })
    })

    it("with an id of nobody's: it runs once in the window, and again after it", async () => {
      const adder = await scoped(
        Handler.make({ ...(await options(isolation)), memory: "image", replies: { window: "1 minute" } })
      )
      const program = Effect.gen(function* () {
        const state = yield* adder.init(null, { by: 1 })
        const ask = adder.request(state, { by: 2 }, { id: "x" })
        const first = yield* ask
        const again = yield* ask
        yield* TestClock.adjust("59 seconds")
        const late = yield* ask
        yield* TestClock.adjust("1 second")
        const anew = yield* ask
        expect(first).toEqual({ state: { count: 3 }, response: { calls: 2 } })
        expect(again).toBe(first)
        expect(late).toBe(first)
        expect(anew).not.toBe(first)
        expect(anew).toEqual(first)
      })
      await Effect.runPromise(Effect.provide(program, TestClock.layer()))
    })

    it("with an id that another runtime uses too: it is that runtime's own", async () => {
      const adder = await scoped(Handler.make({ ...(await options(isolation)), memory: "image" }))
      const countOf = async (count: number) => {
        const runtime = Runtime.make(Ledger.implement({ initial: { count }, handlers: { add: adder } }), {
          onError: () => {}
        })
        onTestFinished(() => runtime.dispose())
        const reply = await runtime.runPromise(adder.request({ count }, { by: 1 }, { id: "same" }))
        return reply.state.count
      }
      expect([await countOf(10), await countOf(20)]).toEqual([11, 21])
    })

    it("with an id that failed is tried again", async () => {
      const { adder, ledger: instance, runtime } = await ledger(isolation)
      const on = adder.on(instance)
      await runtime.runPromise(Effect.flip(on.request("add", { by: 1_000_001 }, { id: "a" })))
      expect(await runtime.runPromise(on.request("add", { by: 1 }, { id: "a" }))).toEqual({ calls: 2 })
    })
  })

  describe("a handler that runs in a worker", () => {
    it("serial: what comes meanwhile waits, and the action is observed once, by its commit", async () => {
      const cases = await makeCases("worker")
      const { desk: instance, runtime, seen } = desk({ assess: cases })
      const states: Array<number> = []
      instance.unsafe.subscribe(({ count }) => states.push(count))
      await Promise.all([
        runtime.runPromise(instance.actions.assess({})),
        runtime.runPromise(instance.actions.tick()),
        runtime.runPromise(Effect.exit(instance.actions.assess({ do: "trap" }))),
        runtime.runPromise(instance.actions.assess({}))
      ])
      expect(states).toEqual([1, 2, 102, 103])
      await expect.poll(() => seen).toEqual(["assess", "tick", "assess"])
    })

    it("optimistic: another entry that came first makes it compute again, from that version", async () => {
      const { adder, ledger: instance, runtime } = await ledger("worker", { order: "optimistic" })
      const answer = runtime.runPromise(adder.on(instance).request("add", { by: 4 }))
      instance.unsafe.dispatch({ _tag: "note" })
      // Begun once by its `init`, and computed from the state after the note, with the memory of its version
      expect(await answer).toEqual({ calls: 2 })
      expect(instance.unsafe.getState()).toEqual({ count: 1004 })
    })

    it("optimistic: after a bounded number of times it fails", async () => {
      const cases = await makeCases("worker", { order: "optimistic", attempts: 3 })
      const { calls, desk: instance, runtime, activity } = desk({ assess: cases })
      await runtime.runPromise(instance.actions.assess({}))
      const before = calls().length
      activity.subscribe(() => {
        // Another entry comes first each time a call has ended
        if (calls().length > before) instance.unsafe.dispatch({ _tag: "tick" })
      })
      const error = await runtime.runPromise(
        Effect.flip(Effect.catchDefect(instance.actions.assess({}), (defect) => Effect.fail(defect)))
      )
      expect(error).toBeInstanceOf(CoreErrors.HandlerConflict)
      expect(error).toMatchObject({ attempts: 3, tag: "assess" })
      expect(
        calls()
          .slice(before)
          .map(({ reruns }) => reruns)
      ).toEqual([0, 1, 2])
    })
  })

  describe("a handler that is declared pure", () => {
    it.each(isolations)("%s: is not called again for what it was called for", async (isolation) => {
      const source = await built("hidden.wasm")
      const hidden = await scoped(
        Handler.make({
          name: "Hidden",
          abi: "core",
          source,
          sha256: await sha256(source),
          isolation,
          memory: "none",
          pure: true,
          state: Schema.Struct({ calls: Schema.Finite }),
          params: Schema.Finite
        })
      )
      const state = { calls: 0 }
      const calls = async (params: number) => (await Effect.runPromise(hidden.send(state, params))).calls
      expect([await calls(1), await calls(2), await calls(1)]).toEqual([1, 2, 1])
    })

    it.each(isolations)("%s: a request is answered, whatever was sent before", async (isolation) => {
      const pure = { memory: "none", pure: true } as const
      const adder = await scoped(Handler.make({ ...(await options(isolation)), ...pure }))
      const [state, params] = [{ count: 1 }, { by: 2 }]
      const sent = await Effect.runPromise(adder.send(state, params))
      const reply = await Effect.runPromise(adder.request(state, params))
      expect(reply.state).toEqual(sent)
      expect(reply.response).toEqual({ calls: expect.any(Number) as number })
      expect(await Effect.runPromise(adder.request(state, params))).toEqual(reply)
    })

    it("is refused with what could change what it gives", async () => {
      await expect(makeCases("worker", { pure: true, memory: "image" })).rejects.toMatchObject({
        _tag: "ModuleRefused",
        feature: "pure"
      })
      await expect(makeCases("worker", { pure: true })).rejects.toMatchObject({
        _tag: "ModuleRefused",
        feature: "pure"
      })
    })
  })

  it("a state over the stated size warns once", async () => {
    const lines: Array<string> = []
    const cases = await makeCases("inline", { warnStateBytes: 100, console: ({ text }) => lines.push(text) })
    for (let n = 0; n < 3; n++)
      await Effect.runPromise(cases.send({ count: 0 }, { do: "large", length: 200 }))
    expect(lines).toEqual([expect.stringContaining("more than 100")])
  })

  it("a caller that is interrupted takes nothing from those that wait for the same id", async () => {
    const adder = await scoped(Handler.make(await options("worker")))
    const program = Effect.gen(function* () {
      const state = yield* adder.init(null, { by: 1 })
      const ask = adder.request(state, { by: 2 }, { id: "x" })
      const first = yield* Effect.forkChild(ask, { startImmediately: true })
      const second = yield* Effect.forkChild(ask, { startImmediately: true })
      yield* Fiber.interrupt(first)
      return yield* Fiber.join(second)
    })
    expect(await Effect.runPromise(program)).toEqual({ state: { count: 3 }, response: { calls: 2 } })
  })

  describe("a handler that is defined at the top of a file", () => {
    it.each(isolations)("%s: its layer loads it", async (isolation) => {
      const Adder = Handler.define({ ...(await options(isolation)), memory: "image" })
      const asked = Deferred.makeUnsafe<unknown>()
      const runtime = Runtime.make(
        Ledger.implement({
          initial: { count: 0 },
          handlers: { add: Adder },
          imports: [Adder.layer],
          logics: [
            Ledger.logic("asking", ($) =>
              $.onAction("note").run(() =>
                Effect.gen(function* () {
                  const state = yield* $.state.get
                  const { response } = yield* Adder.request(state, { by: 1 })
                  yield* Deferred.succeed(asked, response)
                })
              )
            )
          ]
        })
      )
      onTestFinished(() => runtime.dispose())
      await runtime.ready
      const instance = runtime.resolve(Ledger.tag)
      // One that runs inline is loaded after the instance was made
      const begun = isolation === "worker" ? 1 : 0
      const asking = Adder.on(instance).request("add", { by: 4 })
      expect(await runtime.runPromise(asking)).toEqual({ calls: begun + 1 })
      await runtime.runPromise(instance.actions.note())
      expect(await runtime.runPromise(Deferred.await(asked))).toEqual({ calls: begun + 2 })
      expect(instance.unsafe.getState()).toEqual({ count: 1004 })
    })
  })
}
