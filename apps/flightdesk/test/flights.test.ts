import * as Result from "effect/Result"
import { readFileSync } from "node:fs"
import { describe, expect, test } from "vitest"
import { vegaFiles } from "../server/DataFiles.ts"
import { makeVisibleFlights, routeText } from "../src/desk/visibleFlights.ts"
import { parseAirports } from "../src/domain/Airport.ts"
import type { Flight } from "../src/domain/Flight.ts"
import { makeTimetable } from "../src/domain/Timetable.ts"
import { type Filter, noFilter, type SortKey, sortKeys } from "../src/modules/Desk.ts"
import { Flights, FlightsLive, type FlightsState, meanDelay } from "../src/modules/Flights.ts"
import { countByAirport, readFlights } from "./realData.ts"

const airports = parseAirports(readFileSync(vegaFiles.airports, "utf8"))
const flights = makeTimetable(readFlights(), (code) => airports?.has(code) === true).flatMap(({ outcome }) =>
  Result.isSuccess(outcome) ? [outcome.success] : []
)

const initial = FlightsLive.impl.initial()

const arrive = (state: FlightsState, flight: Flight): FlightsState =>
  Flights.reducers.arrived?.(state, flight, { _tag: "arrived", payload: flight }) ?? state

describe("the totals that are kept as flights arrive", () => {
  test("equal a count of the whole file, airport by airport", () => {
    const state = flights.reduce(arrive, initial)
    expect(state.flights.size).toBe(20_000)
    const counted = countByAirport(readFlights())
    expect(state.airports.size).toBe(counted.size)
    for (const totals of state.airports) {
      const { arrivals, delaySum, departures } = counted.get(totals.code) ?? {}
      expect(totals).toEqual({ code: totals.code, arrivals, departures, delaySum })
      expect(meanDelay(totals)).toBe(arrivals === 0 ? undefined : (delaySum ?? 0) / (arrivals ?? 0))
    }
    expect(state.delaySum).toBe(readFlights().reduce((sum, { delay }) => sum + delay, 0))
  })

  test("do not count a flight twice", () => {
    const [first] = flights
    if (first === undefined) throw new Error("no flights")
    const once = arrive(initial, first)
    expect(arrive(once, first)).toBe(once)
  })

  test("count every rejection and show the last 20", () => {
    let state = initial
    for (let index = 0; index < 25; index++) {
      const payload = { index, reason: "noise", text: "?" }
      state = Flights.reducers.rejected?.(state, payload, { _tag: "rejected", payload }) ?? state
    }
    expect(state.rejected).toBe(25)
    expect(state.rejections.map(({ index }) => index)).toEqual(Array.from({ length: 20 }, (_, i) => 24 - i))
  })
})

describe("the visible flights", () => {
  const plainly = (arrived: ReadonlyArray<Flight>, filter: Filter, by: SortKey): ReadonlyArray<Flight> => {
    const kept = arrived.filter(
      (flight) =>
        (filter.airport === "" || [flight.origin, flight.destination].includes(filter.airport)) &&
        (filter.minDelay === null || flight.delay >= filter.minDelay) &&
        routeText(flight).includes(filter.route.toUpperCase())
    )
    if (by === "arrival") return kept
    const value = (flight: Flight) => (by === "route" ? routeText(flight) : flight[by])
    return kept.sort((a, b) => (value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0))
  }

  test("kept up step by step equal those computed afresh", () => {
    let seed = 20_010_331
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
      return seed % below
    }
    const visible = makeVisibleFlights()
    let state = initial
    let count = 0
    let filter: Filter = noFilter
    let sort: SortKey = "arrival"
    const before: Array<FlightsState> = []
    for (let step = 0; step < 300; step++) {
      switch (random(6)) {
        case 0:
          filter = {
            airport: random(2) === 0 ? "" : "ORD",
            minDelay: random(2) === 0 ? null : random(60),
            route: random(2) === 0 ? "" : "dfw"
          }
          break
        case 1:
          sort = sortKeys[random(sortKeys.length)] ?? "time"
          break
        case 2: {
          // As when the devtools jump to an earlier transaction.
          const earlier = before[random(Math.max(before.length, 1))]
          if (earlier !== undefined && random(3) === 0) {
            state = earlier
            count = earlier.flights.size
          }
          break
        }
        default:
          for (let arrivals = random(40); arrivals > 0; arrivals--) {
            const flight = flights[count++]
            if (flight !== undefined) state = arrive(state, flight)
          }
          before.push(state)
      }
      expect(visible(state.flights, filter, sort)).toEqual(plainly(flights.slice(0, count), filter, sort))
    }
  })

  test.each(["ORD-LAX", "ord lax", "ord to lax", "ORD → LAX", " ord-lax "])(
    "a route may be typed as %j",
    (route) => {
      const state = flights.slice(0, 2_000).reduce(arrive, initial)
      const rows = makeVisibleFlights()(state.flights, { ...noFilter, route }, "time")
      expect(rows.length).toBeGreaterThan(0)
      expect(new Set(rows.map(routeText))).toEqual(new Set(["ORD-LAX"]))
    }
  )

  test("the same question gives the same rows", () => {
    const visible = makeVisibleFlights()
    const state = flights.slice(0, 100).reduce(arrive, initial)
    for (const filter of [noFilter, { ...noFilter, route: "ord" }]) {
      const rows = visible(state.flights, filter, "delay")
      expect(visible(state.flights, filter, "delay")).toBe(rows)
    }
  })
})
