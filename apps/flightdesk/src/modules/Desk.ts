/** What the person at the desk is looking at. */
import { Module } from "@sluice/core"
import * as Schema from "effect/Schema"

export const sortKeys = ["arrival", "time", "route", "distance", "delay"] as const
const SortKey = Schema.Literals(sortKeys)
export type SortKey = typeof SortKey.Type

/** `arrival` is the order in which the flights came. */
const Sort = Schema.Struct({ by: SortKey, descending: Schema.Boolean })
export type Sort = typeof Sort.Type

/** What is empty or null does not filter. */
const Filter = Schema.Struct({
  /** Flights from or to this airport. */
  airport: Schema.String,
  /** Flights at least so many minutes late. */
  minDelay: Schema.NullOr(Schema.Int),
  /** Flights whose route, as in `ORD-LAX`, has this text in it. */
  route: Schema.String
})
export type Filter = typeof Filter.Type

export const noFilter: Filter = { airport: "", minDelay: null, route: "" }

export const views = ["map", "flights", "airports", "watch"] as const
const View = Schema.Literals(views)
export type View = typeof View.Type

const State = Schema.Struct({
  filter: Filter,
  sort: Sort,
  /** The one view shown where there is room for one only. */
  view: View
})

export const Desk = Module.make("Desk", {
  state: State,
  actions: {
    filtered: Filter,
    airportPicked: Schema.String,
    sorted: SortKey,
    viewed: View
  },
  reducers: {
    filtered: (state, filter) => ({ ...state, filter }),
    airportPicked: (state, airport) => ({ ...state, filter: { ...state.filter, airport } }),
    // The same column again turns the order round. Delays and times start with the largest.
    sorted: (state, by) => ({
      ...state,
      sort: { by, descending: state.sort.by === by ? !state.sort.descending : by !== "route" }
    }),
    viewed: (state, view) => ({ ...state, view })
  }
})

export const DeskLive = Desk.implement({
  initial: { filter: noFilter, sort: { by: "arrival", descending: true }, view: "map" }
})
