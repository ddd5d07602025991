/** The views of channels, ring, profile and modules, on a real app that is shown on the page. */
import { Module, Runtime } from "@sluice/core"
import { RuntimeProvider, useModule, useSelector } from "@sluice/react"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { flushSync } from "react-dom"
import { createRoot } from "react-dom/client"
import { describe, expect, inject, onTestFinished, test } from "vitest"
import { userEvent } from "vitest/browser"
import type { SluiceDevtoolsProps } from "../../src/index.ts"
import { focused, inPanel, mount, panel, screenshot } from "./support.tsx"

const Prices = Module.make("Prices", {
  state: Schema.Struct({ tax: Schema.Number }),
  actions: {},
  source: "file:///shop/src/Prices.ts"
})

const Cart = Module.make("Cart", {
  state: Schema.Struct({
    lines: Schema.Array(Schema.Number),
    note: Schema.String,
    total: Schema.Number,
    isEmpty: Schema.Boolean
  }),
  actions: { add: Schema.Number, write: Schema.String, ping: Schema.Void },
  reducers: {
    add: (state, price) => ({ ...state, lines: [...state.lines, price] }),
    write: (state, note) => ({ ...state, note })
  },
  traits: (t) => ({
    total: t.computed(({ lines }) => lines.reduce((sum, price) => sum + price, 0)),
    isEmpty: t.computed(({ total }) => total === 0)
  }),
  source: "file:///shop/src/Cart.ts"
})

const Shelf = Module.make("Shelf", {
  state: Schema.Struct({ open: Schema.Boolean }),
  actions: { toggle: Schema.Void },
  reducers: { toggle: ({ open }) => ({ open: !open }) }
})
const ShelfLive = Shelf.implement({ initial: { open: false } })

const Total = () => <output>{useSelector(useModule(Cart), (state) => state.total)}</output>
const Line = ({ at }: { readonly at: number }) => {
  const price = useSelector(useModule(Cart), ({ lines }) => lines[at])
  return <li>{price}</li>
}
const ShelfPanel = () => (
  <p>{String(useSelector(useModule(ShelfLive, { key: "left" }), (state) => state.open))}</p>
)

interface AppOptions extends Omit<SluiceDevtoolsProps, "runtime"> {
  readonly capacity?: number
  /** Of the panel, in CSS pixels. */
  readonly height?: number
  /** How long a handler takes once the gate is open, in milliseconds. */
  readonly takes?: number
  readonly trace?: NonNullable<Parameters<typeof Runtime.make>[1]>["trace"]
  readonly concurrent?: boolean
}

/** The app is on the page, and the panel open. */
const start = ({
  capacity = 4,
  concurrent = true,
  height = 560,
  takes = 0,
  trace = { level: "full" },
  ...options
}: AppOptions = {}) => {
  const gate = Promise.withResolvers<void>()
  const audit = Cart.logic("audit", ($) =>
    $.onAction("add").run(
      () =>
        Effect.andThen(
          Effect.promise(() => gate.promise),
          takes === 0 ? Effect.void : Effect.sleep(takes)
        ),
      { capacity }
    )
  )
  const runtime = Runtime.make(
    Cart.implement({
      initial: { lines: [1, 2], note: "" },
      logics: [audit],
      imports: [Prices.implement({ initial: { tax: 0.2 } })]
    }),
    { trace, label: "test app", onError: () => {} }
  )
  const container = document.body.appendChild(document.createElement("div"))
  const root = createRoot(container)
  flushSync(() =>
    root.render(
      <RuntimeProvider runtime={runtime} concurrent={concurrent}>
        <Total />
        <ul>
          <Line at={0} />
          <Line at={1} />
        </ul>
        <ShelfPanel />
      </RuntimeProvider>
    )
  )
  onTestFinished(async () => {
    gate.resolve()
    root.unmount()
    container.remove()
    await runtime.dispose()
  })
  localStorage.setItem("sluice-devtools", JSON.stringify({ dock: "bottom", height }))
  mount({ runtime, initialOpen: true, initialDock: "bottom", ...options })
  const cart = runtime.resolve(Cart.tag).unsafe
  return {
    runtime,
    cart,
    open: gate.resolve,
    add: (price: number) => cart.dispatch({ _tag: "add", payload: price })
  }
}

