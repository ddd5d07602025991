/** Handlers that are evaluated again: their state and memory are kept, or migrated. The same in Node and in Chromium. */
import { Module, Runtime } from "@sluice/core"
import { Handler, Recovery } from "@sluice/wasm"
import * as Cause from "effect/Cause"
import * as Layer from "effect/Layer"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as Schema from "effect/Schema"
import { describe, expect, it, onTestFinished } from "vitest"
import { sha256 } from "../fixture.ts"
import { casesOptions, Count, Desk, desk, makeCases, scoped, What } from "./cases.ts"
import { storeOf } from "./ledger.ts"

export const reload = (): void => {
  describe("hot reload of a handler", () => {
    it("a hot reload of the same code keeps state and memory, and of other code the state", async () => {
      const cases = await makeCases("worker")
      const { desk: instance, runtime } = desk({ assess: cases })
      for (const _ of [1, 2]) await runtime.runPromise(instance.actions.assess({}))
      const evaluated = await makeCases("worker")
      await runtime.replace(Desk.implement({ initial: { count: 0 }, handlers: { assess: evaluated } }))
      await runtime.runPromise(instance.actions.assess({ do: "only", by: 4 }))
      expect(instance.unsafe.getState()).toEqual({ count: 4, calls: 4 })
      const renamed = await makeCases("worker", {}, "Other")
      await runtime.replace(Desk.implement({ initial: { count: 0 }, handlers: { assess: renamed } }))
      await runtime.runPromise(instance.actions.assess({}))
      expect(instance.unsafe.getState()).toEqual({ count: 5, calls: 1 })
    })

    it("a hot reload with code of another hash runs the migration of the state's schema", async () => {
      const options = await casesOptions("worker")
      const before = await scoped(Handler.make(options))
      const { desk: instance, runtime } = desk({ assess: before })
      await runtime.runPromise(instance.actions.assess({}))
      // The same code with a custom section that is empty: other bytes.
      const source = new Uint8Array([...options.source, 0, 2, 1, 120])
      const Counted = Schema.Struct({
        count: Schema.Finite,
        calls: Schema.Finite,
        unit: Schema.optionalKey(Schema.String)
      })
      const asked: Array<unknown> = []
      const after = await scoped(
        Handler.make({
          ...options,
          source,
          sha256: await sha256(source),
          state: Counted,
          migrate: (state, from) => {
            asked.push(from.module)
            return { ...(state as object), calls: 0, unit: "calls" }
          }
        })
      )
      const Later = Module.make("Desk", { state: Counted, actions: { assess: What } })
      const initial = { count: 0, calls: 0 }
      await runtime.replace(Later.implement({ initial, handlers: { assess: after } }))
      expect(asked).toEqual([options.sha256])
      expect(instance.unsafe.getState()).toEqual({ count: 2, calls: 0, unit: "calls" })
      // Other code has another memory.
      await runtime.runPromise(instance.actions.assess({ do: "only", by: 1 }))
      // The same code again is no migration.
      await runtime.replace(Later.implement({ initial, handlers: { assess: after } }))
      expect(asked).toHaveLength(1)
      expect(instance.unsafe.getState()).toEqual({ count: 3, calls: 1 })
    })

    it("what recovery has stored is migrated by the handler as well, in a hot reload and in another run", async () => {
      const options = await casesOptions("worker")
      const before = await scoped(Handler.make(options))
      const source = new Uint8Array([...options.source, 0, 2, 1, 120])
      const migrated = { ...options, source, sha256: await sha256(source), state: Count }
      const after = await scoped(
        Handler.make({ ...migrated, migrate: (state) => ({ ...(state as object), count: 100 }) })
      )
      const store = storeOf()
      const errors: Array<unknown> = []
      const implement = (assess: typeof before) =>
        Desk.implement({
          initial: { count: 0 },
          handlers: { assess },
          logics: [Recovery.logic(Desk, assess, { key: "desk" })]
        })
      const start = (assess: typeof before) => {
        const runtime = Runtime.make(implement(assess), {
          layer: Layer.succeed(KeyValueStore.KeyValueStore, store),
          onError: (cause) => errors.push(Cause.squash(cause))
        })
        onTestFinished(() => runtime.dispose())
        return { runtime, instance: runtime.resolve(Desk.tag) }
      }
      const first = start(before)
      await expect.poll(() => Recovery.of(first.instance)).toBeDefined()
      await first.runtime.runPromise(first.instance.actions.assess({}))
      const recorder = Recovery.of(first.instance)
      await first.runtime.replace(implement(after))
      await expect.poll(() => Recovery.of(first.instance) !== recorder).toBe(true)
      expect(first.instance.unsafe.getState()).toEqual({ count: 100, calls: 2 })
      await first.runtime.runPromise(first.instance.actions.assess({ do: "only", by: 1 }))
      await first.runtime.dispose()
      const second = start(after)
      await expect.poll(() => Recovery.of(second.instance)).toBeDefined()
      expect(second.instance.unsafe.getState()).toEqual({ count: 101, calls: 1 })
      expect(errors).toEqual([])
    })
  })
}
