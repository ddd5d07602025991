/** Handlers of core modules, within the window and in a worker. The same in Node and in Chromium. */
import * as Effect from "effect/Effect"
import { describe, expect, it } from "vitest"
import { desk, makeCases } from "./cases.ts"

export const handler = (): void => {
  describe("a limit", () => {
    it.each([{ memoryPages: -1 }, { fuel: Number.NaN }, { fuel: 2 ** 60 }, { resultBytes: Number.NaN }])(
      "that limits nothing is refused: %o",
      async (limits) => {
        const feature = `limits.${Object.keys(limits)[0]}`
        await expect(makeCases("inline", { limits })).rejects.toMatchObject({
          _tag: "ModuleRefused",
          feature
        })
      }
    )
  })

  describe("a call", () => {
    for (const isolation of ["inline", "worker"] as const) {
      it(`${isolation}: init, send and request give states, and commit nothing`, async () => {
        const cases = await makeCases(isolation, { memory: "image" })
        const first = await Effect.runPromise(cases.init(null, {}))
        const second = await Effect.runPromise(cases.send(first, {}))
        const { state } = await Effect.runPromise(cases.request(second, {}))
        expect([first, second, state]).toEqual([
          { count: 1, calls: 1 },
          { count: 2, calls: 2 },
          { count: 3, calls: 3 }
        ])
      })

      it(`${isolation}: every call starts from the memory of the state it is given`, async () => {
        const cases = await makeCases(isolation, { memory: "image" })
        const first = await Effect.runPromise(cases.init(null, {}))
        const second = await Effect.runPromise(cases.send(first, {}))
        await Effect.runPromise(cases.send(second, {}))
        const again = await Effect.runPromise(cases.send(first, {}))
        expect(again).toEqual({ count: 2, calls: 2 })
      })

      it(`${isolation}: dispatching its action runs it as the action's transition`, async () => {
        const cases = await makeCases(isolation, { memory: "image" })
        const { calls, desk: instance, runtime, seen } = desk({ assess: cases })
        await runtime.runPromise(instance.actions.assess({}))
        await runtime.runPromise(instance.actions.assess({}))
        expect(instance.unsafe.getState()).toEqual({ count: 3, calls: 3 })
        await expect.poll(() => seen).toEqual(["assess", "assess"])
        expect(calls().map(({ action, kind, outcome }) => [kind, action, outcome])).toEqual([
          ["init", undefined, "ok"],
          ["send", "assess", "ok"],
          ["send", "assess", "ok"]
        ])
      })
    }
  })
}
