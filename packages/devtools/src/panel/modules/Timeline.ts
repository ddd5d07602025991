/** The entries that the panel has been told of, and which of them is looked at. */
import { Module } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { type Cursor, Row } from "../../protocol/index.ts"
import { makeFilter } from "../filter.ts"
import { Page } from "../Page.ts"
import { Connection, linkOf } from "./Connection.ts"

const Gap = Schema.Struct({ commits: Schema.Int, events: Schema.Int })

const State = Schema.Struct({
  /** The page and runtime whose entries these are. */
  of: Schema.NullOr(Schema.String),
  /** Oldest first. */
  rows: Schema.Array(Row),
  /** Those that pass the filter. */
  shown: Schema.Array(Row),
  /** Whether the page has older ones. */
  more: Schema.Boolean,
  /** What the panel can never be given any more. */
  gap: Gap,
  filter: Schema.String,
  /** Whether the list keeps its newest entry in view. */
  follow: Schema.Boolean,
  /** It may have left the list. */
  selected: Schema.NullOr(Row)
})
export type TimelineState = typeof State.Type

const empty: TimelineState = {
  of: null,
  rows: [],
  shown: [],
  more: false,
  gap: { commits: 0, events: 0 },
  filter: "",
  follow: true,
  selected: null
}

const filtered = (rows: ReadonlyArray<Row>, filter: string): ReadonlyArray<Row> => {
  const keep = makeFilter(filter)
  return keep === undefined ? rows : rows.filter(keep)
}

const withRows = (state: TimelineState, rows: ReadonlyArray<Row>): TimelineState => ({
  ...state,
  rows,
  shown: filtered(rows, state.filter)
})

/** Without those that the history does not hold any more. */
const within = (rows: ReadonlyArray<Row>, oldest: number): ReadonlyArray<Row> => {
  const first = rows.findIndex(({ at }) => at.seq > oldest || (at.seq === oldest && at.n > 0))
  return first <= 0 ? (first < 0 ? [] : rows) : rows.slice(first)
}

export const Timeline = Module.make("devtools/Timeline", {
  state: State,
  actions: {
    begun: Schema.Struct({ of: Schema.String, rows: Schema.Array(Row), more: Schema.Boolean }),
    arrived: Schema.Struct({ rows: Schema.Array(Row), gap: Gap, oldest: Schema.Int }),
    older: Schema.Void,
    olderArrived: Schema.Struct({ rows: Schema.Array(Row), more: Schema.Boolean }),
    setFilter: Schema.String,
    setFollow: Schema.Boolean,
    select: Schema.NullOr(Row)
  },
  reducers: {
    begun: (state, { more, of, rows }) => ({
      ...withRows({ ...empty, filter: state.filter }, rows),
      of,
      more
    }),
    arrived: (state, { gap, oldest, rows }) => ({
      ...withRows(state, within([...state.rows, ...rows], oldest)),
      gap: { commits: state.gap.commits + gap.commits, events: state.gap.events + gap.events }
    }),
    olderArrived: (state, { more, rows }) => ({ ...withRows(state, [...rows, ...state.rows]), more }),
    setFilter: (state, filter) => ({ ...state, filter, shown: filtered(state.rows, filter) }),
    setFollow: (state, follow) => (follow === state.follow ? state : { ...state, follow }),
    select: (state, selected) =>
      selected === null ? { ...state, selected } : { ...state, selected, follow: false }
  }
})

const batch = 500

const following = Timeline.logic("following", ($) =>
  Effect.gen(function* () {
    const page = yield* $.use(Page)
    const connection = yield* $.use(Connection)

    const follow = Effect.gen(function* () {
      const { page: shown, runtime } = yield* connection.getState
      if (runtime === null) return
      const of = `${shown} ${runtime}`
      if ((yield* $.state.get).of !== of) {
        const { more, rows } = yield* page.request("Page", { limit: batch })
        yield* $.actions.begun({ of, more, rows })
      }
      const last = (yield* $.state.get).rows.at(-1)?.at
      yield* Stream.runForEach(page.rows(last ?? { seq: 0, n: 0 }), ({ counts, gap, rows }) =>
        Effect.gen(function* () {
          yield* $.actions.arrived({ rows, gap, oldest: counts.history.oldest })
          yield* connection.actions.counted({ runtime, value: counts })
          page.moved()
        })
      )
    })

    yield* $.onAction("older").runExhaust(() =>
      Effect.gen(function* () {
        const { more, rows } = yield* $.state.get
        const first = rows[0]?.at
        if (!more || first === undefined) return
        yield* $.actions.olderArrived(yield* page.request("Page", { before: first, limit: batch }))
      })
    )

    yield* $.on(connection.changesOf(linkOf)).runLatest((link) =>
      // A connection that ends is followed by another, which goes on after the last entry.
      link === undefined ? Effect.void : follow.pipe(Effect.catch(() => Effect.void))
    )
  })
)

export const TimelineLive = Timeline.implement({ initial: empty, logics: [following] })

/** Entries compare by their cursors. */
export const isAt = (a: Cursor, b: Cursor): boolean => a.seq === b.seq && a.n === b.n