const tab = (name: string) => panel.getByRole("tab", { name, exact: true })
const cellsOf = (selector: string) => inPanel(selector).map((cell) => cell.textContent)

describe("channels", () => {
  test("show each consumer's channel over time, its ingress, and warn where it is full", async () => {
    const { add, cart, open } = start()
    await tab("Channels").click()
    const channels = panel.getByRole("region", { name: "Channels of Cart#1" })
    const meter = channels.getByRole("meter", { name: "depth of audit: add" })
    await expect.element(meter).toHaveAttribute("aria-valuetext", "0 of 4")
    await expect.element(panel.getByText("Nobody consumes the actions of Prices#1, Shelf#1.")).toBeVisible()
    for (let n = 0; n < 8; n++) add(n)
    await expect.element(meter).toHaveAttribute("aria-valuetext", "4 of 4")
    const { consumers, ingress } = cart.backlog()
    expect(ingress).toBeGreaterThan(0)
    await expect.element(channels.getByText(`ingress ${ingress}`)).toBeVisible()
    const [consumer] = consumers
    await expect
      .poll(() => cellsOf("[aria-label='Consumer audit: add'] .figure dd").slice(0, 2))
      .toEqual([consumer?.inFlight, consumer?.waiting].map(String))
    const chart = channels.getByRole("img", { name: /Depth of audit: add over time: 4 of 4 now, 4 at most/ })
    await expect.element(chart).toBeVisible()
    await expect.element(channels.getByText(/audit: add is full/)).toBeVisible()
    open()
    await expect.element(meter).toHaveAttribute("aria-valuetext", "0 of 4")
    await expect.element(channels.getByRole("img", { name: /0 of 4 now, 4 at most/ })).toBeVisible()
  })

  test("stand still while held, and go on where they are then; at another rate they begin anew", async () => {
    const { add } = start()
    await tab("Channels").click()
    const meter = panel.getByRole("meter", { name: "depth of audit: add" })
    await expect.element(meter).toHaveAttribute("aria-valuetext", "0 of 4")
    await panel.getByRole("button", { name: "Hold", exact: true }).click()
    for (let n = 0; n < 3; n++) add(n)
    const read = panel.getByRole("combobox", { name: "Read" })
    await expect.element(read).toHaveValue("250")
    expect(meter.element().ariaValueText).toBe("0 of 4")
    await panel.getByRole("button", { name: "Go on" }).click()
    await expect.element(meter).toHaveAttribute("aria-valuetext", "2 of 4")
    await read.selectOptions("10 times a second")
    await expect.element(panel.getByText("the last 24 s")).toBeVisible()
    await expect.element(meter).toHaveAttribute("aria-valuetext", "2 of 4")
  })
})

if (inject("screenshots") === true) {
  // Only then: it takes its time.
  test("channels of a busy app, for its picture", async () => {
    const { add, open } = start({ capacity: 12, takes: 90, height: 420 })
    open()
    await tab("Channels").click()
    await panel.getByRole("combobox", { name: "Read" }).selectOptions("10 times a second")
    for (let tick = 0; tick < 90; tick++) {
      const burst = Math.max(0, Math.round(2 * Math.sin(tick / 9) + (tick % 3 === 0 ? 1.2 : 0)))
      for (let n = 0; n < burst; n++) add(n)
      await new Promise((resolve) => {
        setTimeout(resolve, 100)
      })
    }
    await screenshot("channels")
  }, 30_000)
}

