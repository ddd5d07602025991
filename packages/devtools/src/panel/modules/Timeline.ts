/** The entries of the page's runtime: which lines a list has, the rows of those in view, and which is looked at. */
import { Module } from "@sluice/core"
import * as Schema from "effect/Schema"
import { type Cursor, Row } from "../../protocol/index.ts"
import { everything, type Found, isFiltered, Items, type Query } from "./Items.ts"

const QuerySchema = Schema.Struct({
  text: Schema.String,
  kinds: Schema.Array(Schema.String),
  outcomes: Schema.Array(Schema.String),
  instances: Schema.Array(Schema.String),
  collapse: Schema.Boolean
})

const Places = Schema.Struct({ first: Schema.Int, last: Schema.Int })

type RowMap = ReadonlyMap<number, Row>
const RowMap = Schema.declare((given): given is RowMap => given instanceof Map)

/** The protocol has decoded it. */
const FoundSchema = Schema.declare((given): given is Found => typeof given === "object" && given !== null)

const State = Schema.Struct({
  /** The page and runtime whose entries these are. */
  of: Schema.NullOr(Schema.String),
  /** Grows whenever the list is to be made anew. */
  round: Schema.Int,
  query: QuerySchema,
  /** Those that the page can still tell of. */
  places: Places,
  items: Schema.instanceOf(Items),
  /** By place: those in view, and some that were. */
  rows: RowMap,
  /** The places in view. */
  inView: Schema.Array(Schema.Int),
  /** Whether the list keeps its newest entry in view. */
  follow: Schema.Boolean,
  /** The place that the keyboard is at. */
  cursor: Schema.NullOr(Schema.Int),
  /** The entry there, as soon as it is known. It may have left the list. */
  selected: Schema.NullOr(Row),
  /** In the order in which they were pinned. */
  pinned: Schema.Array(Row),
  /** The transaction of a link that is not known here, any more. */
  missing: Schema.NullOr(Schema.String)
})
export type TimelineState = typeof State.Type

const empty: TimelineState = {
  of: null,
  round: 0,
  query: everything,
  places: { first: 1, last: 0 },
  items: Items.empty(1),
  rows: new Map(),
  inView: [],
  follow: true,
  cursor: null,
  selected: null,
  pinned: [],
  missing: null
}

/** Rows that are kept without being in view. */
const keptRows = 1000

const isSame = (a: Row, b: Row): boolean => a.txnId === b.txnId && a.place === b.place

const withRows = (state: TimelineState, rows: ReadonlyArray<Row>): TimelineState => {
  if (rows.length === 0) return state
  const all = new Map(state.rows)
  // What comes last is let go last.
  for (const row of rows) {
    all.delete(row.place)
    all.set(row.place, row)
  }
  const seen = new Set(state.inView)
  for (const place of all.keys()) {
    if (all.size <= keptRows) break
    if (!seen.has(place)) all.delete(place)
  }
  const renewed = (old: Row): Row => {
    const row = all.get(old.place)
    return row !== undefined && isSame(row, old) ? row : old
  }
  return {
    ...state,
    rows: all,
    pinned: state.pinned.map(renewed),
    selected: state.selected && renewed(state.selected)
  }
}

const query = (state: TimelineState, changes: Partial<Query>): TimelineState => ({
  ...state,
  query: { ...state.query, ...changes },
  round: state.round + 1
})

/** Without those that the page cannot tell of any more. */
const withItems = (state: TimelineState, items: Items): TimelineState => ({
  ...state,
  items: items.since(state.places.first)
})

