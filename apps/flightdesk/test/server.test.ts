import { readFileSync } from "node:fs"
import { spawn } from "node:child_process"
import { createServer } from "node:http"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest"
import { type RunningDesk, startDesk } from "../server/DeskServer.ts"
import { flightsFile, readFlights } from "./realData.ts"

let desk: RunningDesk
const slowMs = 300

beforeAll(async () => {
  desk = await startDesk({ port: 0, slowMs })
})
afterAll(() => desk.stop())

const call = (path: string, init?: RequestInit) => fetch(desk.address + path, init)
const read = async (response: Response): Promise<unknown> => response.json()
const send = (body: unknown): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body)
})

const flight = { id: 3, time: 978_310_020_000, delay: 66, distance: 1750, origin: "DTW", destination: "ORD" }
const alert = { id: "s-1:1:3", session: "s-1", rule: "over 60 minutes late into ORD", flight }

describe("data", () => {
  test("is served as it is in the package", async () => {
    const response = await call("/data/flights.json")
    expect(response.headers.get("content-type")).toMatch("application/json")
    expect(await response.text()).toBe(readFileSync(flightsFile, "utf8"))
    expect(await (await call("/data/airports.csv")).text()).toMatch(/^iata,name,city,state,country,/)
    expect(await read(await call("/data/us-10m.json"))).toMatchObject({ type: "Topology" })
  })

  test("what is not there is 404, also outside the folder", async () => {
    expect((await call("/nothing")).status).toBe(404)
    expect((await call("/..%2f..%2fpackage.json")).status).toBe(404)
  })
})

describe("alerts", () => {
  beforeEach(async () => {
    await call("/api/alerts", { method: "DELETE" })
  })

  test("are recorded once by id, and answered with their record", async () => {
    const first = await read(await call("/api/alerts", send(alert)))
    expect(first).toMatchObject({ ...alert, place: 1 })
    expect(await read(await call("/api/alerts", send(alert)))).toEqual(first)
    expect(await read(await call("/api/alerts", send({ ...alert, id: "s-1:2:3" })))).toMatchObject({
      place: 2
    })
    const { alerts } = (await read(await call("/api/alerts"))) as { alerts: ReadonlyArray<{ id: string }> }
    expect(alerts.map(({ id }) => id)).toEqual(["s-1:1:3", "s-1:2:3"])
  })

  test("are kept by session", async () => {
    await call("/api/alerts", send(alert))
    await call("/api/alerts", send({ ...alert, id: "s-2:1:3", session: "s-2" }))
    expect(await read(await call("/api/alerts?session=s-2"))).toMatchObject({
      alerts: [{ id: "s-2:1:3", place: 1 }]
    })
    expect((await call("/api/alerts?session=s-2", { method: "DELETE" })).status).toBe(204)
    expect(await read(await call("/api/alerts"))).toMatchObject({ alerts: [{ id: "s-1:1:3" }] })
  })

  test.each([
    [{ ...alert, flight: { ...flight, delay: "late" } }, 'at ["flight"]["delay"]'],
    [{ ...alert, id: "" }, 'at ["id"]'],
    ["noise", "Expected object"]
  ])("that do not fit are refused with their path", async (body, where) => {
    const response = await call("/api/alerts", send(body))
    expect(response.status).toBe(400)
    expect(((await read(response)) as { problem: string }).problem).toContain(where)
    expect(await read(await call("/api/alerts"))).toMatchObject({ alerts: [] })
  })
})

describe("airports", () => {
  test("are reported from the whole file", async () => {
    const flights = readFlights()
    const arrivals = flights.filter(({ destination }) => destination === "ORD")
    const departures = flights.filter(({ origin }) => origin === "ORD")
    const delays = arrivals.map(({ delay }) => delay)
    const hours = Array.from({ length: 24 }, () => 0)
    for (const { date } of [...arrivals, ...departures]) {
      const hour = Number(date.slice(11, 13))
      hours[hour] = (hours[hour] ?? 0) + 1
    }
    const report = await read(await call("/api/airports/ord"))
    expect(report).toMatchObject({
      airport: { code: "ORD", city: "Chicago", state: "IL" },
      arrivals: arrivals.length,
      departures: departures.length,
      meanDelay: delays.reduce((sum, delay) => sum + delay, 0) / delays.length,
      onTimeShare: delays.filter((delay) => delay <= 15).length / delays.length,
      byHour: hours
    })
    const { byMonth, routes } = report as {
      byMonth: Array<{ flights: number }>
      routes: Array<{ flights: number }>
    }
    expect(byMonth.map((month) => month.flights).reduce((a, b) => a + b)).toBe(
      arrivals.length + departures.length
    )
    expect(routes).toHaveLength(5)
    expect(routes.map((route) => route.flights)).toEqual(
      routes.map((route) => route.flights).sort((a, b) => b - a)
    )
  })

  test("that had no flight have no means, and those that are not there are 404", async () => {
    expect(await read(await call("/api/airports/00M"))).toMatchObject({
      arrivals: 0,
      meanDelay: null,
      onTimeShare: null
    })
    const response = await call("/api/airports/QQQ")
    expect(response.status).toBe(404)
    expect(await read(response)).toEqual({ problem: "There is no airport QQQ." })
  })
})