describe("call sites", () => {
  test("are shown where the page keeps them, and open an editor where its server does", async () => {
    const { cart } = start({ callSites: true, editor: "/open?file={file}&line={line}&column={column}" })
    const addFromHere = () => cart.dispatch({ _tag: "add", payload: 5 })
    addFromHere()
    await panel.getByRole("option", { name: /add/ }).click()
    const sites = panel.getByRole("list", { name: "Made at" })
    await expect.element(sites).toMatchTextContent(/^addFromHere .*insight\.browser\.test\.tsx:\d+:\d+/)
    const asked: Array<string> = []
    const { fetch } = globalThis
    const answers = [new Response("<html>", { headers: { "content-type": "text/html" } }), new Response()]
    globalThis.fetch = (url) => {
      asked.push(url instanceof Request ? url.url : url.toString())
      return Promise.resolve(answers.shift() ?? Response.error())
    }
    onTestFinished(() => void (globalThis.fetch = fetch))
    const link = sites.getByRole("link").first()
    await link.click()
    await expect.element(sites.getByRole("alert")).toMatchTextContent(/opens no editor/)
    await link.click()
    await expect.element(sites.getByRole("alert")).not.toBeInTheDocument()
    expect(asked).toHaveLength(2)
    expect(asked[0]).toMatch(/\/open\?file=.*insight\.browser\.test\.tsx.*&line=\d+&column=\d+$/)
  })
})

