/** The flights that have arrived, and what they add up to, airport by airport. */
import { Collection, Module } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Flight, Rejection } from "../domain/Flight.ts"
import { Feed } from "../services/Feed.ts"

/**
 * A flight's delay is its delay on arrival, so it is counted at its destination alone; at its origin the
 * flight counts as a departure. The mean delay of an airport is `delaySum / arrivals`.
 */
export const AirportTotals = Schema.Struct({
  code: Schema.String,
  arrivals: Schema.Int,
  departures: Schema.Int,
  delaySum: Schema.Finite
})
export type AirportTotals = typeof AirportTotals.Type

/** Rejected lines shown in full; all of them are counted. */
const rejectionsKept = 20

const flights = Collection.schema(Flight, "id")
const airports = Collection.schema(AirportTotals, "code")

const State = Schema.Struct({
  /** By id, in the order of arrival. */
  flights,
  airports,
  /** Sum over all flights, for the desk's own mean. */
  delaySum: Schema.Finite,
  rejected: Schema.Int,
  /** The last ones, newest first. */
  rejections: Schema.Array(Rejection)
})
export type FlightsState = typeof State.Type

const initial: FlightsState = {
  flights: flights.empty,
  airports: airports.empty,
  delaySum: 0,
  rejected: 0,
  rejections: []
}

const noTotals = (code: string): AirportTotals => ({ code, arrivals: 0, departures: 0, delaySum: 0 })

export const meanDelay = (totals: AirportTotals): number | undefined =>
  totals.arrivals === 0 ? undefined : totals.delaySum / totals.arrivals

/** The same totals with one more flight in them. */
const addFlight = (totals: FlightsState["airports"], flight: Flight): FlightsState["airports"] => {
  const from = totals.get(flight.origin) ?? noTotals(flight.origin)
  const departed = totals.set({ ...from, departures: from.departures + 1 })
  const to = departed.get(flight.destination) ?? noTotals(flight.destination)
  return departed.set({ ...to, arrivals: to.arrivals + 1, delaySum: to.delaySum + flight.delay })
}

export const Flights = Module.make("Flights", {
  state: State,
  actions: { arrived: Flight, rejected: Rejection, cleared: Schema.Void },
  reducers: {
    // A flight that comes again is the same flight: it must not count twice.
    arrived: (state, flight) =>
      state.flights.has(flight.id)
        ? state
        : {
            ...state,
            flights: state.flights.set(flight),
            airports: addFlight(state.airports, flight),
            delaySum: state.delaySum + flight.delay
          },
    rejected: (state, rejection) => ({
      ...state,
      rejected: state.rejected + 1,
      rejections: [rejection, ...state.rejections].slice(0, rejectionsKept)
    }),
    cleared: () => initial
  }
})

/** Flights come from outside React: the feed calls, and waits for each call's Promise. */
const fed = Flights.logic("fed", ($) =>
  Effect.gen(function* () {
    const feed = yield* $.use(Feed)
    yield* feed.deliverTo({ arrived: $.callback("arrived"), rejected: $.callback("rejected") })
  })
)

export const FlightsLive = Flights.implement({ initial, logics: [fed], channel: { capacity: 64 } })
