/**
 * The rows of the flights table: filtered, sorted, and kept up as flights arrive. A new flight costs a merge
 * of the new ones into the rows there are, not a sort of them all.
 */
import type { FlightsState } from "../modules/Flights.ts"
import type { Flight } from "../domain/Flight.ts"
import type { Filter, Sort, SortKey } from "../modules/Desk.ts"

type Flights = FlightsState["flights"]
type Compare = (a: Flight, b: Flight) => number

export const routeText = (flight: Flight): string => `${flight.origin}-${flight.destination}`

const compares: Record<Exclude<SortKey, "arrival">, Compare> = {
  time: (a, b) => a.time - b.time,
  route: (a, b) => {
    const left = routeText(a)
    const right = routeText(b)
    return left < right ? -1 : left > right ? 1 : 0
  },
  distance: (a, b) => a.distance - b.distance,
  delay: (a, b) => a.delay - b.delay
}

const passes = (filter: Filter): ((flight: Flight) => boolean) => {
  const route = filter.route
    .trim()
    .toUpperCase()
    .replaceAll(/\s*(?:-|–|→|\sTO\s|\s)\s*/g, "-")
  return (flight) =>
    (filter.airport === "" || flight.origin === filter.airport || flight.destination === filter.airport) &&
    (filter.minDelay === null || flight.delay >= filter.minDelay) &&
    (route === "" || routeText(flight).includes(route))
}

const merge = (
  rows: ReadonlyArray<Flight>,
  more: ReadonlyArray<Flight>,
  compare: Compare
): ReadonlyArray<Flight> => {
  const merged: Array<Flight> = []
  let i = 0
  for (const flight of more) {
    for (let row = rows[i]; row !== undefined && compare(row, flight) <= 0; row = rows[++i]) merged.push(row)
    merged.push(flight)
  }
  for (; i < rows.length; i++) {
    const row = rows[i]
    if (row !== undefined) merged.push(row)
  }
  return merged
}

interface Held {
  readonly flights: Flights
  readonly filter: Filter
  readonly sort: Sort
  readonly rows: ReadonlyArray<Flight>
}

/** Flights are only ever appended or all taken away, so the last one of before tells. */
const continues = (before: Flights, after: Flights): boolean =>
  before.size <= after.size && (before.size === 0 || before.at(before.size - 1) === after.at(before.size - 1))

/** Keeps the rows it gave last, to go on from. Rows are in ascending order; `sort.descending` is the reader's. */
export const makeVisibleFlights = (): ((
  flights: Flights,
  filter: Filter,
  sort: Sort
) => ReadonlyArray<Flight>) => {
  let held: Held | undefined
  return (flights, filter, sort) => {
    const same = held !== undefined && held.filter === filter && held.sort.by === sort.by ? held : undefined
    if (same?.flights === flights) return same.rows
    const base = same !== undefined && continues(same.flights, flights) ? same : undefined
    const pass = passes(filter)
    const fresh: Array<Flight> = []
    if (base === undefined) {
      for (const flight of flights) if (pass(flight)) fresh.push(flight)
    } else {
      for (let i = base.flights.size; i < flights.size; i++) {
        const flight = flights.at(i)
        if (flight !== undefined && pass(flight)) fresh.push(flight)
      }
    }
    const before = base?.rows ?? []
    const rows =
      fresh.length === 0
        ? before
        : sort.by === "arrival"
          ? [...before, ...fresh]
          : merge(before, fresh.sort(compares[sort.by]), compares[sort.by])
    held = { flights, filter, sort, rows }
    return rows
  }
}
