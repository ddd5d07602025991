/** A panel in a page of its own, beside what it shows: a frame, a window, a process. */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { fileURLToPath } from "node:url"
import { Module, Runtime } from "@sluice/core"
import { acceptSocket } from "@sluice/devtools/adapters"
import { serve } from "@sluice/devtools/protocol"
import * as Schema from "effect/Schema"
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core"
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { WebSocketServer } from "ws"
import { chromiumArgs, ensureChromium } from "../../../scripts/chromium.ts"
import { type ServedApp, serveApp } from "./serveApp.ts"

let app: ServedApp
let browser: Browser
let context: BrowserContext
let complaints: Array<string>

beforeAll(async () => {
  app = await serveApp()
  browser = await chromium.launch({ executablePath: ensureChromium(), args: [...chromiumArgs] })
})

afterAll(async () => {
  await browser?.close()
  await app?.stop()
})

beforeEach(async () => {
  complaints = []
  context = await browser.newContext({ viewport: { width: 390, height: 844 } })
  context.setDefaultTimeout(30_000)
  context.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(message.text())
  })
  context.on("weberror", (error) => complaints.push(String(error.error())))
})

afterEach(async () => {
  await context.close()
  expect(complaints).toEqual([])
})

const eventually = <A>(ask: () => Promise<A> | A) => expect.poll(ask, { timeout: 30_000, interval: 50 })

const openPanel = async (query: Readonly<Record<string, string>>): Promise<Page> => {
  const page = await context.newPage()
  await page.goto(`${app.origin}/host.html?${new URLSearchParams(query).toString()}`)
  return page
}

const rows = (panel: Page) => panel.getByRole("listbox", { name: "Transactions" }).getByRole("option")

describe("a frame of another origin", () => {
  test("invites the panel around it, also after a reload; travel leads it", async () => {
    const address = `${app.otherOrigin}/?invite=${app.origin}`
    const panel = await openPanel({ frame: address })
    await panel.getByText("Chart", { exact: true }).waitFor()
    const chart = () => panel.frames().find((frame) => frame.url() === address)
    const add = () => chart()?.evaluate(() => window.testPage.add("Chart", 1))
    await add()
    await add()
    await eventually(() => rows(panel).count()).toBe(2)
    await rows(panel).first().click()
    await panel.keyboard.press("Enter")
    await eventually(() => chart()?.evaluate(() => window.testPage.count("Chart"))).toBe(1)
    await chart()?.evaluate(() => location.reload())
    await eventually(() => rows(panel).count()).toBe(0)
    await eventually(() => chart()?.evaluate(() => window.testPage.count("Chart"))).toBe(0)
    await add()
    await eventually(() => rows(panel).count()).toBe(1)
  })

  test("that invites another origin is shown nothing of, whatever the page around it says", async () => {
    const address = `${app.otherOrigin}/?invite=https://workbench.example`
    const panel = await openPanel({ frame: address })
    const frame = () => panel.frames().find((frame) => frame.url() === address)
    await frame()?.waitForFunction(() => "testPage" in window)
    const heard = await panel.evaluateHandle((origin) => {
      const heard: Array<unknown> = []
      addEventListener("message", (event) => heard.push(event.data))
      const [shown] = document.getElementsByTagName("iframe")
      const { port1, port2 } = new MessageChannel()
      port1.onmessage = ({ data }) => heard.push(data)
      shown?.contentWindow?.postMessage({ sluice: "@sluice/devtools invitation" }, origin)
      shown?.contentWindow?.postMessage({ sluice: "@sluice/devtools knock", nonce: "x" }, origin, [port2])
      port1.postMessage({ _tag: "Hello", version: 1 })
      return heard
    }, app.otherOrigin)
    // Both have had their turn.
    for (let turn = 0; turn < 5; turn++) {
      await frame()?.evaluate(() => new Promise((resolve) => void setTimeout(resolve)))
      await panel.evaluate(() => new Promise((resolve) => void setTimeout(resolve)))
    }
    expect(await heard.jsonValue()).toEqual([])
    // The browser may tell its console that what was said to another origin did not arrive.
    for (const complaint of complaints.splice(0)) expect(complaint).toContain("https://workbench.example")
  })
})

test("a window of another origin invites the one that opened it", async () => {
  const opening = context.waitForEvent("page", (page) => page.url().startsWith(app.otherOrigin))
  const panel = await openPanel({ window: `${app.otherOrigin}/?invite=${app.origin}` })
  const shown = await opening
  await panel.getByText("Chart", { exact: true }).waitFor()
  await shown.evaluate(() => window.testPage.add("Chart", 1))
  await eventually(() => rows(panel).count()).toBe(1)
  await shown.close()
})

describe("a process", () => {
  const Jobs = Module.make("Jobs", {
    state: Schema.Struct({ done: Schema.Int }),
    actions: { finish: Schema.Int },
    reducers: { finish: (state, count) => ({ done: state.done + count }) }
  })

  test("is shown through a socket, and led", async () => {
    await using runtime = Runtime.make(Jobs.implement({ initial: { done: 0 } }), {
      label: "worker",
      trace: { level: "full" }
    })
    const jobs = runtime.resolve(Jobs.tag).unsafe
    const served = serve(runtime)
    const http = createServer()
    const sockets = new WebSocketServer({ server: http })
    sockets.on("connection", (socket, { headers: { origin } }) =>
      acceptSocket(served, socket, { origin }, { origins: [app.origin] })
    )
    await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve))
    // It listens at a port.
    const { port } = http.address() as AddressInfo
    const panel = await openPanel({ socket: `ws://127.0.0.1:${port}`, nonce: served.invite() })
    await panel.getByText("worker", { exact: true }).waitFor()
    for (let i = 0; i < 3; i++) jobs.dispatch({ _tag: "finish", payload: 2 })
    await eventually(() => rows(panel).count()).toBe(3)
    await rows(panel).first().click()
    await panel.keyboard.press("Enter")
    await eventually(() => jobs.getState().done).toBe(2)
    expect(await panel.evaluate(() => document.documentElement.scrollWidth)).toBe(390)
    await takePicture(panel, "narrow")
    // The connection is lost, as when a laptop sleeps: the panel comes back by itself, and its history is there.
    for (const client of sockets.clients) client.terminate()
    await eventually(() => jobs.getState().done).toBe(6)
    jobs.dispatch({ _tag: "finish", payload: 1 })
    await eventually(() => rows(panel).count()).toBeGreaterThan(3)
    // A panel without an invitation says why it shows nothing.
    const uninvited = await openPanel({ socket: `ws://127.0.0.1:${port}`, nonce: "guessed" })
    await uninvited.getByRole("alert").getByText("invitation").waitFor()
    // Panels that come back would complain that nobody is there.
    await context.close()
    served.close()
    sockets.close()
    http.closeAllConnections()
    await new Promise((resolve) => http.close(resolve))
  })
})

/** A picture of the docs, where the run is made with `SLUICE_SCREENSHOTS=1`. */
const takePicture = async (page: Page, name: string): Promise<void> => {
  if (process.env["SLUICE_SCREENSHOTS"] !== "1") return
  await page.emulateMedia({ colorScheme: "dark" })
  await page.screenshot({
    path: fileURLToPath(new URL(`../../../docs/images/devtools-${name}.png`, import.meta.url))
  })
}
