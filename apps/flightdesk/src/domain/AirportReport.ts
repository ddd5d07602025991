/** What the server tells about one airport, over the whole file. */
import * as Schema from "effect/Schema"
import { Airport } from "./Airport.ts"
import type { Flight } from "./Flight.ts"

/** The share of arrivals at most this many minutes late counts as on time, as the US DOT counts it. */
export const onTimeMinutes = 15

const Mean = Schema.NullOr(Schema.Finite)

/** Delays are those of arrivals here; a route's are those of its own flights. Null where there is none. */
export const AirportReport = Schema.Struct({
  airport: Airport,
  arrivals: Schema.Int,
  departures: Schema.Int,
  meanDelay: Mean,
  onTimeShare: Mean,
  /** 24 counts of arrivals and departures together, by the hour of the flight's time. */
  byHour: Schema.Array(Schema.Int),
  byMonth: Schema.Array(Schema.Struct({ month: Schema.String, flights: Schema.Int, meanDelay: Mean })),
  routes: Schema.Array(
    Schema.Struct({
      origin: Schema.String,
      destination: Schema.String,
      flights: Schema.Int,
      meanDelay: Schema.Finite
    })
  )
})
export type AirportReport = typeof AirportReport.Type

const mean = (delays: ReadonlyArray<number>): number | null =>
  delays.length === 0 ? null : delays.reduce((sum, delay) => sum + delay, 0) / delays.length

const groupBy = <K>(
  flights: ReadonlyArray<Flight>,
  key: (flight: Flight) => K
): ReadonlyMap<K, Array<Flight>> => {
  const groups = new Map<K, Array<Flight>>()
  for (const flight of flights) {
    const group = groups.get(key(flight))
    if (group === undefined) groups.set(key(flight), [flight])
    else group.push(flight)
  }
  return groups
}

const delaysOf = (flights: ReadonlyArray<Flight>): ReadonlyArray<number> =>
  flights.map((flight) => flight.delay)

export const reportOn = (airport: Airport, all: ReadonlyArray<Flight>): AirportReport => {
  const arrivals = all.filter((flight) => flight.destination === airport.code)
  const departures = all.filter((flight) => flight.origin === airport.code)
  const flights = all.filter(
    (flight) => flight.destination === airport.code || flight.origin === airport.code
  )
  const byHour = Array.from({ length: 24 }, () => 0)
  for (const { time } of flights) {
    const hour = new Date(time).getUTCHours()
    byHour[hour] = (byHour[hour] ?? 0) + 1
  }
  const onTime = arrivals.filter((flight) => flight.delay <= onTimeMinutes).length
  const months = [...groupBy(flights, ({ time }) => new Date(time).toISOString().slice(0, 7))]
  const routes = [...groupBy(flights, (flight) => `${flight.origin} ${flight.destination}`)]
  return {
    airport,
    arrivals: arrivals.length,
    departures: departures.length,
    meanDelay: mean(delaysOf(arrivals)),
    onTimeShare: arrivals.length === 0 ? null : onTime / arrivals.length,
    byHour,
    byMonth: months
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([month, group]) => ({
        month,
        flights: group.length,
        meanDelay: mean(delaysOf(group.filter((flight) => flight.destination === airport.code)))
      })),
    routes: routes
      .sort(([a, x], [b, y]) => y.length - x.length || a.localeCompare(b))
      .slice(0, 5)
      .map(([route, group]) => {
        const [origin = "", destination = ""] = route.split(" ")
        return { origin, destination, flights: group.length, meanDelay: mean(delaysOf(group)) ?? 0 }
      })
  }
}