describe("trouble on request", () => {
  test.each(["?fault=down", "x-fault"])("for one request by %s", async (how) => {
    const response =
      how === "x-fault"
        ? await call("/api/airports/ORD", { headers: { "x-fault": "down" } })
        : await call(`/api/airports/ORD${how}`)
    expect(response.status).toBe(503)
    expect((await call("/api/airports/ORD")).status).toBe(200)
  })

  test("nonsense is bytes that are no JSON, under a JSON content type", async () => {
    const response = await call("/data/flights.json?fault=nonsense")
    expect([response.status, response.headers.get("content-type")]).toEqual([200, "application/json"])
    const text = await response.text()
    expect(() => JSON.parse(text) as unknown).toThrow(SyntaxError)
  })

  test("slow is late, and the work is done before the answer", async () => {
    const session = { ...alert, id: "slow:1:3", session: "slow" }
    const start = performance.now()
    let answered = false
    const late = call("/api/alerts?fault=slow", send(session)).then((response) => {
      answered = true
      return response
    })
    await expect
      .poll(async () => read(await call("/api/alerts?session=slow")))
      .toMatchObject({ alerts: [{ id: "slow:1:3" }] })
    expect(answered).toBe(false)
    expect((await late).status).toBe(200)
    expect(performance.now() - start).toBeGreaterThanOrEqual(slowMs - 5)
  })

  test("lasts until it is switched off, and does not touch the app or the switch", async () => {
    expect(await read(await call("/api/faults", send({ fault: "down" })))).toEqual({ fault: "down" })
    expect((await call("/data/airports.csv")).status).toBe(503)
    expect((await call("/api/alerts", send(alert))).status).toBe(503)
    expect(await read(await call("/api/faults"))).toEqual({ fault: "down" })
    expect(await read(await call("/api/faults", send({ fault: "none" })))).toEqual({ fault: "none" })
    expect((await call("/data/airports.csv")).status).toBe(200)
    expect((await call("/api/faults", send({ fault: "flood" }))).status).toBe(400)
  })
})

describe("ports and signals", () => {
  const portOf = (address: string): number => Number(new URL(address).port)

  test("a taken port is passed over, if there are fallbacks", async () => {
    const first = await startDesk({ port: 0 })
    const taken = portOf(first.address)
    const second = await startDesk({ port: taken, fallbacks: 20 })
    expect(portOf(second.address)).toBeGreaterThan(taken)
    await second.stop()
    await expect(startDesk({ port: taken })).rejects.toThrow()
    await first.stop()
  })

  test.each(["SIGINT", "SIGTERM"] as const)("%s stops it, and frees the port", async (signal) => {
    const main = fileURLToPath(new URL("../server/main.ts", import.meta.url))
    const child = spawn(process.execPath, [main], {
      env: { ...process.env, PORT: "0" },
      stdio: ["ignore", "pipe", "inherit"]
    })
    const exited = once(child, "exit")
    let output = ""
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => (output += chunk))
    await expect.poll(() => output, { timeout: 20_000 }).toMatch(/http:\/\/localhost:\d+\//)
    const port = Number(/localhost:(\d+)/.exec(output)?.[1])
    expect((await fetch(`http://127.0.0.1:${port}/api/faults`)).status).toBe(200)
    child.kill(signal)
    expect(await exited).toEqual([expect.any(Number), null])
    const free = createServer()
    await new Promise<void>((resolve, reject) =>
      free.once("error", reject).listen(port, "127.0.0.1", resolve)
    )
    free.close()
  })
})
