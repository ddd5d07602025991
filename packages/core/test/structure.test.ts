/** What devtools see of what a runtime is made of. */
import { Collection, Module, Runtime } from "@sluice/core"
import * as Structure from "@sluice/core/Structure"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { expect, test } from "vitest"
import { disposing, idle } from "./support.ts"

const Row = Schema.Struct({ id: Schema.String, n: Schema.Number })

const Rates = Module.make("Rates", { state: Schema.Struct({ rate: Schema.Number }), actions: {} })

const Basket = Module.make("Basket", {
  state: Schema.Struct({
    rows: Collection.schema(Row, "id"),
    chosen: Schema.String,
    n: Schema.Number,
    double: Schema.Number,
    first: Schema.Number
  }),
  actions: { choose: Schema.String, ping: Schema.Void },
  reducers: { choose: (state, chosen) => ({ ...state, chosen }) },
  traits: (t) => ({
    n: t.computed(({ chosen, rows }) => rows.get(chosen)?.n ?? 0),
    double: t.computed(({ n }) => n * 2),
    first: t.link((state) => state.n)
  }),
  source: "file:///shop/Basket.ts"
})

const RatesLive = Rates.implement({ initial: { rate: 1 } })
const BasketLive = Basket.implement({
  initial: { rows: Collection.make("id", [{ id: "a", n: 1 }]), chosen: "a" },
  logics: [Basket.logic("audit", () => Effect.void)],
  imports: [RatesLive, Layer.empty],
  channel: { capacity: 7 }
})

test("a module tells its file, its actions, its logics, and what it imports", () => {
  const runtime = disposing(Runtime.make(BasketLive))
  expect(Structure.modulesOf(runtime)).toEqual([
    {
      moduleId: "Rates",
      source: undefined,
      actions: [],
      logics: [],
      imports: [],
      layers: 0,
      capacity: 256
    },
    {
      moduleId: "Basket",
      source: "file:///shop/Basket.ts",
      actions: [
        { tag: "choose", by: "reducer" },
        { tag: "ping", by: undefined }
      ],
      logics: ["audit"],
      imports: ["Rates"],
      layers: 1,
      capacity: 7
    }
  ])
})

test("an instance tells what its derived fields read, and how many transactions it has had", () => {
  const runtime = disposing(Runtime.make(BasketLive))
  runtime.resolve(Basket.tag).unsafe.dispatch({ _tag: "choose", payload: "b" })
  runtime.resolve(Basket.tag).unsafe.dispatch({ _tag: "ping" })
  expect(Structure.instanceStructures(runtime)).toMatchObject([
    { instanceId: "Rates#1", commits: 0, transactions: 0, traits: [] },
    {
      instanceId: "Basket#1",
      moduleId: "Basket",
      local: undefined,
      within: undefined,
      commits: 1,
      transactions: 2,
      traits: [
        {
          field: "n",
          kind: "computed",
          reads: [
            { field: "rows", rows: 1 },
            { field: "chosen", rows: undefined }
          ],
          failing: false
        },
        { field: "double", kind: "computed", reads: [{ field: "n" }] },
        { field: "first", kind: "link", reads: [{ field: "n" }] }
      ]
    }
  ])
})

test("what a local instance imports is within it", async () => {
  const runtime = disposing(Runtime.make([], { label: "shop" }))
  const local = runtime.local(BasketLive, { key: "left" })
  const unmount = local.mount()
  await idle()
  expect(Structure.instanceStructures(runtime)).toMatchObject([
    { moduleId: "Rates", within: "Basket#1", local: undefined, label: "shop" },
    { moduleId: "Basket", within: undefined, local: { key: "left", mounts: 1 } }
  ])
  unmount()
})
