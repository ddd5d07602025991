/** The flight desk in Chromium's real developer tools. */
import { fileURLToPath } from "node:url"
import type { Frame } from "playwright-core"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type RunningDesk, startDesk } from "../../flightdesk/server/DeskServer.ts"
import { builtDesk } from "../../flightdesk/test/openDesk.ts"
import { startRecording } from "../../flightdesk/test/recording.ts"
import { RealDevtools } from "./realDevtools.ts"

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

/** The server has every alert: nothing changes by itself from here on. */
const settle = () => devtools.tab.getByText(/^(\d+) of \1$/).waitFor()

/** The states of all instances now, as JSON by instance. */
const statesNow = (): Promise<Record<string, string>> =>
  devtools.tab.evaluate(() =>
    Object.fromEntries(
      window.flightdesk.runtime
        .instances()
        .map(({ instanceId, unsafe }) => [instanceId, JSON.stringify(unsafe.getState())])
    )
  )

/** The same right after a transaction, as an independent subscriber was told them. */
const statesAfter = (txnId: string): Promise<Record<string, string>> =>
  devtools.tab.evaluate((txnId) => {
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
  await keyboard.press("Enter")
  await eventually(shownPast).not.toBe(before)
  const txnId = await shownPast()
  if (txnId === undefined) throw new Error("The panel does not say which moment it shows")
  return txnId
}

/** The transaction after which the panel says the page is. */
const shownPast = async (): Promise<string | undefined> =>
  (await panel.locator(".travelling code").allTextContents())[0]

const countOf = (states: Record<string, string>): number =>
  (JSON.parse(states["Flights#1"] ?? "{}") as { readonly flights: ReadonlyArray<unknown> }).flights.length

describe("the panel in the developer tools", () => {
  test("travels to four moments of a replay, and the page is each time as a subscriber was told", async () => {
    const { tab } = devtools
    await tab.getByRole("radio", { name: "Max" }).check()
    await playUntil(1_500)
    panel = await devtools.showPanel()
    const live = await statesNow()
    const shown: Array<number> = [countOf(live)]
    await findArrivals()
    for (let moment = 0; moment < 4; moment++) {
      const expected = await statesAfter(await travelBy("PageUp", 6))
      expect(await statesNow()).toMatchObject(expected)
      shown.push(countOf(expected))
      await tab.getByText("Showing the past: the desk waits").waitFor()
    }
    expect(shown).toEqual(shown.toSorted((a, b) => b - a))
    expect(new Set(shown).size).toBe(5)
    await panel.getByRole("button", { name: "Back to live" }).click()
    await eventually(statesNow).toEqual(live)
  })

  test("closed while it shows the past, the page goes back to live, goes on, and is all there when it opens again", async () => {
    const live = await statesNow()
    await travelBy("PageUp", 3)
    expect(await statesNow()).not.toEqual(live)
    const gone = panel
    await devtools.closeDevtools()
    await expect(gone.evaluate("1")).rejects.toThrow("closed")
    await eventually(statesNow).toEqual(live)
    const before = await flights()
    for (let step = 0; step < 12; step++) await devtools.tab.getByRole("button", { name: "Step" }).click()
    await eventually(flights).toBe(before + 12)
    await settle()
    const after = await statesNow()
    await devtools.openDevtools()
    panel = await devtools.showPanel()
    expect(panel).not.toBe(gone)
    await findArrivals()
    const unseen = await statesAfter(await travelBy("ArrowUp", 2))
    expect(await statesNow()).toMatchObject(unseen)
    expect(countOf(unseen)).toBeGreaterThan(before)
    const seen = await statesAfter(await travelBy("PageUp", 3))
    expect(await statesNow()).toMatchObject(seen)
    expect(countOf(seen)).toBeLessThan(before)
    await takePicture("extension")
    await panel.getByRole("button", { name: "Back to live" }).click()
    await eventually(statesNow).toEqual(after)
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
