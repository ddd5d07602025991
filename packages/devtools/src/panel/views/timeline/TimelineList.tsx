/** The list of entries: only the rows in view are in the document. */
/* oxlint-disable jsx-a11y/prefer-tag-over-role -- a select cannot show rows with columns, nor only those in view */
import { defaultRangeExtractor, useVirtualizer } from "@tanstack/react-virtual"
import { type KeyboardEvent, memo, type ReactNode, useId, useLayoutEffect, useRef } from "react"
import { useModule, useSelector } from "@sluice/react"
import type { Row as TimelineEntry } from "../../../protocol/index.ts"
import { Connection } from "../../modules/Connection.ts"
import { isAt, Timeline } from "../../modules/Timeline.ts"
import { Travel } from "../../modules/Travel.ts"
import { count, duration, shortTxn, timeOfDay } from "../../ui/format.ts"
import { useMediaQuery } from "../../ui/useMediaQuery.ts"

export const TimelineList = (): ReactNode => (
  <div className="timeline">
    <Tools />
    <Rows />
  </div>
)

const Tools = () => {
  const timeline = useModule(Timeline)
  const filter = useSelector(timeline, (state) => state.filter)
  const follow = useSelector(timeline, (state) => state.follow)
  const total = useSelector(timeline, (state) => state.rows.length)
  const shown = useSelector(timeline, (state) => state.shown.length)
  return (
    <div className="bar tools">
      <input
        type="search"
        className="filter"
        aria-label="Filter by instance, action or origin"
        placeholder="Filter: instance, action, origin, -not"
        value={filter}
        onChange={(event) => timeline.actions.setFilter(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape" || filter === "") return
          event.preventDefault()
          timeline.actions.setFilter("")
        }}
      />
      <span className="count">{filter === "" ? count(total) : `${count(shown)} of ${count(total)}`}</span>
      <button
        type="button"
        className="toggle"
        aria-pressed={follow}
        title="Keep the latest entry in view"
        onClick={() => timeline.actions.setFollow(!follow)}
      >
        Follow
      </button>
    </div>
  )
}

/** Farther than this from the end, in CSS pixels, the user has scrolled. */
const scrollSlack = 4

const Rows = () => {
  const timeline = useModule(Timeline)
  const travel = useModule(Travel)
  const entries = useSelector(timeline, (state) => state.shown)
  const follow = useSelector(timeline, (state) => state.follow)
  const selected = useSelector(timeline, (state) => state.selected) ?? undefined
  const more = useSelector(timeline, (state) => state.more)
  const isEmpty = useSelector(timeline, (state) => state.rows.length === 0)
  const moment = useSelector(useModule(Connection), (state) => state.travel.moment)
  const listId = useId()
  const rowId = ({ at }: TimelineEntry) => `${listId}${at.seq}-${at.n}`
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
    if (!follow && before !== undefined && !isSame(entries[before.index], before.entry)) {
      const index = indexOf(entries, before.entry)
      list.scrollTop = index < 0 ? 0 : list.scrollTop + (index - before.index) * rowHeight
    }
    inView.current = firstInView(list, entries, rowHeight)
  }, [follow, entries, rowHeight])

  const selectedId = selected && rowId(selected)
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
    if (more && list.scrollTop < 20 * rowHeight) timeline.actions.older()
    if (follow && list.scrollHeight - list.clientHeight - list.scrollTop > scrollSlack)
      timeline.actions.setFollow(false)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter" && selected !== undefined) {
      event.preventDefault()
      travel.actions.to(selected.at.seq)
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
    if (entry !== undefined) timeline.actions.select(entry)
  }
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
              key={rowId(entry)}
              id={rowId(entry)}
              entry={entry}
              onSelect={timeline.actions.select}
              onJump={travel.actions.to}
              top={start}
              height={rowHeight}
              place={index + 1}
              of={entries.length}
              isSelected={index === selectedIndex}
              isHere={isAt(entry.at, { seq: moment ?? -1, n: 0 })}
              isLater={moment !== undefined && entry.at.seq > moment}
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
const indexOf = (entries: ReadonlyArray<TimelineEntry>, { at }: TimelineEntry): number =>
  entries.findLastIndex((entry) => isAt(entry.at, at))

const isSame = (a: TimelineEntry | undefined, b: TimelineEntry): boolean =>
  a !== undefined && isAt(a.at, b.at)

interface RowProps {
  readonly id: string
  readonly entry: TimelineEntry
  readonly onSelect: (entry: TimelineEntry) => void
  readonly onJump: (moment: number) => void
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

const originNames: Readonly<Record<string, string>> = {
  action: "action",
  "source-refresh": "source",
  "service-callback": "callback",
  "state-update": "update",
  devtools: "devtools",
  init: "init",
  hydrate: "hydrate"
}

const Row = memo(
  ({ entry, height, id, isHere, isLater, isSelected, of, onJump, onSelect, place, top }: RowProps) => {
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
        onClick={() => onSelect(entry)}
        onDoubleClick={() => onJump(entry.at.seq)}
      >
        <span className="time">{timeOfDay(entry.time)}</span>
        <span className="instance">{entry.instanceId}</span>
        <span className="what">
          {titleOf(entry)}
          {entry.outcome === "commit" ? null : <em>{entry.outcome}</em>}
        </span>
        <span className="origin">{originNames[entry.origin.kind] ?? entry.origin.kind}</span>
        <span className="cause" title={entry.cause === undefined ? undefined : `Caused by ${entry.cause}`}>
          {entry.cause === undefined ? "" : `↳ ${shortTxn(entry.cause, entry.instanceId)}`}
        </span>
        <span className="duration">{entry.durationMs === undefined ? "" : duration(entry.durationMs)}</span>
      </div>
    )
  }
)
Row.displayName = "Row"
