import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { DeskBrowser, type DeskPage, eventually, serverAlerts } from "./openDesk.ts"
import { alertsOf, countByAirport, readFlights } from "./realData.ts"
import { startRecording } from "./recording.ts"

const flights = readFlights()

const expectedAlerts = alertsOf(flights)

let browser: DeskBrowser
let desk: DeskPage

beforeAll(async () => {
  browser = await DeskBrowser.launch()
  desk = await browser.open()
  await desk.page.evaluate(startRecording)
})

afterAll(async () => {
  await desk?.close()
  await browser?.close()
})

const stateOf = (module: "Flights" | "Watch" | "Replay") =>
  desk.page.evaluate((id) => {
    const instance = window.flightdesk.runtime.instances().find((each) => each.id === id)
    return JSON.stringify(instance?.unsafe.getState())
  }, module)

/** The states of all instances now, as JSON by instance. */
const statesNow = (): Promise<Record<string, string>> =>
  desk.page.evaluate(() =>
    Object.fromEntries(
      window.flightdesk.runtime
        .instances()
        .map(({ instanceId, unsafe }) => [instanceId, JSON.stringify(unsafe.getState())])
    )
  )

/** The states of all instances right after a transaction, as the subscribers were told them. */
const statesAfter = (txnId: string): Promise<Record<string, string>> =>
  desk.page.evaluate((txnId) => {
    const { committed, told } = window.recording
    const place = committed.findIndex((commit) => commit.txnId === txnId)
    if (place < 0) throw new Error(`${txnId} is not in the recording`)
    const states: Record<string, string> = {}
    for (const { instanceId } of window.flightdesk.runtime.instances()) {
      const last = told.slice(0, place + 1).findLast((each) => each.instanceId === instanceId)
      if (last !== undefined) states[instanceId] = JSON.stringify(last.state)
    }
    return states
  }, txnId)

const fired = async () => ({
  requests: (await serverAlerts(desk.server)).requests,
  handlersAndDeliveries: await desk.page.evaluate(() => window.recording.fired)
})

