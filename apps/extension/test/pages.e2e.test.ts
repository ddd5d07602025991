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
const chosen = () => runtime().evaluate((select: HTMLSelectElement) => select.selectedOptions[0]?.text)
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

  test("after a reload it is another, with a history of its own; what was chosen is, if it is there", async () => {
    await devtools.tab.reload()
    await eventually(options).toEqual(["Shop", "Cart"])
    await eventually(() => rows().count()).toBe(0)
    await add("Cart", 5)
    await eventually(() => rows().count()).toBe(1)
    expect(await chosen()).toBe("Cart")
  })

  test("out of the back/forward cache it is the same: what was chosen, and its history, are there", async () => {
    await runtime().selectOption("Shop")
    await runtime().selectOption("Cart")
    await eventually(() => rows().count()).toBe(1)
    await devtools.tab.goto(`${app.otherOrigin}/?closed`)
    await panel.getByRole("status").getByText("The page has gone").waitFor()
    await devtools.tab.goBack({ waitUntil: "commit" })
    expect(await devtools.tab.evaluate(() => window.testPage.cameBack)).toBe(true)
    await eventually(() => panel.getByRole("status").count()).toBe(0)
    expect(await chosen()).toBe("Cart")
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

test("a frame of another origin cannot ask, call or knock its way into the page that the panel is in", async () => {
  const { tab } = devtools
  await tab.goto(`${app.origin}/?frame=${encodeURIComponent(`${app.otherOrigin}/?closed`)}`)
  await eventually(options).toEqual(["Shop", "Cart"])
  const frame = tab.frames().find((frame) => frame.url().startsWith(app.otherOrigin))
  const heard = await frame?.evaluateHandle(() => {
    const heard: Array<unknown> = []
    const sluice = "@sluice/devtools extension"
    addEventListener("message", (event) => heard.push(event.data))
    const { port1, port2 } = new MessageChannel()
    port1.addEventListener("message", ({ data }) => heard.push(data))
    port1.start()
    port1.postMessage({ _tag: "Hello", version: 1 })
    const call = {
      _tag: "Dispatch",
      runtime: "r1",
      instanceId: "Counter#1",
      action: { _tag: "add", payload: 9 }
    }
    port1.postMessage({ _tag: "Request", id: 1, call })
    for (const other of [parent, window]) {
      for (const message of [
        { say: "who" },
        { say: "call", page: "x", call: "1" },
        { say: "here", page: "x" }
      ])
        other.postMessage({ sluice, ...message }, "*")
    }
    parent.postMessage({ sluice, say: "knock", page: "x", nonce: "guessed" }, "*", [port2])
    return heard
  })
  // By then everything that was said has arrived.
  await add("Shop")
  await eventually(() => rows().count()).toBe(1)
  expect(await tab.evaluate(() => [window.testPage.count("Shop"), window.testPage.count("Cart")])).toEqual([
    1, 0
  ])
  const own = "@sluice/devtools extension"
  expect((await heard?.jsonValue())?.filter((data) => !JSON.stringify(data).includes(own))).toEqual([])
  // What it said of itself in its own window led to no page either.
  expect(await options()).toEqual(["Shop", "Cart"])
})

test("a page that lies to the panel is shown as it says, as text, and what cannot be read is left out", async () => {
  const { tab } = devtools
  await tab.goto(`${app.otherOrigin}/?closed`)
  const label = `<img src="x" onerror="document.title = 'driven'">`
  await tab.evaluate((label) => {
    const sluice = "@sluice/devtools extension"
    const say = (message: object) => window.postMessage({ sluice, ...message }, window.origin)
    addEventListener("message", ({ data, ports: [port] }: MessageEvent<{ say?: string; call?: string }>) => {
      if (data.say === "call") say({ say: "invitation", page: "liar", call: data.call, nonce: "1" })
      if (data.say !== "knock" || port === undefined) return
      port.addEventListener("message", () => {
        const rows = { _tag: "Rows", subscription: 1, rows: "all", gap: null, counts: 7 }
        const trace = { level: "full", capacity: 1 }
        const runtimes = [{ id: "r1", label, status: "ready", trace, historyCapacity: 1 }]
        for (const message of [
          null,
          "text",
          { _tag: "Welcome", version: 1, page: { toString: 1 }, next: [], runtimes: {} },
          { _tag: "Welcome", version: 1, page: "liar", next: "", runtimes },
          { _tag: "Welcome", version: 1, page: "again", next: "", runtimes: [] },
          rows,
          { _tag: "Reply", id: 1, value: { __proto__: null, instances: "none" } },
          { _tag: "Reply", id: 9e15, value: null },
          { _tag: "Failure", id: 2, error: { _tag: "Refused" } },
          { _tag: "Changed", runtime: "r1", travel: "far" }
        ])
          port.postMessage(message)
      })
      port.start()
    })
    say({ say: "here", page: "liar" })
  }, label)
  await panel.getByText(label, { exact: true }).waitFor()
  expect(await panel.evaluate(() => document.title)).toBe("Sluice")
  await tab.goto(app.origin)
  await eventually(options).toEqual(["Shop", "Cart"])
  await add("Shop")
  await eventually(() => rows().count()).toBe(1)
})

test("a page of another version is told of; the next page is shown", async () => {
  const { tab } = devtools
  await tab.goto(`${app.otherOrigin}/?closed`)
  await tab.evaluate(() => {
    const sluice = "@sluice/devtools extension"
    const say = (message: object) => window.postMessage({ sluice, page: "old", ...message }, window.origin)
    addEventListener("message", ({ data, ports: [port] }: MessageEvent<{ say?: string; call?: string }>) => {
      if (data.say === "call") say({ say: "invitation", call: data.call, nonce: "1" })
      if (data.say !== "knock") return
      port?.addEventListener("message", () =>
        port.postMessage({ _tag: "Unwelcome", version: 99, reason: "version", message: "" })
      )
      port?.start()
    })
    say({ say: "here" })
  })
  await panel.getByRole("alert").getByText("version 99").waitFor()
  await tab.goto(app.origin)
  await eventually(options).toEqual(["Shop", "Cart"])
})

test("is as dark as the developer tools are", async () => {
  const ground = () => panel.locator(".panel").evaluate((frame) => getComputedStyle(frame).backgroundColor)
  const light = await ground()
  await devtools.setTheme("dark")
  await devtools.closeDevtools()
  await devtools.openDevtools()
  panel = await devtools.showPanel()
  await eventually(options).toEqual(["Shop", "Cart"])
  expect(await ground()).not.toBe(light)
})

test("nothing was complained of", () => {
  expect(devtools.complaints).toEqual([])
})
