import { Module } from "@sluice/core"
import { ModelTest, TestRuntime } from "@sluice/testing"
import * as Arbitrary from "effect/Arbitrary"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { expect, test } from "vitest"

const Item = Schema.Struct({
  id: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 5 })),
  n: Schema.Int
})
type Item = typeof Item.Type
type Items = ReadonlyArray<Item>

/** A basket of at most three items, by id. */
const basketOf = (put: (items: Items, item: Item) => Items) =>
  Module.make("Basket", {
    state: Schema.Struct({ items: Schema.Array(Item), puts: Schema.Int }),
    actions: { put: Item, remove: Item.fields.id, clear: Schema.Void },
    reducers: {
      put: (state, item) => {
        if (state.items.length === 3 && !state.items.some(({ id }) => id === item.id)) throw new Error("full")
        return { items: put(state.items, item), puts: state.puts + 1 }
      },
      remove: (state, id) => ({ ...state, items: state.items.filter((item) => item.id !== id) }),
      clear: (state) => ({ ...state, items: [] })
    }
  })

const without = (items: Items, id: number) => items.filter((item) => item.id !== id)
const Right = basketOf((items, item) => [...without(items, item.id), item])
// Puts twice what is there already.
const Wrong = basketOf((items, item) => [...items, item])

type Options = ModelTest.Options<
  { items: Items; puts: number },
  { put: Item; remove: number; clear: void },
  unknown
>

const against = (Basket: typeof Right, options: Partial<Options> = {}) =>
  ModelTest.check(Basket, {
    runtime: (order) => TestRuntime.make(Basket.implement({ initial: { items: [], puts: 0 } }), order),
    initial: new Map<number, number>(),
    next: (model, action) => {
      const next = new Map(model)
      if (action._tag === "clear") next.clear()
      else if (action._tag === "remove") next.delete(action.payload)
      else {
        if (next.size === 3 && !next.has(action.payload.id)) throw new Error("full")
        next.set(action.payload.id, action.payload.n)
      }
      return next
    },
    view: ({ items }) => new Map(items.map(({ id, n }) => [id, n])),
    invariants: { "at most three items": ({ items }) => items.length <= 3 },
    seed: 7,
    ...(options as object)
  })

test("a module that does what its model does", async () => {
  const { runs, seed, steps } = await against(Right)
  expect({ runs, seed }).toEqual({ runs: 100, seed: 7 })
  expect(steps).toBeGreaterThan(500)
})

test("a module whose fields follow from others", async () => {
  const Sum = Module.make("Sum", {
    state: Schema.Struct({ parts: Schema.Array(Schema.Int), sum: Schema.Int }),
    actions: { add: Schema.Int },
    reducers: { add: (state, part) => ({ ...state, parts: [...state.parts, part] }) },
    traits: (t) => ({ sum: t.computed(({ parts }) => parts.reduce((sum, part) => sum + part, 0)) })
  })
  const { runs } = await ModelTest.check(Sum, {
    runtime: (order) => TestRuntime.make(Sum.implement({ initial: { parts: [] } }), order),
    initial: 0,
    next: (sum, { payload }) => sum + payload,
    view: ({ sum }) => sum
  })
  expect(runs).toBe(100)
})

const mismatch = async (promise: Promise<unknown>) => {
  const error: unknown = await promise.then(
    () => undefined,
    (error: unknown) => error
  )
  if (typeof error !== "object" || error === null || !("actions" in error && "replay" in error)) throw error
  return error as {
    readonly actions: ReadonlyArray<{ _tag: string; payload: unknown }>
    readonly replay: string
  }
}

test("a wrong reducer is caught, shrunk to what it takes, and replayed", async () => {
  const found = await mismatch(against(Wrong))
  expect(found).toMatchObject({ _tag: "ModelMismatch", moduleId: "Basket" })
  // Four puts of an id that is there already break the invariant, or two and a third of another id the size.
  expect(found.actions.every(({ _tag }) => _tag === "put")).toBe(true)
  expect(found.actions.length).toBeLessThanOrEqual(4)
  const again = await mismatch(against(Wrong, { replay: found.replay }))
  expect(again.actions).toEqual(found.actions)
  expect(await mismatch(against(Wrong))).toEqual(found)
})