export const Timeline = Module.make("devtools/Timeline", {
  state: State,
  actions: {
    /** There is another connection, or another runtime is chosen. */
    begun: Schema.NullOr(Schema.String),
    progressed: Places,
    /** The same list is made again. */
    renewed: Schema.Void,
    /** The newest of a round, up to before `to`; those right before `to` that it has; those from `from` on. */
    collected: Schema.Struct({ round: Schema.Int, to: Schema.Int, found: FoundSchema }),
    prepended: Schema.Struct({ round: Schema.Int, to: Schema.Int, found: FoundSchema }),
    appended: Schema.Struct({ round: Schema.Int, from: Schema.Int, to: Schema.Int, found: FoundSchema }),
    rowsArrived: Schema.Array(Row),
    /** These are in view. */
    look: Schema.Array(Schema.Int),
    setQuery: Schema.Struct({
      text: Schema.optionalKey(Schema.String),
      kinds: Schema.optionalKey(Schema.Array(Schema.String)),
      outcomes: Schema.optionalKey(Schema.Array(Schema.String)),
      instances: Schema.optionalKey(Schema.Array(Schema.String)),
      collapse: Schema.optionalKey(Schema.Boolean)
    }),
    setFollow: Schema.Boolean,
    /** The entry at that place, as soon as it is known. */
    selectAt: Schema.Int,
    select: Schema.NullOr(Row),
    pin: Row,
    unpin: Schema.String,
    /** The entries that are one item there, each by itself. */
    expand: Schema.Int,
    expanded: Schema.Struct({
      round: Schema.Int,
      place: Schema.Int,
      places: Schema.Array(Schema.Int)
    }),
    /** Looks for a transaction and selects it. */
    open: Schema.String,
    opened: Schema.Struct({ txnId: Schema.String, place: Schema.NullOr(Schema.Int) })
  },
  reducers: {
    begun: (state, of) =>
      of === null
        ? { ...state, round: state.round + 1 }
        : {
            ...empty,
            of,
            round: state.round + 1,
            query: state.query,
            follow: state.follow,
            // The same page counts its places anew.
            ...(of === state.of
              ? { pinned: state.pinned, selected: state.selected, cursor: state.cursor }
              : {})
          },
    renewed: (state) => ({ ...state, round: state.round + 1 }),
    progressed: (state, places) => withItems({ ...state, places }, state.items),
    collected: (state, { found, round, to }) =>
      round === state.round ? withItems(state, Items.empty(to).prepended(found)) : state,
    // Where they do not meet any more, they are asked for again.
    prepended: (state, { found, round, to }) =>
      round === state.round && to === state.items.from
        ? withItems(state, state.items.prepended(found))
        : state,
    appended: (state, { found, from, round, to }) =>
      round === state.round && from === state.items.to
        ? withItems(state, state.items.appended(found, to))
        : state,
    expanded: (state, { place, places, round }) =>
      round === state.round ? withItems(state, state.items.expanded(place, places)) : state,
    rowsArrived: withRows,
    look: (state, inView) => ({ ...state, inView }),
    setQuery: query,
    setFollow: (state, follow) => (follow === state.follow ? state : { ...state, follow }),
    selectAt: (state, cursor) => ({
      ...state,
      cursor,
      selected: state.rows.get(cursor) ?? state.pinned.find(({ place }) => place === cursor) ?? null,
      follow: false,
      missing: null
    }),
    select: (state, selected) =>
      selected === null
        ? { ...state, selected, cursor: null }
        : { ...state, selected, cursor: selected.place, follow: false, missing: null },
    pin: (state, row) =>
      state.pinned.some((other) => isSame(other, row)) ? state : { ...state, pinned: [...state.pinned, row] },
    unpin: (state, txnId) => ({ ...state, pinned: state.pinned.filter((row) => row.txnId !== txnId) }),
    opened: (state, { place, txnId }) => {
      if (place === null) return { ...state, missing: txnId }
      // What a filter hides could not be seen.
      return isFiltered(state.query) && !state.items.has(place)
        ? query(state, { ...everything, collapse: state.query.collapse })
        : state
    }
  }
})

export const timelineInitial: TimelineState = empty

/** Entries compare by their cursors. */
export const isAt = (a: Cursor, b: Cursor): boolean => a.seq === b.seq && a.n === b.n

/** Whether what is known of it may still change. */
export const isOpen = ({ loads, runs }: Row): boolean =>
  (runs?.waiting ?? 0) > 0 || (loads ?? []).some(({ outcome }) => outcome === "running")
