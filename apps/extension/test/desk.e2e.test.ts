/** The flight desk in Chromium's real developer tools. */
import { fileURLToPath } from "node:url"
import type { Frame } from "playwright-core"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type RunningDesk, startDesk } from "../../flightdesk/server/DeskServer.ts"
import { builtDesk } from "../../flightdesk/test/openDesk.ts"
import { startRecording } from "../../flightdesk/test/recording.ts"
import { RealDevtools } from "./realDevtools.ts"

declare global {
  interface Window {
    keptStates: ReadonlyArray<{ readonly instanceId: string; readonly state: unknown }>
  }
}

let desk: Awaited<ReturnType<typeof builtDesk>>
let server: RunningDesk
let devtools: RealDevtools
let panel: Frame

beforeAll(async () => {
  desk = await builtDesk()
  server = await startDesk({ port: 0, dist: desk.dist })
  devtools = await RealDevtools.launch({ width: 1440, height: 900 })
  await devtools.tab.goto(server.address)
  await devtools.tab.evaluate(startRecording)
})

afterAll(async () => {
  await devtools?.close()
  await server?.stop()
  await desk?.forget()
})

const eventually = <A>(ask: () => Promise<A>) => expect.poll(ask, { timeout: 30_000, interval: 50 })

const flights = () =>
  devtools.tab.evaluate(() => {
    const { modules, runtime } = window.flightdesk
    return runtime.resolve(modules.Flights.tag).unsafe.getState().flights.size
  })

/** Plays until so many flights are there, and pauses. */
const playUntil = async (count: number): Promise<void> => {
  const { tab } = devtools
  await tab.getByRole("button", { name: "Play", exact: true }).click()
  await eventually(flights).toBeGreaterThanOrEqual(count)
  await tab.getByRole("button", { name: "Pause", exact: true }).click()
  await tab.getByText("Paused", { exact: true }).waitFor()
  await settle()
}

/** The server has every alert, and the delay model every flight: nothing changes by itself from here on. */
const settle = async (): Promise<void> => {
  await devtools.tab.getByText(/^(\d+) of \1$/).waitFor()
  await devtools.tab.waitForFunction(() => {
    const { modules, runtime } = window.flightdesk
    const { learned } = runtime.resolve(modules.DelayModel.tag).unsafe.getState()
    return learned === runtime.resolve(modules.Flights.tag).unsafe.getState().flights.size
  })
}

/** Keeps in the page what all instances hold now. */
const keepStates = (): Promise<void> =>
  devtools.tab.evaluate(() => {
    window.keptStates = window.flightdesk.runtime
      .instances()
      .map(({ instanceId, unsafe }) => ({ instanceId, state: unsafe.getState() as unknown }))
  })

/** The instances that do not hold what was kept. */
const unlikeKept = (): Promise<ReadonlyArray<string>> =>
  devtools.tab.evaluate(() => {
    const now = new Map(
      window.flightdesk.runtime.instances().map(({ instanceId, unsafe }) => [instanceId, unsafe.getState()])
    )
    return window.keptStates
      .filter(({ instanceId, state }) => JSON.stringify(now.get(instanceId)) !== JSON.stringify(state))
      .map(({ instanceId }) => instanceId)
  })

/** The instances that do not hold what an independent subscriber was told last, up to a transaction. */
const unlikeTold = (txnId: string): Promise<ReadonlyArray<string>> =>
  devtools.tab.evaluate((txnId) => {
    const { committed, told } = window.recording
    const place = committed.findIndex((commit) => commit.txnId === txnId)
    if (place < 0) throw new Error(`${txnId} is not in the recording`)
    const past = told.slice(0, place + 1)
    return window.flightdesk.runtime
      .instances()
      .filter(({ instanceId, unsafe }) => {
        const last = past.findLast((each) => each.instanceId === instanceId)
        return last !== undefined && JSON.stringify(unsafe.getState()) !== JSON.stringify(last.state)
      })
      .map(({ instanceId }) => instanceId)
  }, txnId)

const list = () => panel.getByRole("listbox", { name: "Transactions" })

