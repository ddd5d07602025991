/** Bad data and a bad server: a clear message where it belongs, counted, and the rest goes on. */
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Page } from "playwright-core"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import {
  DeskBrowser,
  type DeskPage,
  eventually,
  type OpenOptions,
  serverAlerts,
  setFault
} from "./openDesk.ts"
import { alertsOf, readFlights } from "./realData.ts"

let browser: DeskBrowser
let folder: string
const open: Array<DeskPage> = []

beforeAll(async () => {
  browser = await DeskBrowser.launch()
  folder = await mkdtemp(join(tmpdir(), "flightdesk-data-"))
})

afterAll(async () => {
  await browser?.close()
  await rm(folder, { recursive: true, force: true })
})

afterEach(async () => {
  for (const desk of open.splice(0)) await desk.close()
})

const openDesk = async (options?: OpenOptions): Promise<DeskPage> => {
  const desk = await browser.open(options)
  open.push(desk)
  return desk
}

const file = async (name: string, content: string): Promise<string> => {
  const path = join(folder, name)
  await writeFile(path, content)
  return path
}

const playAtFullSpeed = async (page: Page): Promise<void> => {
  await page.getByRole("radio", { name: "Max" }).check()
  await page.getByRole("button", { name: "Play", exact: true }).click()
}

const pickAirport = (page: Page, code: string) =>
  page.getByRole("form", { name: "Filter flights" }).getByLabel("Airport").selectOption(code)

const late = { date: "2001/01/01 10:00", delay: 99, distance: 100, origin: "LAX", destination: "ORD" }

describe("data", () => {
  test("lines that are no flights are counted and shown with their reasons; the others arrive", async () => {
    const flights = await file(
      "doctored.json",
      JSON.stringify([
        late,
        { ...late, delay: "late" },
        { ...late, date: "2001/02/31 10:00" },
        "not a flight",
        { ...late, origin: "QQQ" },
        { date: "2001/01/01 11:00", origin: "LAX" },
        { ...late, date: "2001/01/02 10:00", delay: 5 }
      ])
    )
    const { complaints, page, server } = await openDesk({ files: { flights } })
    await playAtFullSpeed(page)
    await page.getByText("All flights have arrived").waitFor()
    await page.locator(".progress .count").getByText("7 of 7").waitFor()
    await page.locator(".flights-panel .panel-head").getByText("2 flights").waitFor()
    const rejections = page.locator(".rejections")
    await eventually(() => rejections.locator("summary").textContent()).toBe(
      "5 lines of the data could not be read as flights"
    )
    await rejections.locator("summary").click()
    expect(await rejections.locator("li").allTextContents()).toEqual([
      expect.stringMatching(/^Line 6: delay: missing key/),
      expect.stringMatching(/^Line 5: unknown airport QQQ/),
      expect.stringMatching(/^Line 4: expected object "not a flight"/),
      expect.stringMatching(/^Line 3: date: "2001\/02\/31 10:00" is not a minute/),
      expect.stringMatching(/^Line 2: delay: expected number/)
    ])
    await eventually(async () => (await serverAlerts(server)).alerts).toHaveLength(2)
    // A restart counts them anew, not twice.
    await page.getByRole("button", { name: "Restart" }).click()
    await page.getByText("All flights have arrived").waitFor()
    await eventually(() => rejections.locator("summary").textContent()).toMatch(/^5 lines/)
    expect(complaints).toEqual([])
  })

  test("a file that is no JSON is said where the replay is, and can be tried again", async () => {
    const flights = await file("noise.json", "<<< noise >>>")
    const { page } = await openDesk({ files: { flights }, early: true })
    const alert = page.getByRole("banner").getByRole("alert")
    await alert.getByText("The flights could not be loaded.").waitFor()
    expect(await alert.textContent()).toContain("The server answered nonsense (it is not JSON).")
    await file("noise.json", JSON.stringify([late]))
    await alert.getByRole("button", { name: "Try again" }).click()
    await page.getByRole("button", { name: "Play", exact: true, disabled: false }).waitFor()
    await alert.waitFor({ state: "detached" })
  })

  test("without its map the desk goes on", async () => {
    const states = await file("map.json", '{"type":"Topology","objects":{}}')
    const { complaints, page } = await openDesk({ files: { states } })
    const alert = page.locator(".map").getByRole("alert")
    await alert.getByText("The map could not be loaded.").waitFor()
    await page.getByRole("button", { name: "Step" }).click()
    await page.locator(".flights-panel .panel-head").getByText("51 flights", { exact: true }).waitFor()
    expect(complaints).toEqual([])
  })
})

