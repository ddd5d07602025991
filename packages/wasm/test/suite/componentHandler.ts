/** Components as handlers, within the window and in a worker. The same in Node and in Chromium. */
import { Module, Runtime } from "@sluice/core"
import { Handler, Recovery } from "@sluice/wasm"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as Schema from "effect/Schema"
import { describe, expect, it, onTestFinished } from "vitest"
import { scoped } from "./cases.ts"
import { sourceOf } from "./loadComponent.ts"

const Counted = Schema.Struct({ count: Schema.Finite })
const Step = Schema.Struct({
  by: Schema.optionalKey(Schema.Finite),
  start: Schema.optionalKey(Schema.Finite)
})
const Steps = Schema.Struct({ calls: Schema.Finite, steps: Schema.Array(Schema.Finite) })

const makeCounter = async (
  isolation: Handler.Isolation,
  options: { readonly initWith?: typeof Step.Type } = {}
) => {
  const source = await sourceOf("counter-component")
  return scoped(
    Handler.make({
      name: "Counter",
      abi: "component",
      source,
      sha256: source.sha256,
      isolation,
      memory: "image",
      state: Counted,
      params: Step,
      response: Steps,
      ...options
    })
  )
}

const Note = Schema.Struct({ newest: Schema.String, count: Schema.Finite })
const Words = Schema.Struct({ words: Schema.Array(Schema.Finite), total: Schema.Finite })

