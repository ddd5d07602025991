/** The list of entries: only the rows in view are in the document. */
/* oxlint-disable jsx-a11y/prefer-tag-over-role -- a select cannot show rows with columns, nor only those in view */
import { defaultRangeExtractor, useVirtualizer } from "@tanstack/react-virtual"
import { type KeyboardEvent, memo, type ReactNode, useId, useLayoutEffect, useRef } from "react"
import { count, duration, shortTxn, timeOfDay } from "./format.ts"
import type { PanelModel } from "./model.ts"
import type { TimelineEntry } from "./timeline.ts"
import { useMediaQuery } from "./useMediaQuery.ts"
import { usePanel } from "./usePanel.ts"

export interface TimelineListProps {
  readonly model: PanelModel
}

export const TimelineList = ({ model }: TimelineListProps): ReactNode => (
  <div className="timeline">
    <Tools model={model} />
    <Rows model={model} />
  </div>
)

const Tools = ({ model }: TimelineListProps) => {
  const filter = usePanel(model, (state) => state.filter)
  const follow = usePanel(model, (state) => state.follow)
  const total = usePanel(model, (state) => state.total)
  const shown = usePanel(model, (state) => state.entries.length)
  return (
    <div className="bar tools">
      <input
        type="search"
        className="filter"
        aria-label="Filter by instance, action or origin"
        placeholder="Filter: instance, action, origin, -not"
        value={filter}
        onChange={(event) => model.setFilter(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape" || filter === "") return
          event.preventDefault()
          model.setFilter("")
        }}
      />
      <span className="count">{filter === "" ? count(total) : `${count(shown)} of ${count(total)}`}</span>
      <button
        type="button"
        className="toggle"
        aria-pressed={follow}
        title="Keep the latest entry in view"
        onClick={() => model.setFollow(!follow)}
      >
        Follow
      </button>
    </div>
  )
}

/** Farther than this from the end, in CSS pixels, the user has scrolled. */
const scrollSlack = 4

