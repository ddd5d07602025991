/** The delay model in a real worker: its forecasts, and what the desk does when it loops, crashes or is killed. */
import type { Page } from "playwright-core"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { type Lesson, nothingLearned } from "../src/domain/DelayForecast.ts"
import { learn } from "./delayModel.ts"
import { DeskBrowser, type DeskPage, eventually } from "./openDesk.ts"

let browser: DeskBrowser
const open: Array<DeskPage> = []

beforeAll(async () => {
  browser = await DeskBrowser.launch()
})

afterAll(() => browser?.close())

afterEach(async () => {
  for (const desk of open.splice(0)) await desk.close()
})

const openDesk = async (options?: Parameters<DeskBrowser["open"]>[0]): Promise<DeskPage> => {
  const desk = await browser.open(options)
  open.push(desk)
  return desk
}

const play = async (page: Page, flights: number): Promise<void> => {
  await page.getByRole("radio", { name: "Max" }).check()
  await page.getByRole("button", { name: "Play", exact: true }).click()
  await page.waitForFunction((count) => {
    const { modules, runtime } = window.flightdesk
    return runtime.resolve(modules.Flights.tag).unsafe.getState().flights.size >= count
  }, flights)
  await page.getByRole("button", { name: "Pause", exact: true }).click()
  await page.getByText("Paused", { exact: true }).waitFor()
}

const forecast = (page: Page) =>
  page.evaluate(() => {
    const { modules, runtime } = window.flightdesk
    return runtime.resolve(modules.DelayModel.tag).unsafe.getState()
  })

const arrived = (page: Page): Promise<Lesson["flights"]> =>
  page.evaluate(() => {
    const { modules, runtime } = window.flightdesk
    const { flights } = runtime.resolve(modules.Flights.tag).unsafe.getState()
    return flights.toArray().map(({ delay, destination, time }) => ({ destination, time, delay }))
  })

const untilLearned = (page: Page) =>
  eventually(async () => (await forecast(page)).learned === (await arrived(page)).length).toBe(true)

const trouble = (page: Page) => page.getByLabel("Model trouble")
const notice = (page: Page) => page.locator(".model").getByRole("alert")

/** The notice and the table have their room. */
const expectRoom = async (page: Page, width: number) => {
  const wider = await page.evaluate(
    () =>
      [...document.querySelectorAll("html, .model, .airports-panel .heading-row")].filter(
        ({ clientWidth, scrollWidth }) => scrollWidth > clientWidth + 1
      ).length
  )
  expect(wider).toBe(0)
  const folder = process.env["DESK_SHOTS"]
  if (folder !== undefined) await page.screenshot({ path: `${folder}/model-${width}.png` })
}

const openHandlers = async (page: Page) => {
  await page.getByRole("button", { name: /Open Sluice devtools/ }).click()
  const panel = page.getByRole("region", { name: "Sluice devtools for Flight desk" })
  await panel.getByRole("tab", { name: "Handlers", exact: true }).click()
  return panel
}

test("a worker computes what the model in TypeScript expects, the desk shows it, the panel its calls; killed, another does", async () => {
  const { complaints, page } = await openDesk()
  await play(page, 400)
  await untilLearned(page)
  const flights = await arrived(page)
  const expected = learn(nothingLearned, { from: 0, flights })
  expect(await forecast(page)).toEqual(expected)
  expect(page.workers().length).toBeGreaterThan(0)

  const table = page.getByRole("table", { name: /^Totals by airport/ })
  const oneDigit = new Intl.NumberFormat("en-US", { minimumFractionDigits: 1, maximumFractionDigits: 1 })
  const ord = expected.airports.find(({ code }) => code === "ORD")
  await table
    .locator(".cells", { hasText: "ORD" })
    .locator(".expected")
    .getByText(`${oneDigit.format(ord?.expected ?? 0).replace("-", "−")} min`)
    .waitFor()

  const panel = await openHandlers(page)
  const calls = panel.getByRole("listbox", { name: "What handlers told" }).getByRole("option")
  await calls.filter({ hasText: "learn" }).first().click()
  const chosen = panel.getByRole("region", { name: "Chosen" })
  await chosen.getByText("send for the action learn, worker").waitFor()
  await chosen.getByText("ok", { exact: true }).waitFor()
  await chosen.getByRole("button", { name: /^DelayModel#1::t\d+$/ }).click()
  const selected = panel.getByRole("listbox", { name: "Transactions" }).locator("[aria-selected=true]")
  await selected.getByText("learn").waitFor()
  await panel.getByRole("button", { name: "Close devtools" }).click()

  // All of them: the warm spare, too.
  for (const worker of page.workers()) await worker.evaluate(() => close())
  await play(page, 700)
  await untilLearned(page)
  await notice(page).waitFor({ state: "detached" })
  const all = await arrived(page)
  expect(await forecast(page)).toEqual(learn(nothingLearned, { from: 0, flights: all }))
  expect(complaints).toEqual([])
})

describe("a model that fails", () => {
  test("by looping: flights go on, the desk and the panel say so, and the letter's retry learns what it held", async () => {
    const { page } = await openDesk()
    await play(page, 100)
    await untilLearned(page)
    await trouble(page).selectOption("loop")
    const { learned } = await forecast(page)
    await page.getByRole("radio", { name: "10,000×" }).check()
    await page.getByRole("button", { name: "Play", exact: true }).click()
    await notice(page).getByText("The delay model was stopped.").waitFor()
    await expectRoom(page, 1280)
    // It ran three times up to its deadline meanwhile, in its worker.
    const { length } = await arrived(page)
    expect(length).toBeGreaterThan(learned)
    await eventually(async () => (await arrived(page)).length).toBeGreaterThan(length)
    expect((await forecast(page)).learned).toBe(learned)
    await page.getByRole("button", { name: "Pause", exact: true }).click()

    const panel = await openHandlers(page)
    const letters = panel.getByRole("region", { name: "Dead letters" })
    await letters.getByText("learn", { exact: true }).waitFor()
    await letters.getByText(/tried 3 times/).waitFor()
    await panel.getByRole("listbox", { name: "What handlers told" }).getByText("escalated").waitFor()
    const retry = letters.getByRole("button", { name: "Retry learn of DelayModel" })
    await retry.click()
    await letters.getByText(/It failed again/).waitFor()

    await panel.getByRole("button", { name: "Close devtools" }).click()
    await trouble(page).selectOption("none")
    await page.getByRole("button", { name: /Open Sluice devtools/ }).click()
    await retry.click()
    await letters.getByText("learn of DelayModel was retried, and has committed.").waitFor()
    await notice(page).waitFor({ state: "detached" })
    await untilLearned(page)
    const flights = await arrived(page)
    expect(await forecast(page)).toEqual(learn(nothingLearned, { from: 0, flights }))
  })

  test("by crashing or refusing, on a narrow screen: it is told, and tries again when that is asked for", async () => {
    const { page } = await openDesk({ width: 390, height: 800 })
    await page.getByRole("navigation", { name: "Views" }).getByText("Airports").click()
    await trouble(page).selectOption("trap")
    await play(page, 100)
    await notice(page).getByText("The delay model was stopped.").waitFor()
    await trouble(page).selectOption("refuse")
    await notice(page).getByRole("button", { name: "Try again" }).click()
    await notice(page)
      .getByText(/The delay model refused/)
      .waitFor()
    await expectRoom(page, 390)
    await trouble(page).selectOption("none")
    await notice(page).getByRole("button", { name: "Try again" }).click()
    await untilLearned(page)
    await notice(page).waitFor({ state: "detached" })
  })
})