export const componentHandler = (): void => {
  describe("a component as a handler", () => {
    for (const isolation of ["inline", "worker"] as const) {
      it(`${isolation}: each call starts from the memory of its state, after an err and a trap too`, async () => {
        const counter = await makeCounter(isolation)
        const run = Effect.runPromise
        const first = await run(counter.init(null, { start: 3 }))
        const second = await run(counter.send(first, { by: 4 }))
        expect([first, second]).toEqual([{ count: 3 }, { count: 7 }])
        expect(await run(Effect.flip(counter.send(second, { by: -1 })))).toMatchObject({
          _tag: "HandlerError",
          error: "it only counts up"
        })
        expect(await run(Effect.flip(counter.send(second, { by: 0 })))).toMatchObject({
          _tag: "HandlerFault",
          kind: "trap"
        })
        const { response } = await run(counter.request(second, {}))
        expect(response).toEqual({ calls: 3, steps: [4] })
        expect((await run(counter.request(first, {}))).response).toEqual({ calls: 2, steps: [] })
      })
    }

    it("goes on in another process with what only its code knew, and is read cold", async () => {
      const store = Effect.runSync(Effect.provide(KeyValueStore.KeyValueStore, KeyValueStore.layerMemory))
      const begin = async () => {
        const counter = await makeCounter("worker", { initWith: { start: 40 } })
        const Counting = Module.make("Counting", { state: Counted, actions: { step: Step } })
        const module = Counting.implement({
          initial: { count: 0 },
          handlers: { step: counter },
          logics: [Recovery.logic(Counting, counter, { key: "main", snapshotEvery: 2 })]
        })
        const runtime = Runtime.make(module, {
          layer: Layer.succeed(KeyValueStore.KeyValueStore, store),
          onError: () => {}
        })
        onTestFinished(() => runtime.dispose())
        const instance = runtime.resolve(Counting.tag)
        await expect.poll(() => Recovery.of(instance)).toBeDefined()
        const step = (by: number) => runtime.runPromise(Effect.exit(instance.actions.step({ by })))
        const known = async () =>
          (await runtime.runPromise(counter.request(instance.unsafe.getState(), {}))).response
        return { counter, instance, recovery: Recovery.of(instance)!, step, known }
      }
      const first = await begin()
      // One of them is refused, and one traps
      for (const by of [2, 3, -1, 0, 4]) await first.step(by)
      const known = await first.known()
      expect(known).toMatchObject({ steps: [2, 3, 4] })
      await Effect.runPromise(first.recovery.flush)
      // The first is killed: it ends after the test
      const second = await begin()
      expect([second.instance.unsafe.getState(), await second.known()]).toEqual([{ count: 49 }, known])
      await second.step(1)
      expect(await second.known()).toMatchObject({ steps: [2, 3, 4, 1] })
      await Effect.runPromise(second.recovery.flush)
      const cold = (slot: number) =>
        Effect.runPromise(
          Recovery.read({ handler: "Counter", instance: "main" }, slot, [second.counter]).pipe(
            Effect.provideService(KeyValueStore.KeyValueStore, store)
          )
        )
      const slots = await Promise.all([1, 2, 3, 4, 5, 6].map(cold))
      expect(slots.map(({ state }) => state)).toEqual(
        [42, 45, 45, 45, 49, 50].map((count) => JSON.stringify({ count }))
      )
      expect(slots.map(({ from, replayed }) => [from, replayed])).toEqual([
        [0, 1],
        [2, 0],
        [2, 0],
        [4, 0],
        [4, 1],
        [6, 0]
      ])
      await Effect.runPromise(second.recovery.restore({ slot: 2 }))
      expect([second.instance.unsafe.getState(), await second.known()]).toMatchObject([
        { count: 45 },
        { steps: [2, 3] }
      ])
    })

    it("gives an instance its first state, and computes the transition of its action", async () => {
      const counter = await makeCounter("worker", { initWith: { start: 40 } })
      const Counting = Module.make("Counting", { state: Counted, actions: { step: Step }, reducers: {} })
      const module = Counting.implement({ initial: { count: 0 }, handlers: { step: counter } })
      const runtime = Runtime.make(module)
      onTestFinished(() => runtime.dispose())
      const instance = runtime.resolve(Counting.tag)
      await runtime.runPromise(instance.actions.step({ by: 2 }))
      expect(instance.unsafe.getState()).toEqual({ count: 42 })
    })

    it("of 12 MB by componentize-js: in a worker, its memory with the state", async () => {
      const source = await sourceOf("notes-component")
      const notes = await scoped(
        Handler.make({
          name: "Notes",
          abi: "component",
          source,
          sha256: source.sha256,
          state: Note,
          params: Schema.Struct({
            first: Schema.optionalKey(Schema.String),
            text: Schema.optionalKey(Schema.String),
            spin: Schema.optionalKey(Schema.Boolean)
          }),
          response: Words,
          limits: { callMs: 2000 }
        })
      )
      const run = Effect.runPromise
      const first = await run(notes.init(null, { first: "one" }))
      const second = await run(notes.send(first, { text: "to the lake" }))
      await run(notes.send(second, { text: "and back" }))
      expect((await run(notes.request(second, {}))).response).toEqual({ words: [3], total: 3 })
      expect(await run(Effect.flip(notes.send(second, { text: "" })))).toMatchObject({
        _tag: "HandlerError",
        error: "an empty note"
      })
      // Nothing but its worker's end ends this
      expect(await run(Effect.flip(notes.request(second, { spin: true })))).toMatchObject({
        _tag: "HandlerFault",
        kind: "timeout"
      })
      expect((await run(notes.request(second, {}))).response).toEqual({ words: [3], total: 3 })
      // No text: JavaScript throws, and the component traps
      expect(await run(Effect.flip(notes.send(second, {})))).toMatchObject({
        _tag: "HandlerFault",
        kind: "trap"
      })
      expect((await run(notes.request(second, {}))).response).toEqual({ words: [3], total: 3 })
    })

    it("is not loaded by another hash", async () => {
      const source = await sourceOf("counter-component")
      const options = { name: "Counter", abi: "component", source, state: Counted, params: Step } as const
      const refused = Handler.make({ ...options, sha256: "0".repeat(64) }).pipe(Effect.flip)
      expect(await scoped(refused)).toMatchObject({ _tag: "HashMismatch", actual: source.sha256 })
    })
  })
}
