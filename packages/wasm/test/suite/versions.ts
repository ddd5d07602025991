/** A handler's memory belongs to the version of the state. The same in Node and in Chromium. */
import { Errors, Module, Runtime } from "@sluice/core"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import { describe, expect, it, onTestFinished } from "vitest"
import { Count, desk, makeCases, type CasesOptions, What } from "./cases.ts"

/** It takes less than its handler's own schema does. */
const Narrow = Module.make("Narrow", {
  state: Schema.Struct({
    ...Count.fields,
    text: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(4)))
  }),
  actions: { assess: What, back: Schema.Void },
  reducers: { back: (state) => ({ ...state }) }
})

const failureOf = async (run: Promise<Exit.Exit<unknown, unknown>>): Promise<unknown> => {
  const exit = await run
  return Exit.isFailure(exit) ? Cause.squash(exit.cause) : undefined
}

const isolations = ["inline", "worker"] as const
const image = { memory: "image" } satisfies CasesOptions<"worker"> & CasesOptions<"inline">

export const versions = (): void => {
  describe.each(isolations)("the memory of a handler that runs %s", (isolation) => {
    it("a call that is followed by InvalidState leaves the next call as if it had never been", async () => {
      const cases = await makeCases(isolation, image)
      const runtime = Runtime.make(Narrow.implement({ initial: { count: 0 }, handlers: { assess: cases } }), {
        onError: () => {}
      })
      onTestFinished(() => runtime.dispose())
      const narrow = runtime.resolve(Narrow.tag)
      await runtime.runPromise(narrow.actions.assess({}))
      const large = narrow.actions.assess({ do: "large", length: 5 })
      expect(await failureOf(runtime.runPromise(Effect.exit(large)))).toBeInstanceOf(Errors.InvalidState)
      await runtime.runPromise(narrow.actions.assess({}))
      expect(narrow.unsafe.getState()).toEqual({ count: 3, calls: 3 })
    })

    it("a call that fails in any way leaves nothing behind", async () => {
      const cases = await makeCases(isolation, image)
      const { desk: instance, runtime } = desk({ assess: cases })
      await runtime.runPromise(instance.actions.assess({}))
      for (const what of ["trap", "error", "missing", "recursion", "out of bounds"]) {
        const failing = instance.actions.assess({ do: what, reason: "no" })
        expect(await failureOf(runtime.runPromise(Effect.exit(failing)))).toBeDefined()
      }
      await runtime.runPromise(instance.actions.assess({}))
      expect(instance.unsafe.getState()).toEqual({ count: 3, calls: 3 })
    })

    it("an entry that puts an earlier state in place brings its memory with it", async () => {
      const cases = await makeCases(isolation, image)
      const { desk: instance, runtime } = desk({ assess: cases })
      await runtime.runPromise(instance.actions.assess({}))
      const first = instance.unsafe.getState()
      await runtime.runPromise(instance.actions.assess({ do: "grow", pages: 40 }))
      await runtime.runPromise(instance.actions.assess({}))
      await runtime.runPromise(instance.transact("back", (tx) => tx.set(first)))
      await runtime.runPromise(instance.actions.assess({ do: "grow", pages: 1 }))
      // It grew to 40 pages in calls that this state knows nothing of
      expect(instance.unsafe.getState()).toMatchObject({ count: 3, calls: 3 })
      expect(instance.unsafe.getState().pages).toBeLessThan(40)
    })

    it("is that of what travel shows, and of where it comes back to", async () => {
      const cases = await makeCases(isolation, image)
      const { desk: instance, runtime } = desk({ assess: cases })
      await runtime.runPromise(instance.actions.assess({}))
      const earlier = instance.unsafe.getState()
      await runtime.runPromise(instance.actions.assess({}))
      runtime.travel.to(new Map([[instance.instanceId, earlier]]))
      expect(cases.memoryOf(instance.unsafe.getState())).toBe(cases.memoryOf(earlier))
      runtime.travel.live()
      await runtime.runPromise(instance.actions.assess({}))
      expect(instance.unsafe.getState()).toEqual({ count: 4, calls: 4 })
    })

    it("is that of the live state, for calls that were made or running while another moment was shown", async () => {
      const cases = await makeCases(isolation, image)
      const { desk: instance, runtime } = desk({ assess: cases })
      await runtime.runPromise(instance.actions.assess({}))
      const earlier = instance.unsafe.getState()
      await runtime.runPromise(instance.actions.assess({ do: "grow", pages: 40 }))
      const live = instance.unsafe.getState()
      const calls = [runtime.runPromise(instance.actions.assess({}))]
      runtime.travel.to(new Map([[instance.instanceId, earlier]]))
      calls.push(runtime.runPromise(instance.actions.assess({})))
      // A call of nobody's, from the moment that is shown
      expect((await Effect.runPromise(cases.send(instance.unsafe.getState(), {}))).calls).toBe(3)
      runtime.travel.live()
      await Promise.all(calls)
      expect(instance.unsafe.getState()).toMatchObject({ count: live.count + 2, calls: 5 })
    })

    it("an entry of another kind keeps it", async () => {
      const cases = await makeCases(isolation, image)
      const { desk: instance, runtime } = desk({ assess: cases })
      await runtime.runPromise(instance.actions.assess({}))
      await runtime.runPromise(instance.actions.tick())
      await runtime.runPromise(instance.actions.assess({}))
      expect(instance.unsafe.getState()).toEqual({ count: 103, calls: 3 })
    })

    it("a reset gives that with which the instance began, for each instance its own", async () => {
      const cases = await makeCases(isolation, image)
      const initial = { count: 0 }
      const first = desk({ assess: cases }, initial)
      const second = desk({ assess: cases }, initial)
      await first.runtime.runPromise(first.desk.actions.assess({}))
      await first.runtime.runPromise(first.desk.actions.assess({}))
      await first.runtime.runPromise(first.desk.reset())
      await second.runtime.runPromise(second.desk.actions.assess({}))
      await first.runtime.runPromise(first.desk.actions.assess({}))
      expect(second.desk.unsafe.getState()).toEqual({ count: 2, calls: 2 })
      expect(first.desk.unsafe.getState()).toEqual({ count: 2, calls: 2 })
    })

    it("two modules on one binary never see each other, nor two instances of one", async () => {
      const cases = await makeCases(isolation, image)
      const other = await makeCases(isolation, image)
      const runs = [desk({ assess: cases }), desk({ assess: cases }), desk({ assess: other })]
      for (const [index, { desk: instance, runtime }] of runs.entries()) {
        for (let n = 0; n <= index; n++) await runtime.runPromise(instance.actions.assess({}))
      }
      for (const { desk: instance, runtime } of runs) await runtime.runPromise(instance.actions.assess({}))
      expect(runs.map(({ desk: instance }) => instance.unsafe.getState().calls)).toEqual([3, 4, 5])
    })

    it("is read at a state, and put beside another", async () => {
      const cases = await makeCases(isolation, image)
      const state = await Effect.runPromise(cases.init(null, { do: "grow", pages: 40 }))
      const memory = cases.memoryOf(state)
      expect(memory?.parts[0]?.pages.length).toBe(40)
      const recovered = { count: 7 }
      cases.remember(recovered, memory!)
      const next = await Effect.runPromise(cases.send(recovered, { do: "grow", pages: 1 }))
      expect(next).toEqual({ count: 8, calls: 2, pages: 40 })
    })
  })

  describe("the memory of drafts", () => {
    it("a batch goes on from draft to draft, and leaves nothing if it is rolled back", async () => {
      const cases = await makeCases("inline", image)
      const { desk: instance, runtime } = desk({ assess: cases })
      const assess = (what?: string) =>
        ({ _tag: "assess", payload: what === undefined ? {} : { do: what } }) as const
      await runtime.runPromise(instance.dispatchBatch([assess(), { _tag: "tick" }, assess()]))
      expect(instance.unsafe.getState()).toEqual({ count: 103, calls: 3 })
      const failing = instance.dispatchBatch([assess(), assess("trap")])
      expect(await failureOf(runtime.runPromise(Effect.exit(failing)))).toBeDefined()
      await runtime.runPromise(instance.actions.assess({}))
      expect(instance.unsafe.getState()).toEqual({ count: 104, calls: 4 })
    })
  })

  describe("declared to be none", () => {
    it("is not given back", async () => {
      const cases = await makeCases("worker", { memory: "none" })
      const first = await Effect.runPromise(cases.init(null, {}))
      await Effect.runPromise(cases.send(first, {}))
      expect(await Effect.runPromise(cases.send(first, {}))).toEqual({ count: 2, calls: 3 })
      expect(cases.memoryOf(first)).toBeUndefined()
    })
  })
}