const Rows = ({ model }: TimelineListProps) => {
  const entries = usePanel(model, (state) => state.entries)
  const follow = usePanel(model, (state) => state.follow)
  const selected = usePanel(model, (state) => state.selected)
  const travelledTo = usePanel(model, (state) => state.travelledTo)
  const isEmpty = usePanel(model, (state) => state.total === 0)
  const listId = useId()
  const scroller = useRef<HTMLDivElement>(null)
  const rowHeight = useMediaQuery("(pointer: coarse)") ? 36 : 26
  const selectedIndex = selected === undefined ? -1 : indexOf(entries, selected)
  const virtualizer = useVirtualizer({
    count: entries.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 6,
    // The active row stays in the document, so that assistive technology finds it.
    rangeExtractor: (range) => {
      const indexes = defaultRangeExtractor(range)
      return selectedIndex < 0 || indexes.includes(selectedIndex)
        ? indexes
        : [...indexes, selectedIndex].toSorted((a, b) => a - b)
    }
  })
  const height = virtualizer.scrollRect?.height ?? 0

  useLayoutEffect(() => {
    const list = scroller.current
    if (follow && list !== null) list.scrollTop = list.scrollHeight
  }, [follow, entries, height, rowHeight])

  // While the user reads, what is in view stays there, although rows come and go above it.
  const inView = useRef<InView>(undefined)
  useLayoutEffect(() => {
    const list = scroller.current
    const before = inView.current
    if (list === null) return
    if (!follow && before !== undefined && entries[before.index]?.txnId !== before.entry.txnId) {
      const index = indexOf(entries, before.entry)
      list.scrollTop = index < 0 ? 0 : list.scrollTop + (index - before.index) * rowHeight
    }
    inView.current = firstInView(list, entries, rowHeight)
  }, [follow, entries, rowHeight])

  const selectedId = selected?.txnId
  useLayoutEffect(() => {
    const list = scroller.current
    if (list === null || selectedIndex < 0) return
    const top = selectedIndex * rowHeight
    if (top < list.scrollTop) list.scrollTop = top
    else if (top + rowHeight > list.scrollTop + list.clientHeight)
      list.scrollTop = top + rowHeight - list.clientHeight
    // Another selection is brought into view once; afterwards the user may scroll away from it.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [selectedId])

  const onScroll = () => {
    const list = scroller.current
    if (list === null) return
    inView.current = firstInView(list, entries, rowHeight)
    if (follow && list.scrollHeight - list.clientHeight - list.scrollTop > scrollSlack) model.setFollow(false)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter" && selected !== undefined) {
      event.preventDefault()
      model.jump(selected)
      return
    }
    const page = Math.max(1, Math.floor(height / rowHeight) - 1)
    const last = entries.length - 1
    const at = selectedIndex < 0 ? last + 1 : selectedIndex
    const wanted = {
      ArrowUp: at - 1,
      ArrowDown: at + 1,
      PageUp: at - page,
      PageDown: at + page,
      Home: 0,
      End: last
    }[event.key]
    if (wanted === undefined) return
    event.preventDefault()
    const entry = entries[Math.min(last, Math.max(0, wanted))]
    if (entry !== undefined) model.select(entry)
  }
  const rowId = (entry: TimelineEntry) => `${listId}${entry.txnId}`
  const here = travelledTo === undefined ? undefined : model.find(travelledTo)
  return (
    <div
      ref={scroller}
      className="rows"
      role="listbox"
      aria-label="Transactions"
      aria-activedescendant={selected === undefined || selectedIndex < 0 ? undefined : rowId(selected)}
      tabIndex={0}
      onScroll={onScroll}
      onKeyDown={onKeyDown}
    >
      {entries.length === 0 ? (
        <p className="empty">{isEmpty ? "Nothing has happened yet." : "Nothing matches the filter."}</p>
      ) : null}
      <div style={{ height: virtualizer.getTotalSize() }}>
        {virtualizer.getVirtualItems().map(({ index, start }) => {
          const entry = entries[index]
          if (entry === undefined) return null
          return (
            <Row
              key={entry.txnId}
              id={rowId(entry)}
              entry={entry}
              model={model}
              top={start}
              height={rowHeight}
              place={index + 1}
              of={entries.length}
              isSelected={index === selectedIndex}
              isHere={entry.txnId === here?.txnId}
              isLater={here !== undefined && entry.position > here.position}
            />
          )
        })}
      </div>
    </div>
  )
}

type InView = { readonly entry: TimelineEntry; readonly index: number } | undefined

const firstInView = (list: Element, entries: ReadonlyArray<TimelineEntry>, rowHeight: number): InView => {
  const index = Math.floor(list.scrollTop / rowHeight)
  const entry = entries[index]
  return entry && { entry, index }
}

/** Where the entry is; looked for from the end, where it mostly is. */
const indexOf = (entries: ReadonlyArray<TimelineEntry>, { txnId }: TimelineEntry): number =>
  entries.findLastIndex((entry) => entry.txnId === txnId)

interface RowProps {
  readonly id: string
  readonly entry: TimelineEntry
  readonly model: PanelModel
  readonly top: number
  readonly height: number
  readonly place: number
  readonly of: number
  readonly isSelected: boolean
  readonly isHere: boolean
  readonly isLater: boolean
}

/** What the transaction did, by its actions, or else by what opened it. */
export const titleOf = ({ origin, tags }: TimelineEntry): string => {
  const [first, second, ...rest] = tags
  if (first === undefined) return origin.name
  if (second === undefined) return first
  return `${first}, ${second}${rest.length > 0 ? ` +${rest.length}` : ""}`
}

const originNames: Record<TimelineEntry["origin"]["kind"], string> = {
  action: "action",
  "source-refresh": "source",
  "service-callback": "callback",
  "state-update": "update",
  devtools: "devtools",
  init: "init",
  hydrate: "hydrate"
}

const Row = memo(({ entry, height, id, isHere, isLater, isSelected, model, of, place, top }: RowProps) => {
  const classes = ["row", entry.origin.kind, entry.outcome, isHere ? "here" : "", isLater ? "later" : ""]
  return (
    // The list has the keys, Enter being the double click, and the focus: it says which row is active.
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
    <div
      id={id}
      className={classes.join(" ")}
      role="option"
      aria-selected={isSelected}
      aria-posinset={place}
      aria-setsize={of}
      aria-current={isHere ? "step" : undefined}
      style={{ transform: `translateY(${top}px)`, height }}
      onClick={() => model.select(entry)}
      onDoubleClick={() => model.jump(entry)}
    >
      <span className="time">{timeOfDay(entry.at)}</span>
      <span className="instance">{entry.instanceId}</span>
      <span className="what">
        {titleOf(entry)}
        {entry.outcome === "commit" ? null : <em>{entry.outcome}</em>}
      </span>
      <span className="origin">{originNames[entry.origin.kind]}</span>
      <span className="cause" title={entry.cause === undefined ? undefined : `Caused by ${entry.cause}`}>
        {entry.cause === undefined ? "" : `↳ ${shortTxn(entry.cause, entry.instanceId)}`}
      </span>
      <span className="duration">
        {entry.traced?.durationMs === undefined ? "" : duration(entry.traced.durationMs)}
      </span>
    </div>
  )
})
Row.displayName = "Row"
