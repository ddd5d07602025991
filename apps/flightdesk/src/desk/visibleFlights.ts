/**
 * The rows of the flights table: filtered, sorted, and kept up as flights arrive. A new flight costs a merge
 * of the new ones into the rows there are, and another filter a pass over them; neither a sort of them all.
 */
import type { FlightsState } from "../modules/Flights.ts"
import type { Flight } from "../domain/Flight.ts"
import type { Filter, SortKey } from "../modules/Desk.ts"

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

/** Undefined where all pass. */
const passes = (filter: Filter): ((flight: Flight) => boolean) | undefined => {
  const route = filter.route
    .trim()
    .toUpperCase()
    .replaceAll(/\s*(?:-|–|→|\sTO\s|\s)\s*/g, "-")
  if (filter.airport === "" && filter.minDelay === null && route === "") return undefined
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
  readonly by: SortKey
  readonly filter: Filter
  /** All flights, in order. */
  readonly all: ReadonlyArray<Flight>
  /** Those that pass the filter. */
  readonly rows: ReadonlyArray<Flight>
}

/** Flights are only ever appended or all taken away, so the last one of before tells. */
const continues = (before: Flights, after: Flights): boolean =>
  before.size <= after.size && (before.size === 0 || before.at(before.size - 1) === after.at(before.size - 1))

const since = (flights: Flights, size: number): Array<Flight> => {
  const fresh: Array<Flight> = []
  for (let i = size; i < flights.size; i++) {
    const flight = flights.at(i)
    if (flight !== undefined) fresh.push(flight)
  }
  return fresh
}

const join = (
  rows: ReadonlyArray<Flight>,
  more: ReadonlyArray<Flight>,
  compare: Compare | undefined
): ReadonlyArray<Flight> => {
  if (more.length === 0) return rows
  return compare === undefined ? [...rows, ...more] : merge(rows, more, compare)
}

/**
 * Keeps what it gave last, to go on from: it may be called for one filter and then again for the one before,
 * as React does with a render that it drops. Rows are in ascending order; `sort.descending` is the reader's.
 */
export const makeVisibleFlights = (): ((
  flights: Flights,
  filter: Filter,
  by: SortKey
) => ReadonlyArray<Flight>) => {
  let held: Held | undefined
  return (flights, filter, by) => {
    const base = held !== undefined && held.by === by && continues(held.flights, flights) ? held : undefined
    const compare = by === "arrival" ? undefined : compares[by]
    const fresh = since(flights, base?.flights.size ?? 0)
    if (compare !== undefined) fresh.sort(compare)
    const all = join(base?.all ?? [], fresh, compare)
    const pass = passes(filter)
    const rows =
      pass === undefined
        ? all
        : base?.filter === filter
          ? join(base.rows, fresh.filter(pass), compare)
          : all.filter(pass)
    held = { flights, by, filter, all, rows }
    return rows
  }
}