test("an invariant that does not hold", async () => {
  const found = mismatch(
    against(Right, { invariants: { "no item is 1": ({ items }) => items.every(({ id }) => id !== 1) } })
  )
  expect(await found).toMatchObject({
    failure: expect.stringContaining('"no item is 1" does not hold of') as unknown,
    actions: [{ _tag: "put", payload: { id: 1, n: 0 } }]
  })
})

test("a refusal that the model does not know, and one that the module does not", async () => {
  const refuses = await mismatch(against(Right, { next: (model) => model, view: () => 0, initial: 0 }))
  expect(refuses).toMatchObject({ failure: expect.stringContaining("full") as unknown })
  const Open = Module.make("Open", { state: Schema.Int, actions: { go: Schema.Void } })
  const takes = ModelTest.check(Open, {
    runtime: (order) => TestRuntime.make(Open.implement({ initial: 0 }), order),
    initial: 0,
    next: () => {
      throw new Error("never")
    }
  })
  expect(await mismatch(takes)).toMatchObject({
    failure: "it took what its model refuses: Error: never",
    actions: [{ _tag: "go" }]
  })
})

test("handlers settle before each comparison, in an order that the seed shuffles; a race is found", async () => {
  const Race = Module.make("Race", {
    state: Schema.Struct({ read: Schema.Int, count: Schema.Int }),
    actions: { add: Schema.Int, set: Schema.Int },
    reducers: {
      add: (state) => state,
      set: (state, count) => ({ ...state, count })
    }
  })
  // Reads, gives way, and writes what it has read: right only if no other handler runs meanwhile.
  const adds = (name: string) =>
    Race.logic(name, ($) =>
      $.onAction("add").run(() =>
        Effect.gen(function* () {
          const { count } = yield* $.state.get
          yield* Effect.yieldNow
          yield* $.actions.set(count + 1)
        })
      )
    )
  const race = (names: ReadonlyArray<string>) =>
    ModelTest.check(Race, {
      runtime: (order) =>
        TestRuntime.make(Race.implement({ initial: { read: 0, count: 0 }, logics: names.map(adds) }), order),
      initial: 0,
      payloads: { add: Arbitrary.Constant(0), set: Arbitrary.Constant(0) },
      next: (model, { _tag }) => (_tag === "set" ? 0 : model + names.length),
      view: ({ count }) => count,
      seed: 3
    })
  expect(await race(["one"])).toMatchObject({ runs: 100 })
  expect(await mismatch(race(["one", "two"]))).toMatchObject({ actions: [{ _tag: "add" }] })
})

test("payloads of a Standard Schema are asked for", async () => {
  const standard = Schema.toStandardSchemaV1(Schema.Int)
  const { "~standard": only } = standard
  const Std = Module.make("Std", { state: Schema.Int, actions: { set: { "~standard": only } } })
  const checking = (payloads?: { readonly set: Arbitrary.Arbitrary<number> }) =>
    ModelTest.check(Std, {
      runtime: (order) => TestRuntime.make(Std.implement({ initial: 0 }), order),
      initial: 0,
      next: (model) => model,
      runs: 5,
      ...(payloads === undefined ? {} : { payloads })
    })
  await expect(checking()).rejects.toThrow("give its payloads")
  expect(await checking({ set: Arbitrary.Constant(1) })).toMatchObject({ runs: 5 })
})

test("a runtime whose layer waits for what is no fiber's", async () => {
  const late = Layer.effectDiscard(Effect.promise(() => Promise.resolve()))
  const RightLive = Right.implement({ initial: { items: [], puts: 0 } })
  const runtime: Options["runtime"] = (order) => TestRuntime.make(RightLive, { ...order, layer: late })
  expect(await against(Right, { runtime, runs: 2 })).toMatchObject({ runs: 2 })
})