test("the ring says what it holds, what it lost, and why", async () => {
  const { add, runtime } = start({ trace: { level: { sample: 2 }, capacity: 4 }, history: 3 })
  for (let n = 0; n < 10; n++) add(1)
  await tab("Ring").click()
  const { dropped, recorded, sampledOut } = runtime.trace.counts()
  expect(Math.min(dropped, sampledOut)).toBeGreaterThan(0)
  await expect
    .poll(() => cellsOf("[aria-label=Trace] .figure dd"))
    .toEqual([recorded, dropped, sampledOut, 10].map(String))
  const why = panel.getByRole("list", { name: "Why" })
  await expect.element(why).toMatchTextContent(/events were overwritten: the ring holds 4/)
  await expect.element(why).toMatchTextContent(/5 entries were sampled out: one in 2 is recorded/)
  expect(cellsOf("[aria-label=History] .figure dd").slice(0, 2)).toEqual(["10", "7"])
  expect(cellsOf("[aria-label=Levels] [aria-current=true] th")).toEqual(["{ sample: n }"])
  await expect.element(panel.getByRole("region", { name: "By instance" })).toMatchTextContent(/Cart#1/)
  await screenshot("ring")
})

describe("the profile", () => {
  test("records on demand, and sorts and filters what it measured", async () => {
    const { add, cart } = start()
    await tab("Profile").click()
    await expect.element(panel.getByText(/use the app, and stop/)).toBeVisible()
    await panel.getByRole("button", { name: "Record", exact: true }).click()
    await expect.element(panel.getByRole("button", { name: "Stop" })).toBeVisible()
    for (let n = 0; n < 4; n++) add(n)
    cart.dispatch({ _tag: "write", payload: "x" })
    await panel.getByRole("button", { name: "Stop" }).click()
    await expect.element(panel.getByRole("button", { name: "Record", exact: true })).toBeVisible()
    const rows = () => cellsOf(".measures tbody th").map((text) => text.replace(/ Cart#1$/, ""))
    await expect.poll(rows).toEqual(expect.arrayContaining(["reducer add", "computed total", "entry add"]))
    await screenshot("profile")
    add(9)
    await panel.getByRole("columnheader", { name: "Times" }).getByRole("button").click()
    const times = panel.getByRole("columnheader", { name: "Times" })
    await expect.element(times).toHaveAttribute("aria-sort", "descending")
    const counts = () => cellsOf(".measures tbody td:nth-child(2)").map(Number)
    expect(counts()).toEqual(counts().toSorted((a, b) => b - a))
    await panel.getByRole("combobox", { name: "Kind" }).selectOptions("reducer")
    await expect.poll(rows).toEqual(["reducer add", "reducer write"])
    expect(counts()).toEqual([4, 1])
    await panel.getByRole("combobox", { name: "Kind" }).selectOptions("all")
    await panel.getByRole("searchbox", { name: "Filter what was measured" }).fill("total")
    await expect.poll(() => rows().every((row) => row.includes("total"))).toBe(true)
  })

  test("is a flame graph as well, which the keyboard walks in", async () => {
    const { add } = start()
    await tab("Profile").click()
    await panel.getByRole("button", { name: "Record", exact: true }).click()
    await expect.element(panel.getByRole("button", { name: "Stop" })).toBeVisible()
    // A browser's clock is coarse: as many as take some time.
    for (let n = 0; n < 3000; n++) add(n)
    await panel.getByRole("button", { name: "Stop" }).click()
    await panel.getByRole("tab", { name: "Flame" }).click()
    const calls = panel.getByRole("listbox", { name: "Calls" })
    const entry = panel.getByRole("option", { name: /^entry add of Cart#1: .* 3,000 times/ })
    await expect.element(entry).toBeVisible()
    calls.element().focus()
    await expect.element(entry).toHaveAttribute("aria-selected", "true")
    await screenshot("flame")
    await userEvent.keyboard("{ArrowDown}")
    const within = inPanel("[role=option][aria-selected=true]")[0]?.ariaLabel
    expect(within).toMatch(/^(reducer add|computed total|listener)/)
    await userEvent.keyboard("{Enter}")
    await expect.element(panel.getByRole("button", { name: "Show all" })).toBeVisible()
    await expect.element(entry).not.toBeInTheDocument()
    await userEvent.keyboard("{Escape}")
    await expect.element(entry).toBeVisible()
    expect(focused()).toBe(calls.element())
  })
})

describe.each([true, false])("the modules, where the app's provider has concurrent={%s}", (concurrent) => {
  test("show what imports what, where each instance came from, what derives from what, and who reads it", async () => {
    const { add } = start({ concurrent, editor: "vscode://file/{path}:{line}" })
    await tab("Modules").click()
    const modules = panel.getByRole("listbox", { name: "Modules" })
    await expect.element(modules.getByRole("option", { name: /Cart 1 instance, 3 actions/ })).toBeVisible()
    await modules.getByRole("option", { name: /Cart/ }).click()
    const about = panel.getByRole("region", { name: "Module Cart" })
    await expect
      .element(about.getByRole("link", { name: "src/Cart.ts" }))
      .toHaveAttribute("href", "vscode://file/shop/src/Cart.ts:1")
    add(5)
    const fields = panel.getByRole("listbox", { name: "Fields" })
    await expect.element(fields.getByRole("option", { name: /total computed, ran 1×/ })).toBeVisible()
    await expect.element(about.getByText(/total, computed, reads lines\. It ran once/)).toBeVisible()
    fields.element().focus()
    await userEvent.keyboard("{ArrowRight}")
    await expect.element(about.getByText(/isEmpty, computed, reads total/)).toBeVisible()
    const readers = panel.getByRole("region", { name: "Components that read it" })
    await expect
      .poll(() =>
        inPanel("[aria-label='Components that read it'] tbody tr").map((row) =>
          [...row.children].map((cell) => cell.textContent)
        )
      )
      .toEqual([
        ["Total", "(state) => state.total", "1"],
        ["Line", "({ lines }) => lines[at]", "2"]
      ])
    await expect.element(readers).toBeVisible()
    if (concurrent) await screenshot("modules")
    modules.element().focus()
    await userEvent.keyboard("{ArrowRight}")
    await expect.element(panel.getByRole("region", { name: "Module Prices" })).toBeVisible()
    await panel.getByRole("button", { name: "Cart", exact: true }).click()
    await expect.element(about).toBeVisible()
    await modules.getByRole("option", { name: /Shelf/ }).click()
    await expect
      .element(panel.getByRole("table", { name: "Instances" }))
      .toMatchTextContent(/Shelf#1.*local, key "left", in 1 component/)
  })
})
