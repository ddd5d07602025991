/** What the panel shows and does, without how it looks. */
import type { Trace } from "@sluice/core"
import type { Adapter } from "./adapter.ts"
import { makeFilter } from "./filter.ts"
import type { History } from "./session/history.ts"
import { makeTicker } from "./ticker.ts"
import { Timeline, type TimelineEntry } from "./timeline.ts"

/** Replaced as a whole when anything in it changed. */
export interface PanelState {
  /** Those that pass the filter, oldest first. */
  readonly entries: ReadonlyArray<TimelineEntry>
  /** How many there are without the filter. */
  readonly total: number
  readonly filter: string
  /** Its details are shown. It may have left the list. */
  readonly selected: TimelineEntry | undefined
  /** Whether the list keeps its newest entry in view. */
  readonly follow: boolean
  readonly isTravelling: boolean
  /** The transaction after which the states shown were, if this panel chose it. */
  readonly travelledTo: string | undefined
  readonly trace: Trace.TraceCounts
  readonly history: { readonly length: number; readonly capacity: number; readonly dropped: number }
  /** Traced entries that came faster than the panel took them. */
  readonly missed: number
  /** What went wrong with the last thing asked for. */
  readonly failure: string | undefined
}

/** The functions are stable, so they can be handed to components. */
export interface PanelModel {
  readonly adapter: Adapter
  readonly getState: () => PanelState
  readonly subscribe: (listener: () => void) => () => void
  /** Reads the trace and follows the history until the returned function is called. */
  readonly start: () => () => void
  readonly setFilter: (text: string) => void
  readonly setFollow: (follow: boolean) => void
  readonly select: (entry: TimelineEntry | undefined) => void
  readonly find: (txnId: string) => TimelineEntry | undefined
  readonly causedBy: (txnId: string) => ReadonlyArray<TimelineEntry>
  readonly canJumpTo: (entry: TimelineEntry) => boolean
  /** All instances show the state that they had right after this entry. */
  readonly jump: (entry: TimelineEntry) => void
  readonly live: () => void
  /** The states of all live instances right after this entry. */
  readonly statesAt: (entry: TimelineEntry) => ReadonlyMap<string, unknown>
}

/** The history is filled by whoever made it, also while no panel is open. */
export const makePanelModel = (adapter: Adapter, history: History): PanelModel => {
  const listeners = new Set<() => void>()
  let timeline = makeTimeline(adapter, history)
  let keep: ((entry: TimelineEntry) => boolean) | undefined
  /** Traced entries not taken yet; emptied by each tick. Bounded: no tick comes while the page is hidden. */
  let pending: Array<Trace.EntryEvent> = []
  let missed = 0
  let state: PanelState = {
    entries: [],
    total: 0,
    filter: "",
    selected: undefined,
    follow: true,
    isTravelling: adapter.isTravelling(),
    travelledTo: undefined,
    trace: adapter.traceCounts(),
    history: { length: 0, capacity: history.capacity, dropped: 0 },
    missed: 0,
    failure: undefined
  }

  const update = (changes: Partial<PanelState>) => {
    state = { ...state, ...changes }
    for (const listener of listeners) listener()
  }

  const filtered = () => (keep === undefined ? timeline.entries : timeline.entries.filter(keep))

  const tick = () => {
    const events = pending
    pending = []
    const changed = timeline.advance(events)
    if (timeline.isWaiting) ticker.request()
    const isTravelling = adapter.isTravelling()
    update({
      ...(changed ? { entries: filtered(), total: timeline.entries.length } : {}),
      selected: state.selected && (timeline.find(state.selected.txnId) ?? state.selected),
      isTravelling,
      travelledTo: isTravelling ? state.travelledTo : undefined,
      trace: adapter.traceCounts(),
      history: { length: history.length, capacity: history.capacity, dropped: history.dropped },
      missed
    })
  }
  const ticker = makeTicker(tick)

  const attempt = (what: string, change: () => Partial<PanelState>) => {
    try {
      update({ ...change(), failure: undefined })
    } catch (error) {
      update({ failure: `${what}: ${error instanceof Error ? error.message : String(error)}` })
    }
    ticker.request()
  }

  return {
    adapter,
    getState: () => state,
    subscribe: (listener) => {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },

    start: () => {
      timeline = makeTimeline(adapter, history)
      pending = []
      const ends = [
        adapter.onEntries((events) => {
          for (const event of events) pending.push(event)
          const excess = pending.length - 2 * history.capacity
          if (excess > 0) {
            pending.splice(0, excess)
            missed += excess
          }
          ticker.request()
        }),
        history.subscribe(ticker.request),
        adapter.onChange(ticker.request)
      ]
      tick()
      return () => {
        for (const end of ends) end()
        ticker.stop()
      }
    },

    setFilter: (filter) => {
      keep = makeFilter(filter)
      update({ filter, entries: filtered() })
    },
    setFollow: (follow) => {
      if (follow !== state.follow) update({ follow })
    },
    select: (selected) => update(selected === undefined ? { selected } : { selected, follow: false }),

    find: (txnId) => timeline.find(txnId),
    causedBy: (txnId) => timeline.entries.filter((entry) => entry.cause === txnId),
    canJumpTo: (entry) => history.reaches(entry.position),
    jump: (entry) =>
      attempt(`Cannot jump to ${entry.txnId}`, () => {
        if (!history.reaches(entry.position)) throw new Error("the history does not reach it")
        adapter.travelTo(history.statesAt(entry.position, adapter.instances()))
        return {
          isTravelling: adapter.isTravelling(),
          travelledTo: entry.txnId,
          selected: entry,
          follow: false
        }
      }),
    live: () =>
      attempt("Cannot go back to live", () => {
        adapter.live()
        return { isTravelling: adapter.isTravelling(), travelledTo: undefined, follow: true }
      }),
    statesAt: (entry) => history.statesAt(entry.position, adapter.instances())
  }
}

const makeTimeline = (adapter: Adapter, history: History): Timeline =>
  new Timeline(history, { sampled: typeof adapter.traceLevel === "object" })