describe("the server", () => {
  // Enough to fill every channel on the way to the server, twice over; none that comes with the page.
  const someFlights = readFlights()
    .filter(({ date }) => date > "2001/01/01 10:00")
    .slice(0, 5_000)
  const expectedAlerts = alertsOf(someFlights)
  const openWithSome = async (): Promise<DeskPage> =>
    openDesk({ files: { flights: await file("some.json", JSON.stringify(someFlights)) } })

  test("down: alerts wait and hold the replay back, none is lost, and all are recorded once it is up", async () => {
    const { page, server } = await openWithSome()
    await setFault(server, "down")
    await playAtFullSpeed(page)
    const alert = page.locator(".watch-panel").getByRole("alert")
    await alert.getByText("The server is down (it answered 503).").waitFor()
    expect(await alert.textContent()).toMatch(/Alerts wait here, none is lost; \d+ tr(?:y|ies) so far/)
    await page.getByRole("contentinfo").getByText("pushing back").waitFor()
    // The page may be behind what has arrived.
    const arrived = () =>
      page.evaluate(() => {
        const { modules, runtime } = window.flightdesk
        return runtime.resolve(modules.Flights.tag).unsafe.getState().flights.size
      })
    const held = await arrived()
    const tries = await alert.textContent()
    await eventually(() => alert.textContent()).not.toBe(tries)
    expect(await arrived()).toBe(held)
    expect((await serverAlerts(server).catch(() => undefined))?.alerts).toBeUndefined()
    await eventually(() => page.locator(".flights-panel .panel-head .count").textContent()).toBe(
      `${held.toLocaleString("en")} flights`
    )
    await setFault(server, "none")
    await page.getByText("All flights have arrived").waitFor()
    await eventually(() => page.locator(".watch-panel .panel-head .count").textContent()).toBe(
      `${expectedAlerts.length} alerts, 0 waiting`
    )
    const { alerts, requests } = await serverAlerts(server)
    expect(alerts.map(({ flight, rule }) => `${rule}: ${flight.id}`).sort()).toEqual(expectedAlerts)
    expect(requests).toBe(expectedAlerts.length)
    await alert.waitFor({ state: "detached" })
  })

  test.each([
    ["slow", "The server is slow to answer."],
    ["nonsense", "The server answered nonsense (it is not JSON)."]
  ])("%s: said, and the alert is recorded once", async (fault, message) => {
    const flights = await file(`${fault}.json`, JSON.stringify([late]))
    const { page, server } = await openDesk({ files: { flights } })
    await page.getByLabel("Simulate server trouble").selectOption(fault)
    await eventually(
      async () => (await fetch(`${server.address}/api/faults`)).json() as Promise<unknown>
    ).toEqual({ fault })
    await playAtFullSpeed(page)
    await page.locator(".watch-panel").getByRole("alert").getByText(message).waitFor()
    await page.locator(".watch-panel").getByText("2 alerts, 2 waiting").waitFor()
    await page.getByLabel("Simulate server trouble").selectOption("none")
    await page.locator(".watch-panel").getByText("2 alerts, 0 waiting").waitFor()
    expect((await serverAlerts(server)).alerts).toHaveLength(2)
  })

  test("other trouble, or none: the old message is gone at once, and the server is asked anew", async () => {
    const flights = await file("change.json", JSON.stringify([late]))
    const { page } = await openDesk({ files: { flights }, slowMs: 60_000 })
    const trouble = page.getByLabel("Simulate server trouble")
    const notice = page.locator(".watch-panel").getByRole("alert")
    await trouble.selectOption("down")
    await playAtFullSpeed(page)
    await pickAirport(page, "ORD")
    const detail = page.locator(".detail-panel")
    await notice.getByText("The server is down").waitFor()
    await detail.getByRole("alert").getByText("The server is down").waitFor()
    // Whatever is shown together with a confirmed change.
    const shownAfter = page.evaluate(
      () =>
        new Promise<string>((resolve) => {
          const { modules, runtime } = window.flightdesk
          const { unsafe } = runtime.resolve(modules.ServerTrouble.tag)
          unsafe.subscribe(() => {
            if (unsafe.getState().fault !== "slow") return
            setTimeout(() => resolve(document.querySelector("main")?.textContent ?? ""), 300)
          })
        })
    )
    await trouble.selectOption("slow")
    const shown = await shownAfter
    expect(shown).not.toContain("The server is down")
    expect(shown).toContain("Loading ORD…")
    expect(shown).toContain("2 alerts, 2 waiting")
    await notice.getByText("The server is slow to answer.").waitFor()
    await trouble.selectOption("none")
    await page.locator(".watch-panel").getByText("2 alerts, 0 waiting").waitFor()
    await detail.locator(".tile").first().waitFor()
    await notice.waitFor({ state: "detached" })
  })

  test("down, then a restart: what waited for the run before is dropped with it", async () => {
    const { page, server } = await openWithSome()
    await setFault(server, "down")
    await playAtFullSpeed(page)
    await page.getByRole("contentinfo").getByText("pushing back").waitFor()
    await page.getByRole("button", { name: "Restart" }).click()
    await setFault(server, "none")
    await page.getByText("All flights have arrived").waitFor()
    await eventually(() => page.locator(".watch-panel .panel-head .count").textContent()).toBe(
      `${expectedAlerts.length} alerts, 0 waiting`
    )
    const { alerts } = await serverAlerts(server)
    expect(alerts.map(({ flight, rule }) => `${rule}: ${flight.id}`).sort()).toEqual(expectedAlerts)
    expect(new Set(alerts.map(({ session }) => session.replace(/^.*-/, "")))).toEqual(new Set(["2"]))
    await page.locator(".flights-panel .panel-head").getByText("5,000 flights").waitFor()
  })

  test("cannot be reached at all", async () => {
    const { page, server } = await openDesk()
    await server.stop()
    await pickAirport(page, "ORD")
    const panel = page.locator(".detail-panel")
    await panel.getByRole("alert").getByText("The server cannot be reached.").waitFor()
  })
})

