/** Pages that come and go, in Chromium's real developer tools. */
import type { Frame } from "playwright-core"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { RealDevtools } from "./realDevtools.ts"
import { type ServedApp, serveApp } from "./serveApp.ts"

let app: ServedApp
let devtools: RealDevtools
let panel: Frame

beforeAll(async () => {
  app = await serveApp()
  devtools = await RealDevtools.launch()
  panel = await devtools.showPanel()
})

afterAll(async () => {
  await devtools?.close()
  await app?.stop()
})

const add = (label: string, by = 1) =>
  devtools.tab.evaluate(({ by, label }) => window.testPage.add(label, by), { by, label })

const runtime = () => panel.getByRole("combobox", { name: "Runtime" })
const options = () => runtime().getByRole("option").allTextContents()
const rows = () => panel.getByRole("listbox", { name: "Transactions" }).getByRole("option")

const eventually = <A>(ask: () => Promise<A>) => expect.poll(ask, { timeout: 30_000, interval: 50 })

test("before a page lets it in, the panel says what it waits for", async () => {
  await devtools.tab.goto(`${app.origin}/?closed`)
  await add("Shop")
  await panel.getByRole("status").getByText("No page here").waitFor()
})

describe("a page with two runtimes", () => {
  test("is found when it comes; the panel has a choice of them", async () => {
    await devtools.tab.goto(app.origin)
    await eventually(options).toEqual(["Shop", "Cart"])
    await add("Shop")
    await add("Cart")
    await add("Cart")
    await eventually(() => rows().count()).toBe(1)
    await runtime().selectOption("Cart")
    await eventually(() => rows().count()).toBe(2)
  })

  test("after a reload it is another, with a history of its own", async () => {
    await devtools.tab.reload()
    await eventually(options).toEqual(["Shop", "Cart"])
    await eventually(() => rows().count()).toBe(0)
    await add("Shop", 5)
    await eventually(() => rows().count()).toBe(1)
  })

  test("out of the back/forward cache it is the same: what was chosen, and its history, are there", async () => {
    await runtime().selectOption("Cart")
    await add("Cart")
    await eventually(() => rows().count()).toBe(1)
    await devtools.tab.goto(`${app.otherOrigin}/?closed`)
    await panel.getByRole("status").getByText("The page has gone").waitFor()
    await devtools.tab.goBack({ waitUntil: "commit" })
    expect(await devtools.tab.evaluate(() => window.testPage.cameBack)).toBe(true)
    await eventually(() => panel.getByRole("status").count()).toBe(0)
    expect(await runtime().evaluate((select: HTMLSelectElement) => select.selectedOptions[0]?.text)).toBe(
      "Cart"
    )
    await add("Cart")
    await eventually(() => rows().count()).toBe(2)
  })
})

test("a frame of another origin is listed with its address, and goes when it goes", async () => {
  const { tab } = devtools
  await tab.goto(`${app.origin}/?frame=${encodeURIComponent(`${app.otherOrigin}/?x=1`)}`)
  const place = `${app.otherOrigin.slice("http://".length)}/?x=1`
  await eventually(async () => (await options()).toSorted()).toEqual(["Cart", `Chart (${place})`, "Shop"])
  const frame = tab.frames().find((frame) => frame.url().startsWith(app.otherOrigin))
  await frame?.evaluate(() => window.testPage.add("Chart", 7))
  await runtime().selectOption(`Chart (${place})`)
  await eventually(() => rows().count()).toBe(1)
  await tab.evaluate(() => document.querySelector("iframe")?.remove())
  await eventually(options).toEqual(["Shop", "Cart"])
})

test("nothing was complained of", () => {
  expect(devtools.complaints).toEqual([])
})
