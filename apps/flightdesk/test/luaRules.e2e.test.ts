/** The watch's rules, written in Lua in the page. */
import type { Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { DeskBrowser, type DeskPage, eventually } from "./openDesk.ts"

let browser: DeskBrowser
let desk: DeskPage

/** As a server with a strict policy sends it, with each document and each script, those of workers too. */
const policy = "script-src 'self' 'wasm-unsafe-eval'"

const withPolicy = async (page: Page): Promise<void> => {
  await page.route("**/*", async (route) => {
    const response = await route.fetch()
    await route.fulfill({
      response,
      headers: { ...response.headers(), "content-security-policy": policy }
    })
  })
  await page.reload()
  await page.getByRole("button", { name: "Play", exact: true, disabled: false }).waitFor()
}

beforeAll(async () => {
  browser = await DeskBrowser.launch()
  desk = await browser.open()
  await withPolicy(desk.page)
})
afterAll(async () => {
  // What is on its way then is nobody's any more
  await desk?.page.unrouteAll({ behavior: "ignoreErrors" })
  await desk?.close()
  await browser?.close()
})

const editor = () => desk.page.getByRole("textbox", { name: "Watch rules in Lua" })
const standing = () => desk.page.locator(".lua-standing").textContent()
const problem = () => desk.page.locator(".lua-problem").textContent()

const rulesNow = () =>
  desk.page.evaluate(() => {
    const { modules, runtime } = window.flightdesk
    const { flights } = runtime.resolve(modules.Flights.tag).unsafe.getState()
    const { phase, raised, tables, tested } = runtime.resolve(modules.LuaRules.tag).unsafe.getState()
    return { phase, raised, tables, tested, flights: flights.size }
  })

const alertsOf = (rule: string) =>
  desk.page.evaluate((rule) => {
    const { modules, runtime } = window.flightdesk
    const { alerts } = runtime.resolve(modules.Watch.tag).unsafe.getState()
    return [...alerts].filter((alert) => alert.rule === rule).map(({ flight }) => flight)
  }, rule)

const use = async (text: string): Promise<void> => {
  await editor().fill(text)
  await editor().press("Control+Enter")
}

/** The longest time between two turns of the page's own loop, in milliseconds, while `during` runs. */
const longestGap = async (during: () => Promise<unknown>): Promise<number> => {
  await desk.page.evaluate(() => {
    const gaps = { longest: 0, last: performance.now(), ended: false }
    const channel = new MessageChannel()
    channel.port1.addEventListener("message", () => {
      const now = performance.now()
      gaps.longest = Math.max(gaps.longest, now - gaps.last)
      gaps.last = now
      if (!gaps.ended) setTimeout(() => channel.port2.postMessage(null), 1)
    })
    channel.port1.start()
    channel.port2.postMessage(null)
    Object.assign(window, { gaps })
  })
  await during()
  return desk.page.evaluate(() => {
    const { gaps } = window as unknown as { gaps: { longest: number; ended: boolean } }
    gaps.ended = true
    return gaps.longest
  })
}

describe("watch rules in Lua", () => {
  test("are written in the page and raise alerts for the flights that fit", async () => {
    const { page } = desk
    await page.getByRole("button", { name: "In Lua" }).click()
    await use(
      `Tested = Tested or 0\nrule("late on a short hop", function(flight)\n  Tested = Tested + 1\n  return flight.delay > 10 and flight.distance < 500\nend)`
    )
    await page.getByRole("button", { name: "Step" }).click()
    await eventually(async () => (await rulesNow()).flights).toBeGreaterThan(50)
    await eventually(async () => {
      const { flights, tested } = await rulesNow()
      return flights - tested
    }).toBe(0)
    const { flights, raised, tables } = await rulesNow()
    expect(tables).toEqual({ Tested: flights })
    const alerts = await alertsOf("late on a short hop")
    expect(alerts).toHaveLength(raised)
    expect(raised).toBeGreaterThan(0)
    expect(alerts.every(({ delay, distance }) => delay > 10 && distance < 500)).toBe(true)
    expect(await standing()).toContain("Watching")
  })

  test("show what cannot be compiled at its line, and lead there by keyboard", async () => {
    const { page } = desk
    await use(`-- one\nrule("late", function(flight)\n  return flight.delay >\nend)`)
    await eventually(problem).toContain("Line 4: unexpected symbol near 'end'")
    expect(await page.locator(".lua-lines [data-wrong]").textContent()).toBe("4")
    expect(await editor().getAttribute("aria-invalid")).toBe("true")
    await page.getByRole("button", { name: "Line 4" }).focus()
    await page.keyboard.press("Enter")
    const chosen = await editor().evaluate((area: HTMLTextAreaElement) =>
      area.value.slice(area.selectionStart, area.selectionEnd)
    )
    expect(chosen).toBe("end)")
    expect(await standing()).toContain("Refused")
  })

  test("show what fails at a flight at its line", async () => {
    await use(`rule("late", function(flight)\n  return flight.delays > 30\nend)`)
    await eventually(problem).toContain(
      "Line 2: attempt to compare number with nil. No flight is tested until they are used again."
    )
    expect(await desk.page.locator(".lua-lines [data-wrong]").textContent()).toBe("2")
    await use(`rule(1)`)
    await eventually(problem).toContain("Line 1: rule takes a name and a function")
  })

  test("that never end are stopped while the page goes on, and the next ones work", async () => {
    const gap = await longestGap(async () => {
      await use(`rule("never", function()\n  while true do pcall(function() while true do end end) end\nend)`)
      await eventually(problem).toContain("ran for more than 1000 ms and were stopped")
    })
    expect(gap).toBeLessThan(250)
    await use(`rule("any", function(flight) return flight.id == 3 end)`)
    await eventually(standing).toContain("Watching")
    await eventually(async () => (await rulesNow()).raised).toBe(1)
    await desk.page.getByRole("button", { name: "Stop" }).click()
    await eventually(standing).toBe("Not in force")
  })

  test("reach nothing of the page", async () => {
    await use(
      `rule("outside", function() return io or os or debug or package or require or load or js or window end)`
    )
    await eventually(async () => {
      const { flights, tested } = await rulesNow()
      return flights - tested
    }).toBe(0)
    expect(await rulesNow()).toMatchObject({ phase: "watching", raised: 0 })
    expect(desk.complaints).toEqual([])
  })
})
