/** Asks the page for what the list shows, in steps between which the page runs. */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { Page } from "../Page.ts"
import { Connection, linkOf } from "./Connection.ts"
import { filterOf, type Found, type Items, type Query } from "./Items.ts"
import { isOpen, Timeline, timelineInitial, type TimelineState } from "./Timeline.ts"

/** Places that are looked at in one step: a few milliseconds of the page. */
const step = 2500
/** Between two steps through older entries; so that frames are painted. */
const rest = "4 millis"

/** Places to ask for in one request. */
const maxPlaces = 400
const maxPlacesInView = 60

const placeOf = (items: Items, index: number): number | undefined => {
  const item = items.at(index)
  return item === undefined || item.isGap ? undefined : item.place
}

/** The places of what was found before. */
interface Beside {
  readonly before?: number | undefined
  readonly after?: number | undefined
}

/** Of those in view: not known, or still changing. */
const wanted = ({ inView, items, pinned, rows, selected }: TimelineState): ReadonlyArray<number> => {
  const places = new Set(inView.filter((place) => items.has(place)))
  for (const row of [...pinned, ...(selected === null ? [] : [selected])])
    if (isOpen(row)) places.add(row.place)
  return [...places].filter((place) => {
    const row = rows.get(place)
    return row === undefined || isOpen(row)
  })
}

const following = Timeline.logic("following", ($) =>
  Effect.gen(function* () {
    const page = yield* $.use(Page)
    const connection = yield* $.use(Connection)

    const fetch = Effect.gen(function* () {
      const places = wanted(yield* $.state.get).slice(0, maxPlaces)
      if (places.length === 0) return
      const { rows } = yield* page.request("RowsAt", { places })
      yield* $.actions.rowsArrived(rows)
    })
    // A connection that ends is followed by another, which asks anew.
    const fetching = fetch.pipe(Effect.catch(() => Effect.void))

    const find = (query: Query, from: number, to: number, { after, before }: Beside) =>
      page.request("Find", {
        filter: filterOf(query),
        collapse: query.collapse,
        from,
        to,
        ...(before === undefined ? {} : { before }),
        ...(after === undefined ? {} : { after })
      })

    /** The last of what was found is in view in a moment: it is not shown without its rows first. */
    const fetchLast = (found: Found) =>
      Effect.gen(function* () {
        const { follow, rows } = yield* $.state.get
        const places = found.places.slice(-maxPlacesInView).filter((place) => !rows.has(place))
        if (!follow || places.length === 0) return
        yield* $.actions.rowsArrived((yield* page.request("RowsAt", { places })).rows)
      })

    /** Goes on to the newest entry. */
    const catchUp = (round: number, query: Query) =>
      Effect.gen(function* () {
        while (true) {
          const { items, places, round: current } = yield* $.state.get
          // What is found for a round that is over is not taken: without this it would be asked for again at once.
          if (current !== round || items.to > places.last) return
          const to = Math.min(places.last + 1, items.to + step)
          const found = yield* find(query, items.to, to, { before: placeOf(items, items.length - 1) })
          yield* fetchLast(found)
          yield* $.actions.appended({ round, from: items.to, to, found })
          if ((yield* $.state.get).items.to === items.to) return
          if (to <= places.last) yield* Effect.sleep(rest)
        }
      })

    const older = (round: number, query: Query) =>
      Effect.gen(function* () {
        while (true) {
          yield* Effect.sleep(rest)
          const { items, places, round: current } = yield* $.state.get
          if (current !== round || items.from <= places.first) return
          const from = Math.max(places.first, items.from - step)
          const found = yield* find(query, from, items.from, { after: placeOf(items, 0) })
          yield* $.actions.prepended({ round, to: items.from, found })
        }
      })

    /**
     * Entries without a commit may leave the log while older commits stay, and nothing tells which. So many lines no
     * log has: its commits, twice as many others, and gaps between them.
     */
    const isOutgrown = Effect.gen(function* () {
      const { items } = yield* $.state.get
      const { runtime, runtimes } = yield* connection.getState
      const { historyCapacity } = runtimes.find(({ id }) => id === runtime) ?? { historyCapacity: Infinity }
      return items.length > 4 * historyCapacity + 2 * step
    })

    const collect = Effect.gen(function* () {
      const { of, query, round } = yield* $.state.get
      const { runtime } = yield* connection.getState
      if (of === null || runtime === null) return
      let begun = false
      yield* Effect.scoped(
        Stream.runForEach(page.progress, (counts) =>
          Effect.gen(function* () {
            yield* $.actions.progressed(counts.places)
            if (begun) {
              yield* catchUp(round, query)
              if (yield* isOutgrown) yield* $.actions.renewed()
            } else {
              begun = true
              const { first, last } = counts.places
              const from = Math.max(first, last + 1 - step)
              const found = yield* find(query, from, last + 1, {})
              yield* fetchLast(found)
              yield* $.actions.collected({ round, to: last + 1, found })
              yield* Effect.forkScoped(older(round, query).pipe(Effect.catch(() => Effect.void)))
            }
            yield* fetch
            yield* connection.actions.counted({ runtime, value: counts })
            page.moved()
          })
        )
      )
    })

    yield* $.onState(({ round }) => round).runLatest(() => collect.pipe(Effect.catch(() => Effect.void)))
    yield* $.onState(({ inView }) => inView).runLatest(() => fetching)
    yield* $.onAction("selectAt").runLatest((place) =>
      Effect.gen(function* () {
        if ((yield* $.state.get).selected !== null) return
        const { rows } = yield* page.request("RowsAt", { places: [place] })
        yield* $.actions.rowsArrived(rows)
        const [row] = rows
        if (row !== undefined && (yield* $.state.get).cursor === place) yield* $.actions.select(row)
      }).pipe(Effect.catch(() => Effect.void))
    )
    yield* $.onAction("open").runLatest((txnId) =>
      Effect.gen(function* () {
        const { place = null } = yield* page.request("Locate", { txnId })
        yield* $.actions.opened({ txnId, place })
        if (place !== null) yield* $.actions.selectAt(place)
      }).pipe(Effect.catch(() => Effect.void))
    )
    yield* $.onAction("expand").run((place) =>
      Effect.gen(function* () {
        const { items, query, round } = yield* $.state.get
        const index = items.indexOf(place)
        const from = (items.at(index - 1)?.place ?? items.from - 1) + 1
        const places: Array<number> = []
        for (let to = place + 1; to > from;) {
          const found = yield* page.request("Find", { filter: filterOf(query), from, to })
          places.unshift(...found.places)
          if (found.from >= to) break
          to = found.from
          if (to > from) yield* Effect.sleep(rest)
        }
        yield* $.actions.expanded({ round, place, places })
      }).pipe(Effect.catch(() => Effect.void))
    )
    yield* $.on(connection.changesOf(linkOf)).run((link) =>
      Effect.flatMap(connection.getState, ({ page, runtime }) =>
        $.actions.begun(link === undefined ? null : `${page} ${runtime}`)
      )
    )
  })
)

export const TimelineLive = Timeline.implement({ initial: timelineInitial, logics: [following] })
