/** The data, read and counted here without any of the desk's own code. */
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

export interface RawFlight {
  readonly date: string
  readonly delay: number
  readonly distance: number
  readonly origin: string
  readonly destination: string
}

const dataFile = (name: string): string =>
  fileURLToPath(new URL(`../data/${name}`, import.meta.resolve("vega-datasets")))

export const flightsFile: string = dataFile("flights-20k.json")

export const readFlights = (): ReadonlyArray<RawFlight> => {
  const parsed: unknown = JSON.parse(readFileSync(flightsFile, "utf8"))
  if (!Array.isArray(parsed)) throw new Error(`${flightsFile} holds no array`)
  // Every field of every flight is checked in data.test.ts.
  return parsed as ReadonlyArray<RawFlight>
}

export interface CountedAirport {
  arrivals: number
  departures: number
  delaySum: number
}

/** Arrival delays by destination, departures by origin. */
export const countByAirport = (flights: ReadonlyArray<RawFlight>): ReadonlyMap<string, CountedAirport> => {
  const counted = new Map<string, CountedAirport>()
  const at = (code: string): CountedAirport => {
    const known = counted.get(code)
    if (known !== undefined) return known
    const made = { arrivals: 0, departures: 0, delaySum: 0 }
    counted.set(code, made)
    return made
  }
  for (const flight of flights) {
    at(flight.origin).departures++
    const to = at(flight.destination)
    to.arrivals++
    to.delaySum += flight.delay
  }
  return counted
}

/** The desk's default rules. */
const rules: ReadonlyArray<readonly [text: string, fits: (flight: RawFlight) => boolean]> = [
  ["over 60 minutes late into ORD", ({ delay, destination }) => delay > 60 && destination === "ORD"],
  ["over 45 minutes late out of ATL", ({ delay, origin }) => delay > 45 && origin === "ATL"],
  ["over 90 minutes late anywhere", ({ delay }) => delay > 90]
]

/** One for each flight and rule that it fits, as `rule: place of the flight in the file`, sorted. */
export const alertsOf = (flights: ReadonlyArray<RawFlight>): ReadonlyArray<string> =>
  rules
    .flatMap(([text, fits]) => flights.flatMap((flight, id) => (fits(flight) ? [`${text}: ${id}`] : [])))
    .sort()
