/** The timeline of a small shop: what is shown, hidden, grouped, pinned, linked to, and why each entry came. */
import { Module, Runtime, type Trace } from "@sluice/core"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as AsyncResult from "effect/reactivity/AsyncResult"
import * as Schema from "effect/Schema"
import { expect, onTestFinished, test, vi } from "vitest"
import { page, userEvent } from "vitest/browser"
import { inPanel, list, mount, panel, rows, screenshot } from "./support.tsx"

const Basket = Module.make("Basket", {
  state: Schema.Struct({ items: Schema.Array(Schema.String), total: Schema.Number }),
  actions: {
    put: Schema.Struct({ item: Schema.String, price: Schema.Number }),
    priced: Schema.Number,
    tick: Schema.Void,
    order: Schema.String
  },
  reducers: {
    put: (state, { item }) => ({ ...state, items: [...state.items, item] }),
    priced: (state, by) => ({ ...state, total: state.total + by }),
    order: (_, card) => {
      throw new Error(`the card ${card} was refused`)
    }
  }
})

const Stock = Module.make("Stock", {
  state: Schema.Struct({
    item: Schema.NullOr(Schema.String),
    left: AsyncResult.Schema({ success: Schema.Int, error: Schema.String }),
    held: Schema.Int
  }),
  actions: { look: Schema.String },
  reducers: { look: (state, item) => ({ ...state, item }) },
  traits: (t) => ({ left: t.source({ key: ({ item }) => item, load: (item) => stockOf(item) }) })
})

const stock = new Map<string, Deferred.Deferred<number, string>>()
const stockOf = (item: string) => {
  const answer = Deferred.makeUnsafe<number, string>()
  stock.set(item, answer)
  return Deferred.await(answer)
}

/** `price` lets the handlers of `put` go on. */
const makeShop = (trace: Trace.TraceOptions = { level: "full" }) => {
  const price = Deferred.makeUnsafe<void>()
  const pricing = Basket.logic("pricing", ($) =>
    $.onAction("put").run(({ price: by }) => Effect.andThen(Deferred.await(price), $.actions.priced(by)), {
      name: "price",
      capacity: 1
    })
  )
  const BasketLive = Basket.implement({ initial: { items: [], total: 0 }, logics: [pricing] })
  const StockLive = Stock.implement({ initial: { item: null, held: 0 } })
  const runtime = Runtime.make([BasketLive, StockLive], { label: "test app", trace, onError: () => {} })
  onTestFinished(() => runtime.dispose())
  const basket = runtime.resolve(Basket.tag)
  const put = (item: string) => basket.actions.put({ item, price: 2 })
  const tick = (times: number) => {
    for (let n = 0; n < times; n++) basket.unsafe.dispatch({ _tag: "tick" })
  }
  const order = (card: string) =>
    expect(() => basket.unsafe.dispatch({ _tag: "order", payload: card })).toThrow("refused")
  return { runtime, basket, BasketLive, stock: runtime.resolve(Stock.tag), put, price, tick, order }
}

const names = () => inPanel("[role=option] .name").map((element) => element.textContent)
const row = (name: string | RegExp) => panel.getByRole("option", { name })
const button = (name: string | RegExp) => panel.getByRole("button", { name })
const search = panel.getByRole("searchbox")
const selected = () => inPanel("[role=option][aria-selected=true]")[0]

test("draws waits, loads and handlers on a time axis, groups together, and tells what caused what", async () => {
  const { price, put, runtime, stock: stockRef, basket, order } = makeShop()
  mount({ runtime, initialOpen: true, initialDock: "bottom" })
  await expect.element(list).toBeVisible()
  stockRef.unsafe.dispatch({ _tag: "look", payload: "tea" })
  await expect.element(row(/look.*left loading/)).toBeVisible()
  const both = Promise.all(["tea", "milk"].map((item) => runtime.runPromise(put(item))))
  await expect.element(row(/put.*1 running/).first()).toBeVisible()
  await expect.poll(() => inPanel(".track .load.open")).toHaveLength(1)
  Deferred.doneUnsafe(price, Effect.void)
  await both
  await expect.element(row(/put.*waited .* for price/)).toBeVisible()
  const tea = stock.get("tea")
  if (tea !== undefined) Deferred.doneUnsafe(tea, Effect.succeed(12))
  await expect.element(row(/left loaded/)).toBeVisible()
  runtime.unsafe.transact([basket, stockRef], "take", (a, b) => {
    a.update((state) => ({ ...state, items: [] }))
    b.update((state) => ({ ...state, held: 1 }))
  })
  await expect.poll(() => inPanel(".row.together.first + .row.together.last")).toHaveLength(1)
  order("4711")
  await row(/order/).click()
  const details = panel.getByRole("tree", { name: "error" })
  await expect.element(details.getByText(/ReducerFailed/).first()).toBeVisible()
  await screenshot("timeline-rollback")

  await row(/priced 2/)
    .first()
    .click()
  const causes = panel.getByRole("list", { name: "Causes" })
  await expect.element(causes.getByText("From outside: a click, a timer, the app")).toBeVisible()
  await expect.element(causes.getByText("price →")).toBeVisible()
  await expect.element(causes.getByText(/price put: handled in/)).toBeVisible()
  await screenshot("timeline")
  await causes.getByRole("button", { name: "put" }).click()
  await expect.poll(() => selected()?.textContent).toMatch(/put/)
  await row(/priced 2/)
    .first()
    .click()
  await userEvent.keyboard("c")
  await expect.poll(() => selected()?.textContent).toMatch(/put/)
  await expect.element(panel.getByRole("tree", { name: "put" }).getByText("item")).toBeVisible()
})

