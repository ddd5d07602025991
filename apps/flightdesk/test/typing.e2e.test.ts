/** Real key presses in the filter while the flights come in as fast as they are taken. */
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { DeskBrowser, type DeskPage, eventually } from "./openDesk.ts"
import { type Keystrokes, watchKeystrokes } from "./keystrokes.ts"

let browser: DeskBrowser

beforeAll(async () => {
  browser = await DeskBrowser.launch()
})

afterAll(() => browser?.close())

const quantile = (values: ReadonlyArray<number>, share: number): number =>
  values.toSorted((a, b) => a - b)[Math.ceil(values.length * share) - 1] ?? NaN

const summary = (values: ReadonlyArray<number>): string =>
  [0.5, 0.95, 1].map((share) => quantile(values, share).toFixed(1)).join(" / ")

const word = ["o", "r", "d", "-", "l", "a", "x"]

describe("typing in the filter at full speed", () => {
  let desk: DeskPage
  beforeAll(async () => {
    desk = await browser.open()
    await desk.page.evaluate(watchKeystrokes)
  })
  afterAll(() => desk?.close())

  test("a keystroke is handled within 50 ms at p95", async () => {
    const { page } = desk
    const route = page.getByRole("searchbox", { name: "Route" })
    await page.getByRole("radio", { name: "Max" }).check()
    await page.getByRole("button", { name: "Play", exact: true }).click()
    await page.getByText("Playing", { exact: true }).waitFor()
    await route.focus()
    const arrived = () =>
      page.evaluate(() => {
        const { modules, runtime } = window.flightdesk
        const { status } = runtime.resolve(modules.Replay.tag).unsafe.getState()
        const { size } = runtime.resolve(modules.Flights.tag).unsafe.getState().flights
        return status === "playing" ? size : Number.POSITIVE_INFINITY
      })
    // The whole replay through, with as many words at its end as at its beginning
    for (let next = 0; next <= 20_000; next += 400) {
      while ((await arrived()) < next) continue
      for (const key of word) await page.keyboard.press(key)
      for (const _ of word) await page.keyboard.press("Backspace")
    }
    const { handled, painted, slowEvents }: Keystrokes = await page.evaluate(() => window.keystrokes)
    console.log(
      `${handled.length} keystrokes, p50 / p95 / most in ms: handled ${summary(handled)}, painted ${summary(painted)}; ` +
        `Event Timing of ${slowEvents.length} over 16 ms: ${summary(slowEvents)}`
    )
    expect(handled.length).toBeGreaterThanOrEqual(100)
    expect(quantile(handled, 0.95)).toBeLessThanOrEqual(50)
  })

  test("the table shows what was typed last", async () => {
    const { page } = desk
    await page.getByText("All flights have arrived").waitFor()
    await page.keyboard.type("ord-lax")
    await eventually(() => page.locator(".flights-panel .panel-head .count").textContent()).toMatch(
      /^\d+ of 20,000 flights$/
    )
    const routes = await page.locator(".flights-panel .row .route").allTextContents()
    expect(routes.length).toBeGreaterThan(0)
    expect(new Set(routes)).toEqual(new Set(["ORD→LAX"]))
  })

  test("the console is clean", () => {
    expect(desk.complaints).toEqual([])
  })
})
