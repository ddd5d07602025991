import * as Result from "effect/Result"
import { readFileSync } from "node:fs"
import { describe, expect, test } from "vitest"
import { vegaFiles } from "../server/DataFiles.ts"
import { type Airport, parseAirports, parseCsv } from "../src/domain/Airport.ts"
import { matches, ruleText } from "../src/domain/Alert.ts"
import { decodeFlight, parseTime } from "../src/domain/Flight.ts"
import { makeTimetable } from "../src/domain/Timetable.ts"
import { readFlights } from "./realData.ts"

const airports = parseAirports(readFileSync(vegaFiles.airports, "utf8")) ?? new Map<string, Airport>()
const isAirport = (code: string): boolean => airports.has(code)

const good = { date: "2001/01/31 09:05", delay: -3, distance: 1750, origin: "DTW", destination: "LAS" }

describe("the real files", () => {
  test("hold 20,000 whole flights between known airports, in the order of their time", () => {
    const raws = readFlights()
    expect(raws).toHaveLength(20_000)
    for (const raw of raws) {
      expect(Object.keys(raw).sort()).toEqual(["date", "delay", "destination", "distance", "origin"])
      expect(typeof raw.delay === "number" && typeof raw.distance === "number").toBe(true)
    }
    const timetable = makeTimetable(raws, isAirport)
    expect(timetable.filter(({ outcome }) => Result.isFailure(outcome))).toEqual([])
    expect(timetable.map(({ outcome }) => Result.isSuccess(outcome) && outcome.success.id)).toEqual(
      raws.map((_, index) => index)
    )
  })

  test("hold 3,376 airports, some with commas and quotes in their names", () => {
    expect(airports.size).toBe(3_376)
    expect(airports.get("35A")?.name).toBe("Union County, Troy Shelton")
    expect(airports.get("DBN")?.name).toBe('W. H. "Bud" Barron')
    expect(airports.get("ORD")).toEqual({
      code: "ORD",
      name: "Chicago O'Hare International",
      city: "Chicago",
      state: "IL",
      latitude: 41.979595,
      longitude: -87.90446417
    })
  })
})

describe("decodeFlight", () => {
  test("reads a flight", () => {
    expect(decodeFlight(good, 7, isAirport)).toEqual(
      Result.succeed({
        id: 7,
        time: Date.UTC(2001, 0, 31, 9, 5),
        delay: -3,
        distance: 1750,
        origin: "DTW",
        destination: "LAS"
      })
    )
  })

  const { date: _, ...dateless } = good
  test.each([
    [{ ...good, delay: "late" }, "delay: expected number"],
    [{ ...good, delay: null }, "delay: expected number"],
    [{ ...good, delay: Number.NaN }, "delay: expected a finite number"],
    [dateless, "date: missing key"],
    [{ ...good, date: "2001/02/30 09:05" }, 'date: "2001/02/30 09:05" is not a minute'],
    [{ ...good, date: "yesterday" }, 'date: "yesterday" is not a minute'],
    [{ ...good, distance: 0 }, "distance: expected a value greater than 0"],
    [{ ...good, origin: "QQQ" }, "unknown airport QQQ"],
    [{ ...good, destination: "XYZ" }, "unknown airport XYZ"],
    [{ ...good, destination: "" }, "destination: expected a value with a length of at least 1"],
    [null, "expected object"],
    ["a flight", "expected object"]
  ])("refuses %j: %s", (raw, reason) => {
    const decoded = decodeFlight(raw, 3, isAirport)
    expect(decoded).toMatchObject(Result.fail({ index: 3, reason }))
  })
})

test("a time is a minute that there is", () => {
  expect(parseTime("2001/03/31 22:27")).toBe(Date.UTC(2001, 2, 31, 22, 27))
  expect(parseTime("2001/03/31 24:00")).toBeUndefined()
  expect(parseTime("2001-03-31 22:27")).toBeUndefined()
})

test("the timetable is by time, then by place; a line that is no flight keeps its place", () => {
  const at = (minute: string) => ({ ...good, date: `2001/01/01 00:${minute}` })
  const timetable = makeTimetable([at("30"), "noise", at("10"), at("30"), at("10")], isAirport)
  expect(
    timetable.map(({ outcome }) =>
      Result.isSuccess(outcome) ? outcome.success.id : `line ${outcome.failure.index}`
    )
  ).toEqual([2, 4, 0, "line 1", 3])
})

test("CSV with quotes, line ends in fields, and none at the end", () => {
  expect(parseCsv('a,b\r\n"1,\n""2""",3\n4,')).toEqual([
    ["a", "b"],
    ['1,\n"2"', "3"],
    ["4", ""]
  ])
})

test("what is not the table of airports is refused, and a bad row is left out", () => {
  expect(parseAirports("not,a,table")).toBeUndefined()
  const table =
    "iata,name,city,state,country,latitude,longitude\nAAA,A,B,C,USA,1.5,2.5\nBBB,B,B,C,USA,north,2\n"
  expect([...(parseAirports(table)?.keys() ?? [])]).toEqual(["AAA"])
})

test("a rule is about more than so many minutes, into or out of an airport or anywhere", () => {
  const flight = { id: 1, time: 0, delay: 60, distance: 1, origin: "ATL", destination: "ORD" }
  const late = { ...flight, delay: 61 }
  const rule = { id: 1, minutes: 60, direction: "into", airport: "ORD" } as const
  expect([matches(rule, flight), matches(rule, late)]).toEqual([false, true])
  expect(matches({ ...rule, direction: "out of" }, late)).toBe(false)
  expect(matches({ ...rule, direction: "out of", airport: "ATL" }, late)).toBe(true)
  expect(matches({ ...rule, airport: "" }, late)).toBe(true)
  expect(ruleText(rule)).toBe("over 60 minutes late into ORD")
  expect(ruleText({ ...rule, airport: "" })).toBe("over 60 minutes late anywhere")
})