test("hides by origin, outcome, instance and words, keeps what is pinned, and drops nothing", async () => {
  const { BasketLive, order, runtime, tick } = makeShop({ level: "light" })
  mount({ runtime, initialOpen: true })
  await expect.element(list).toBeVisible()
  const scope = runtime.scope(BasketLive, { label: "kiosk" })
  scope.resolve(Basket.tag).unsafe.transact("clear", (tx) => tx.set({ items: [], total: 1 }))
  await scope.dispose()
  tick(3)
  order("4711")
  await expect
    .poll(names)
    .toEqual(["clear", "tickunchanged", "tickunchanged", "tickunchanged", "orderrollback"])
  await row(/order/).click()
  await userEvent.keyboard("p")
  const pinned = panel.getByRole("list", { name: "Pinned" })
  await expect.element(pinned.getByText("order")).toBeVisible()

  await button("Filters").click()
  await panel.getByRole("checkbox", { name: "rollback" }).click()
  await expect.poll(names).toEqual(["orderrollback"])
  await expect.element(panel.getByText("1 of 5")).toBeVisible()
  await panel.getByRole("checkbox", { name: "rollback" }).click()
  await panel.getByRole("checkbox", { name: "update" }).click()
  await expect.poll(names).toEqual(["clear"])
  await expect.element(row(/clear/)).toMatchTextContent(/Basket#2/)
  expect(inPanel(".row .instance.closed").map((element) => element.textContent)).toEqual(["Basket#2"])
  await button("Show all").click()
  await panel.getByRole("checkbox", { name: "Basket#2 (disposed)", exact: true }).click()
  await expect.poll(names).toEqual(["clear"])
  await userEvent.keyboard("{Escape}")
  await expect.poll(() => inPanel("[role=checkbox], .popover")).toHaveLength(0)
  await search.fill("-clear")
  await expect.element(panel.getByText("Nothing matches the filter.")).toBeVisible()
  await expect.element(pinned.getByText("order")).toBeVisible()
  await button(/Filters/).click()
  await button("Show all").click()
  await userEvent.keyboard("{Escape}")
  await search.fill("card -tick")
  await expect.poll(names).toEqual(["orderrollback"])
  await search.fill("")
  await expect.poll(() => names().length).toBe(5)
  await pinned.getByRole("button", { name: /Unpin Basket#1/ }).click()
  await expect.poll(() => inPanel(".pinned")).toHaveLength(0)
})

test("shows entries in a row that are alike as one, which opens, and grows", async () => {
  const { order, runtime, tick } = makeShop({ level: "light" })
  mount({ runtime, initialOpen: true })
  tick(6)
  order("1")
  tick(40)
  await button("Group").click()
  await expect.poll(() => inPanel(".row .alike").map((element) => element.textContent)).toEqual(["×6", "×40"])
  expect(names()).toEqual(["tickunchanged", "orderrollback", "tickunchanged"])
  tick(2)
  await expect.poll(() => inPanel(".row .alike").at(-1)?.textContent).toBe("×42")
  await page.viewport(390, 800)
  await row(/order/).click()
  await userEvent.keyboard("p")
  await button("Filters").click()
  const popover = panel.getByRole("region", { name: "Filters" })
  await expect.element(popover).toBeVisible()
  const box = popover.element().getBoundingClientRect()
  expect([box.left >= 0, box.right <= 390]).toEqual([true, true])
  await userEvent.keyboard("{Escape}")
  const { height } = list.element().getBoundingClientRect()
  await button("Close the details").click()
  await expect.poll(() => list.element().getBoundingClientRect().height).toBeGreaterThan(height)
  await screenshot("timeline-narrow")
  await page.viewport(1280, 800)
  await list.click()
  await userEvent.keyboard("{Home}{ArrowRight}")
  await expect.poll(names).toHaveLength(8)
  await userEvent.keyboard("{ArrowUp}")
  expect(selected()?.ariaPosInSet).toBe("5")
  await button("Group").click()
  await expect.element(panel.getByText("49", { exact: true }).first()).toBeVisible()
})

test("draws what is lost as a gap with its count, and says why", async () => {
  const { basket, order, runtime } = makeShop({ level: "light", capacity: 8 })
  mount({ runtime, initialOpen: true })
  await expect.element(list).toBeVisible()
  basket.unsafe.transact("one", (tx) => tx.set({ items: ["a"], total: 0 }))
  await expect.poll(names).toEqual(["one"])
  for (let n = 0; n < 30; n++) order(String(n))
  await expect.poll(names).toHaveLength(9)
  const gap = row("22 entries lost")
  await gap.click()
  await expect.element(panel.getByText(/ring of the trace, which holds 8 events/)).toBeVisible()
  await userEvent.keyboard("{ArrowDown}")
  await expect.poll(() => selected()?.textContent).toMatch(/order/)
  await search.fill("22")
  await expect.element(gap).toBeVisible()
})

test("a link opens the panel and selects its transaction, and says so when it is not there", async () => {
  const { order, runtime, tick } = makeShop({ level: "light" })
  onTestFinished(() => history.replaceState(null, "", location.pathname + location.search))
  location.hash = "#sluice=r1/Basket%231%3A%3At2"
  order("4711")
  tick(200)
  mount({ runtime })
  await expect.poll(() => selected()?.ariaPosInSet).toBe("2")
  await panel.getByRole("tab", { name: "Channels" }).click()
  await panel.getByRole("tab", { name: "Timeline" }).click()
  await row(/tick/).last().click()
  await search.fill("tick")
  await expect.element(panel.getByText("200 of 201")).toBeVisible()
  const copied = vi.spyOn(navigator.clipboard, "writeText").mockResolvedValue()
  onTestFinished(() => copied.mockRestore())
  await button("Copy a link to this entry").click()
  expect(copied.mock.calls.flat()).toEqual([expect.stringMatching(/#sluice=r1\/Basket%231%3A%3At\d+$/)])
  await panel.getByRole("tab", { name: "Channels" }).click()
  location.hash = "#sluice=r1/Basket%231%3A%3At1"
  await expect.poll(() => selected()?.textContent).toMatch(/order/)
  await expect.element(search).toHaveValue("")
  await expect
    .element(button("Copy a link to this entry"))
    .toHaveAttribute("title", expect.stringContaining("#sluice=r1/Basket%231%3A%3At1"))
  location.hash = "#sluice=r1/Basket%231%3A%3At999"
  const alert = panel.getByRole("alert")
  await expect.element(alert).toMatchTextContent(/Basket#1::t999 is not in this history/)
  await search.fill("https://shop.example/#sluice=r1/Basket%231%3A%3At7")
  await expect.poll(() => selected()?.ariaPosInSet).toBe("7")
  await expect.poll(() => alert.elements()).toEqual([])
})

test("100,000 entries: opens at the newest, goes to the oldest and back, and finds one", async () => {
  const { basket, runtime, order } = makeShop({ level: "light" })
  mount({ runtime, history: 100_000 })
  await expect.element(page.getByRole("button", { name: /Open Sluice/ })).toBeVisible()
  for (let n = 0; n < 99_999; n++) basket.unsafe.dispatch({ _tag: "priced", payload: n })
  order("last")
  await page.getByRole("button", { name: /Open Sluice/ }).click()
  await expect.element(rows.last()).toHaveAttribute("aria-setsize", "100000")
  await expect.element(row(/order/)).toBeVisible()
  await expect.element(panel.getByText("100,000", { exact: true }).first()).toBeVisible()
  await list.click()
  await userEvent.keyboard("{Home}")
  await expect.poll(() => selected()?.ariaPosInSet).toBe("1")
  await expect.poll(() => selected()?.textContent).toMatch(/priced/)
  await userEvent.keyboard("{End}")
  await expect.poll(() => selected()?.ariaPosInSet).toBe("100000")
  expect(inPanel("[role=option]").length).toBeLessThan(100)
  await search.fill("priced 54321")
  // One by its payload, one by its transaction's number.
  await expect.element(panel.getByText("2 of 100,000")).toBeVisible()
  await expect.poll(names).toEqual(["priced", "priced"])
})