describe("the details of an airport", () => {
  test("load, fail with a message, and load when tried again", async () => {
    const { page, server } = await openDesk()
    await setFault(server, "down")
    await pickAirport(page, "ORD")
    const panel = page.locator(".detail-panel")
    await panel
      .getByRole("status")
      .getByText(/The server is down .* Trying again/)
      .waitFor()
    await panel.getByRole("alert").getByText("No details of ORD.").waitFor()
    await setFault(server, "none")
    await panel.getByRole("button", { name: "Try again" }).click()
    const arrivals = readFlights().filter(({ destination }) => destination === "ORD").length
    await panel.locator(".tile").getByText(arrivals.toLocaleString("en-US")).waitFor()
  })

  test("an older answer never replaces a newer one: its request is cancelled", async () => {
    const { page, server } = await openDesk()
    const cancelled: Array<string> = []
    page.on("requestfailed", (request) => {
      if (request.failure()?.errorText === "net::ERR_ABORTED") cancelled.push(new URL(request.url()).pathname)
    })
    await setFault(server, "slow")
    const asked = page.waitForRequest("**/api/airports/ORD")
    await pickAirport(page, "ORD")
    await asked
    await page.locator(".detail-panel").getByRole("status").getByText("Loading ORD…").waitFor()
    await setFault(server, "none")
    await pickAirport(page, "LAX")
    const heading = page.locator(".detail-panel").getByRole("heading")
    await eventually(() => heading.textContent()).toBe("LAX Los Angeles International")
    const where = page.locator(".detail-panel .report").getByText("Los Angeles, CA")
    await where.waitFor()
    expect(cancelled).toEqual(["/api/airports/ORD"])
    // Longer than the slow answer would have taken, seen from the server's own side.
    await (await fetch(`${server.address}/api/airports/ORD?fault=slow`)).text()
    expect(await heading.textContent()).toBe("LAX Los Angeles International")
    expect(await where.count()).toBe(1)
  })

  test("are shown as they were while they are loaded anew, and when that fails", async () => {
    const { complaints, page, server } = await openDesk()
    await pickAirport(page, "ORD")
    const panel = page.locator(".detail-panel")
    await panel.locator(".tile").first().waitFor()
    await setFault(server, "slow")
    const asked = page.waitForRequest("**/api/airports/ORD")
    await panel.getByRole("button", { name: "Load ORD again" }).click()
    await asked
    expect(await panel.getAttribute("aria-busy")).toBe("true")
    expect(await panel.locator(".tile").count()).toBe(4)
    expect(await panel.getByText("Loading ORD…").count()).toBe(0)
    await eventually(() => panel.getAttribute("aria-busy")).toBe("false")
    expect(complaints).toEqual([])
    await setFault(server, "down")
    await panel.getByRole("button", { name: "Load ORD again" }).click()
    await panel.getByRole("alert").getByText("These details may be old. The server is down").waitFor()
    expect(await panel.locator(".tile").count()).toBe(4)
    await setFault(server, "none")
    await panel.getByRole("button", { name: "Try again" }).click()
    await panel.getByRole("alert").waitFor({ state: "detached" })
    expect(await panel.locator(".tile").count()).toBe(4)
  })
})
