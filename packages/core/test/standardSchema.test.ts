/** T10 with the schemas of three libraries that follow Standard Schema v1. */
import { Module, Runtime } from "@sluice/core"
import { type } from "arktype"
import * as Schema from "effect/Schema"
import * as v from "valibot"
import { describe, expect, expectTypeOf, test } from "vitest"
import { z } from "zod"
import { collectErrors, disposing, thrown } from "./support.ts"

interface Cart {
  readonly items: ReadonlyArray<{ readonly sku: string; readonly count: number }>
  readonly note?: string | undefined
}

const byZod = Module.make("Cart", {
  state: z.object({
    items: z.array(z.object({ sku: z.string(), count: z.int().positive() })).readonly(),
    note: z.string().optional()
  }),
  actions: { add: z.string().min(1), drop: z.void(), wrong: Schema.Void },
  reducers: {
    add: (state, sku) => ({ ...state, items: [...state.items, { sku, count: 1 }] }),
    drop: (state) => ({ ...state, items: [] }),
    wrong: (state) => ({ ...state, items: [{ sku: "x", count: -1 }] })
  }
})

const byValibot = Module.make("Cart", {
  state: v.object({
    items: v.pipe(
      v.array(v.object({ sku: v.string(), count: v.pipe(v.number(), v.integer(), v.minValue(1)) })),
      v.readonly()
    ),
    note: v.optional(v.string())
  }),
  actions: { add: v.pipe(v.string(), v.nonEmpty()), drop: v.void(), wrong: Schema.Void },
  reducers: {
    add: (state, sku) => ({ ...state, items: [...state.items, { sku, count: 1 }] }),
    drop: (state) => ({ ...state, items: [] }),
    wrong: (state) => ({ ...state, items: [{ sku: "x", count: -1 }] })
  }
})

const byArktype = Module.make("Cart", {
  state: type({
    items: type({ sku: "string", count: "number.integer > 0" }).array().readonly(),
    "note?": "string"
  }),
  actions: { add: type("string > 0"), drop: type("undefined"), wrong: Schema.Void },
  reducers: {
    add: (state, sku) => ({ ...state, items: [...state.items, { sku, count: 1 }] }),
    drop: (state) => ({ ...state, items: [] }),
    wrong: (state) => ({ ...state, items: [{ sku: "x", count: -1 }] })
  }
})

test("types are those of the library's output", () => {
  expectTypeOf<Module.TypeOf<typeof byZod.schema>>().not.toBeAny()
  const zod = disposing(Runtime.make(byZod.implement({ initial: { items: [] } }))).resolve(byZod.tag)
  const valibot = disposing(Runtime.make(byValibot.implement({ initial: { items: [] } }))).resolve(
    byValibot.tag
  )
  const arktype = disposing(Runtime.make(byArktype.implement({ initial: { items: [] } }))).resolve(
    byArktype.tag
  )
  expectTypeOf(zod.unsafe.getState()).toExtend<Cart>()
  expectTypeOf(valibot.unsafe.getState()).toExtend<Cart>()
  expectTypeOf(arktype.unsafe.getState()).toExtend<Cart>()
  for (const one of [zod, valibot, arktype]) {
    expectTypeOf(one.actions.add).parameter(0).toEqualTypeOf<string>()
    expectTypeOf(one.unsafe.getState().items[0]).toEqualTypeOf<{ sku: string; count: number } | undefined>()
  }
})

// One set of promises, kept with any of the three.
const libraries = { zod: byZod, valibot: byValibot, arktype: byArktype }
describe.each(Object.entries(libraries))("%s", (_, def) => {
  // Their definitions differ by type in what is mutable alone.
  const Cart = def as unknown as typeof byZod
  const start = (initial: unknown = { items: [{ sku: "a", count: 2 }] }) => {
    const reported = collectErrors()
    const implementation = Cart.implement({ initial: initial as never, validate: "commit" })
    return { reported, runtime: disposing(Runtime.make(implementation, { onError: reported.onError })) }
  }

  test("T10 initial is checked, and not copied", () => {
    const initial = { items: [{ sku: "a", count: 2 }], note: "n" }
    expect(start(initial).runtime.resolve(Cart.tag).unsafe.getState()).toBe(initial)
    const { runtime } = start({ items: [{ sku: "a", count: 0 }] })
    const error = thrown(() => runtime.resolve(Cart.tag))
    expect(error).toMatchObject({ _tag: "InvalidState", instanceId: "Cart#1" })
    expect(String(error)).toMatch(/ at items\.0\.count\b/)
  })

  test("T10 a commit is checked; what does not fit leaves the state", () => {
    const { unsafe } = start().runtime.resolve(Cart.tag)
    unsafe.dispatch({ _tag: "add", payload: "b" })
    const state = unsafe.getState()
    expect(state.items.map(({ sku }) => sku)).toEqual(["a", "b"])
    expect(String(thrown(() => unsafe.dispatch({ _tag: "wrong" })))).toMatch(/ at items\.0\.count\b/)
    expect(unsafe.getState()).toBe(state)
    unsafe.dispatch({ _tag: "drop", payload: undefined })
    expect(unsafe.getState().items).toEqual([])
  })

  test("T10 a draft of it can be changed", () => {
    const { unsafe } = start().runtime.resolve(Cart.tag)
    unsafe.transact("note", (tx) => tx.mutate((draft) => void (draft.note = "hello")))
    expect(unsafe.getState().note).toBe("hello")
  })

  test("T10 devtools' states are checked", () => {
    const { runtime } = start()
    const error = thrown(() => runtime.travel.to(new Map([["Cart#1", { items: [{ sku: 1, count: 1 }] }]])))
    expect(String(error)).toMatch(/ at items\.0\.sku\b/)
  })
})