/** Chooses the newest arrival of a flight; nothing else is listed. */
const findArrivals = async (): Promise<void> => {
  await panel.getByRole("option").first().waitFor()
  await panel.getByRole("searchbox").fill("arrived")
  await eventually(async () => (await list().getByRole("option").allTextContents()).every(isArrival)).toBe(
    true
  )
  await list().focus()
  await (await devtools.frontend()).keyboard.press("End")
}

const isArrival = (row: string): boolean => row.includes("arrived")

/** Travels from the row that is chosen to the one where these keys lead; its transaction. */
const travelBy = async (key: "ArrowUp" | "PageUp", times: number): Promise<string> => {
  await list().focus()
  const keyboard = (await devtools.frontend()).keyboard
  for (let time = 0; time < times; time++) await keyboard.press(key)
  const before = await shownPast()
  // A row is chosen before the page has said what it is, and leads nowhere until then
  await list().locator("[aria-selected=true]:not(.unknown)").waitFor()
  await keyboard.press("Enter")
  await eventually(shownPast).not.toBe(before)
  const txnId = await shownPast()
  if (txnId === undefined) throw new Error("The panel does not say which moment it shows")
  return txnId
}

/** The transaction after which the panel says the page is. */
const shownPast = async (): Promise<string | undefined> =>
  (await panel.locator(".travelling code").allTextContents())[0]

describe("the panel in the developer tools", () => {
  test("travels to four moments of a replay, and the page is each time as a subscriber was told", async () => {
    const { tab } = devtools
    await tab.getByRole("radio", { name: "Max" }).check()
    await playUntil(1_500)
    panel = await devtools.showPanel()
    await keepStates()
    const shown: Array<number> = [await flights()]
    await findArrivals()
    for (let moment = 0; moment < 4; moment++) {
      const txnId = await travelBy("PageUp", 6)
      expect(txnId).toMatch(/^Flights#1::t\d+$/)
      expect(await unlikeTold(txnId)).toEqual([])
      expect(await unlikeKept()).toContain("Flights#1")
      shown.push(await flights())
      await tab.getByText("Showing the past: the desk waits").waitFor()
    }
    expect(shown).toEqual(shown.toSorted((a, b) => b - a))
    expect(new Set(shown).size).toBe(5)
    await panel.getByRole("button", { name: "Back to live" }).click()
    await eventually(unlikeKept).toEqual([])
  })

  test("closed while it shows the past, the page goes back to live, goes on, and is all there when it opens again", async () => {
    await travelBy("PageUp", 3)
    expect(await unlikeKept()).toContain("Flights#1")
    const gone = panel
    await devtools.closeDevtools()
    await expect(gone.evaluate("1")).rejects.toThrow("closed")
    await eventually(unlikeKept).toEqual([])
    const before = await flights()
    for (let step = 0; step < 12; step++) await devtools.tab.getByRole("button", { name: "Step" }).click()
    await eventually(flights).toBe(before + 12)
    await settle()
    await keepStates()
    await devtools.openDevtools()
    panel = await devtools.showPanel()
    expect(panel).not.toBe(gone)
    await findArrivals()
    expect(await unlikeTold(await travelBy("ArrowUp", 2))).toEqual([])
    expect(await flights()).toBeGreaterThan(before)
    expect(await unlikeTold(await travelBy("PageUp", 3))).toEqual([])
    expect(await flights()).toBeLessThan(before)
    await takePicture("extension")
    await panel.getByRole("button", { name: "Back to live" }).click()
    await eventually(unlikeKept).toEqual([])
  })

  test("complains of nothing", () => {
    expect(devtools.complaints).toEqual([])
  })
})

/** A picture of the docs, where the run is made with `SLUICE_SCREENSHOTS=1`. */
const takePicture = async (name: string): Promise<void> => {
  if (process.env["SLUICE_SCREENSHOTS"] !== "1") return
  const path = fileURLToPath(new URL(`../../../docs/images/devtools-${name}.png`, import.meta.url))
  await devtools.picture(path)
}