describe("the replay at full speed", () => {
  test("plays from outside React until it is paused", async () => {
    const { page } = desk
    await page.getByRole("radio", { name: "Max" }).check()
    await page.getByRole("button", { name: "Play", exact: true }).click()
    await page.waitForFunction(() => {
      const { modules, runtime } = window.flightdesk
      return runtime.resolve(modules.Flights.tag).unsafe.getState().flights.size > 2_000
    })
    await page.getByRole("button", { name: "Pause", exact: true }).click()
    await page.getByText("Paused", { exact: true }).waitFor()
    await eventually(() => page.locator(".watch-panel .panel-head .count").textContent()).toMatch(
      ", 0 waiting"
    )
    // The delay model learns after the flights have come, and holds none of them up.
    await page.waitForFunction(() => {
      const { modules, runtime } = window.flightdesk
      const { learned } = runtime.resolve(modules.DelayModel.tag).unsafe.getState()
      return learned === runtime.resolve(modules.Flights.tag).unsafe.getState().flights.size
    })
  })

  test("a jump to a transaction shows its state and fires nothing; live goes on after", async () => {
    const { page } = desk
    const live = await statesNow()
    await page.getByRole("button", { name: "Open Sluice devtools for Flight desk" }).click()
    const panel = page.getByRole("region", { name: "Sluice devtools for Flight desk" })
    await panel.getByRole("searchbox").fill("arrived")
    const list = panel.getByRole("listbox", { name: "Transactions" })
    await list.focus()
    await page.keyboard.press("End")
    const before = await fired()
    const shown: Array<number> = []
    for (let jump = 0; jump < 3; jump++) {
      for (let pages = 0; pages < 4; pages++) await page.keyboard.press("PageUp")
      const txnId = await panel.locator(".details .subject").getAttribute("title")
      if (txnId === null) throw new Error("The panel selects no transaction")
      expect(txnId).toMatch(/^Flights#1::t\d+$/)
      await panel.getByRole("button", { name: "Jump here" }).click()
      await panel.getByText("Showing the past").waitFor()
      await page.locator("#root").getByText("Showing the past: the desk waits").waitFor()
      const expected = await statesAfter(txnId)
      expect(Object.keys(expected)).toContain("Flights#1")
      expect(await statesNow()).toMatchObject(expected)
      const count = (JSON.parse(expected["Flights#1"] ?? "{}") as { flights: Array<unknown> }).flights.length
      await page
        .locator(".flights-panel .panel-head .count")
        .getByText(`${count.toLocaleString("en-US")} flights`)
        .waitFor()
      shown.push(count)
      await list.focus()
    }
    expect(shown[0]).toBeGreaterThan(shown[1] ?? Infinity)
    expect(shown[1]).toBeGreaterThan(shown[2] ?? Infinity)
    // Each of these waits for the page and the server to have had their turn.
    for (let turn = 0; turn < 5; turn++) {
      await page.evaluate(() => new Promise(requestAnimationFrame))
      expect(await fired()).toEqual(before)
    }
    await panel.getByRole("button", { name: "Back to live" }).click()
    await panel.getByText("Showing the past").waitFor({ state: "detached" })
    await page.locator("#root").getByText("Showing the past").waitFor({ state: "detached" })
    expect(await statesNow()).toEqual(live)
    const origins = await page.evaluate(() =>
      window.recording.committed.slice(-3).map(({ origin }) => origin)
    )
    expect(new Set(origins)).toEqual(new Set(["devtools"]))
    expect(await fired()).toEqual(before)
    await panel.getByRole("button", { name: "Close devtools" }).click()
  })

  test("a jump while it plays holds the flights back, and loses none", async () => {
    const { page } = desk
    await page.getByRole("button", { name: "Play", exact: true }).click()
    await page.getByRole("button", { name: "Pause", exact: true }).waitFor()
    await page.getByRole("button", { name: "Open Sluice devtools for Flight desk" }).click()
    const panel = page.getByRole("region", { name: "Sluice devtools for Flight desk" })
    const list = panel.getByRole("listbox", { name: "Transactions" })
    await list.focus()
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("Enter")
    await panel.getByText("Showing the past").waitFor()
    const then = await stateOf("Flights")
    await page.evaluate(() => new Promise(requestAnimationFrame))
    expect(await stateOf("Flights")).toBe(then)
    await panel.getByRole("button", { name: "Back to live" }).click()
    await panel.getByRole("button", { name: "Close devtools" }).click()
  })

  test("ends with 20,000 flights", async () => {
    await desk.page.getByText("All flights have arrived").waitFor({ timeout: 120_000 })
    const state = JSON.parse(await stateOf("Flights")) as { flights: Array<{ id: number }>; rejected: number }
    expect(state.flights.map(({ id }) => id)).toEqual(flights.map((_, id) => id))
    expect(state.rejected).toBe(0)
    await desk.page.locator(".flights-panel .count").getByText("20,000 flights").waitFor()
    await desk.page.locator(".progress .count").getByText("20,000 of 20,000").waitFor()
  })

  test("the totals and the mean delay of every airport equal a count of the file", async () => {
    const counted = countByAirport(flights)
    const { airports } = JSON.parse(await stateOf("Flights")) as {
      airports: Array<{ code: string; arrivals: number; departures: number; delaySum: number }>
    }
    expect(airports).toHaveLength(counted.size)
    for (const { code, ...totals } of airports) expect(totals).toEqual(counted.get(code))

    // And the table says so: read it whole, screen by screen.
    const { page } = desk
    const scroller = page.getByRole("table", { name: /^Totals by airport/ })
    const read = new Map<string, string>()
    for (;;) {
      const rows = await scroller
        .locator(".cells")
        .evaluateAll((cells) => cells.map((row) => [...row.children].map((cell) => cell.textContent ?? "")))
      // What the model expects beside them is of model.e2e.test.ts.
      for (const [code = "", ...rest] of rows) read.set(code.slice(0, 3), rest.slice(0, 3).join("|"))
      const more = await scroller.evaluate(async (element) => {
        const before = element.scrollTop
        element.scrollTop += 150
        await new Promise(requestAnimationFrame)
        await new Promise(requestAnimationFrame)
        return element.scrollTop > before
      })
      if (!more) break
    }
    const oneDigit = new Intl.NumberFormat("en-US", { minimumFractionDigits: 1, maximumFractionDigits: 1 })
    const mean = (sum: number, count: number) =>
      count === 0 ? "–" : `${oneDigit.format(sum / count).replace("-", "−")} min`
    expect([...read.keys()].sort()).toEqual([...counted.keys()].sort())
    for (const [code, { arrivals, delaySum, departures }] of counted) {
      const whole = [arrivals, departures].map((count) => count.toLocaleString("en-US"))
      expect([code, read.get(code)]).toEqual([code, [...whole, mean(delaySum, arrivals)].join("|")])
    }
  })

  test("every match became one alert, here and on the server", async () => {
    const { page, server } = desk
    await eventually(() => page.locator(".watch-panel .panel-head .count").textContent()).toBe(
      `${expectedAlerts.length} alerts, 0 waiting`
    )
    const { alerts, recorded } = JSON.parse(await stateOf("Watch")) as {
      alerts: Array<{ rule: string; flight: { id: number }; place: number }>
      recorded: number
    }
    expect(alerts.map(({ flight, rule }) => `${rule}: ${flight.id}`).sort()).toEqual(expectedAlerts)
    expect(recorded).toBe(expectedAlerts.length)
    const onServer = await serverAlerts(server)
    expect(onServer.alerts.map(({ flight, rule }) => `${rule}: ${flight.id}`).sort()).toEqual(expectedAlerts)
    expect(onServer.requests).toBe(expectedAlerts.length)
    expect(onServer.alerts.map(({ place }) => place)).toEqual(alerts.map(({ place }) => place))
  })

  test("the channels were full, pushed back, and held", async () => {
    const gauges = await desk.page.evaluate(() => window.recording.gauges)
    expect(gauges.samples).toBeGreaterThan(40_000)
    expect(gauges.maxDepth).toBe(64)
    expect(gauges.maxIngress).toBeLessThanOrEqual(64)
    expect(gauges.maxOverflow).toBe(0)
    expect(gauges.maxWaiting).toBeGreaterThan(0)
  })

  test("what was told and what was committed are the same, in the same order", async () => {
    const [told, committed] = await desk.page.evaluate(() => [
      window.recording.told.map(({ instanceId }) => instanceId),
      window.recording.committed.map(({ instanceId }) => instanceId)
    ])
    expect(told?.length).toBeGreaterThan(20_000)
    expect(told).toEqual(committed)
  })

  test("the console is clean", () => {
    expect(desk.complaints).toEqual([])
  })
})
