/** Handlers in a page whose policy allows neither `eval` nor workers of blobs. */
import { type Browser, chromium, type Page } from "playwright-core"
import { afterAll, beforeAll, expect, it } from "vitest"
import { chromiumArgs, ensureChromium } from "../../../scripts/chromium.ts"
import setup from "./build/setup.ts"
import type { Asks } from "./csp/page.ts"
import { serve } from "./csp/serve.ts"

let browser: Browser
let site: Awaited<ReturnType<typeof serve>>
let page: Page

beforeAll(async () => {
  await setup()
  site = await serve()
  browser = await chromium.launch({ executablePath: ensureChromium(), args: [...chromiumArgs] })
  page = await browser.newPage()
  await page.goto(site.url)
})
afterAll(async () => {
  await browser?.close()
  await site?.close()
})

interface Scope {
  readonly ask: (name: keyof Asks) => Promise<unknown>
  readonly violations: ReadonlyArray<string>
}

const ask = <Name extends keyof Asks>(name: Name): Promise<Awaited<ReturnType<Asks[Name]>>> =>
  page.evaluate((asked) => (globalThis as unknown as Scope).ask(asked), name) as Promise<
    Awaited<ReturnType<Asks[Name]>>
  >
const violations = (): Promise<ReadonlyArray<string>> =>
  page.evaluate(() => (globalThis as unknown as Scope).violations)

it("a handler of a core module runs within the window and in a worker", async () => {
  expect(await ask("inline")).toEqual({ count: 3, calls: 3 })
  expect(await ask("worker")).toEqual({ count: 3, calls: 3 })
  expect(await violations()).toEqual([])
})

it("a Lua script runs in a worker", async () => {
  expect(await ask("lua")).toEqual({ Totals: { calls: 2 } })
  expect(await violations()).toEqual([])
})

it("a component's glue is imported by its address, in the page and in a worker", async () => {
  const outcome = { state: { count: 3 }, response: { calls: 2, steps: [2] } }
  expect(await ask("component")).toEqual({ inline: outcome, worker: outcome })
  expect(await ask("script")).toEqual({ newest: "under a policy", count: 4 })
  expect(await violations()).toEqual([])
})

it("a call that never comes back: its worker is dead, and the page never froze", async () => {
  const before = page.workers().length
  const closed = page
    .waitForEvent("worker")
    .then((worker) => worker.waitForEvent("close", { timeout: 30_000 }))
  const { exits, gap, next } = await ask("endless")
  await closed
  expect(new Set(exits)).toEqual(new Set([true]))
  expect(next).toEqual({ count: 2, calls: 2 })
  // Of the handler's own, the one that took over and its spare
  await expect.poll(() => page.workers().length).toBe(before + 2)
  expect(gap).toBeLessThan(50)
})

it("the policy is in force", async () => {
  expect(await ask("forbidden")).toEqual(["eval", expect.stringMatching(/^(?:worker|script)-src/)])
})
