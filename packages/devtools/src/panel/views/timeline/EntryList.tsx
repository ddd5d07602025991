/** The list of entries: only the rows in view are in the document, and only their entries are asked for. */
/* oxlint-disable jsx-a11y/prefer-tag-over-role -- a select cannot show rows with columns, nor only those in view */
import { useModule, useSelector } from "@sluice/react"
import { defaultRangeExtractor, useVirtualizer } from "@tanstack/react-virtual"
import { type ReactNode, useCallback, useId, useLayoutEffect, useMemo, useRef } from "react"
import type { Row } from "../../../protocol/index.ts"
import { Connection } from "../../modules/Connection.ts"
import { isFiltered, type Items } from "../../modules/Items.ts"
import { isAt, Timeline } from "../../modules/Timeline.ts"
import { Travel } from "../../modules/Travel.ts"
import { count } from "../../ui/format.ts"
import { useMediaQuery } from "../../ui/useMediaQuery.ts"
import { axisOf } from "./axis.ts"
import { AxisHead } from "./AxisHead.tsx"
import { EntryRow, GapRow } from "./EntryRow.tsx"
import { useKeys } from "./useKeys.ts"

/** Farther than this from the end, in CSS pixels, the user has scrolled. */
const scrollSlack = 4

export const EntryList = (): ReactNode => {
  const timeline = useModule(Timeline)
  const travel = useModule(Travel)
  const connection = useModule(Connection)
  const items = useSelector(timeline, (state) => state.items)
  const rows = useSelector(timeline, (state) => state.rows)
  const follow = useSelector(timeline, (state) => state.follow)
  const cursor = useSelector(timeline, (state) => state.cursor)
  const pinned = useSelector(timeline, (state) => state.pinned)
  const filtered = useSelector(timeline, (state) => isFiltered(state.query))
  const moment = useSelector(connection, (state) => state.travel.moment)
  const instances = useSelector(connection, (state) => state.instances)
  const listId = useId()
  const rowId = (place: number) => `${listId}${place}`
  const scroller = useRef<HTMLDivElement>(null)
  const rowHeight = useMediaQuery("(pointer: coarse)") ? 36 : 26
  const selectedIndex = cursor === null ? -1 : coveringIndex(items, cursor, filtered)
  const virtualizer = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 6,
    paddingStart: rowHeight,
    // The active row stays in the document, so that assistive technology finds it.
    rangeExtractor: (range) => {
      const indexes = defaultRangeExtractor(range)
      return selectedIndex < 0 || indexes.includes(selectedIndex)
        ? indexes
        : [...indexes, selectedIndex].toSorted((a, b) => a - b)
    }
  })
  const height = virtualizer.scrollRect?.height ?? 0

  /** As the list was when it was last scrolled to its end. */
  const ended = useRef({ clientHeight: 0, scrollHeight: 0 })
  const scrollToEnd = useCallback(() => {
    const list = scroller.current
    if (list === null) return
    list.scrollTop = list.scrollHeight
    ended.current = { clientHeight: list.clientHeight, scrollHeight: list.scrollHeight }
  }, [])
  useLayoutEffect(() => {
    if (follow) scrollToEnd()
  }, [follow, items, height, rowHeight, scrollToEnd])

  // While the user reads, what is in view stays there, although rows come and go above it.
  const anchor = useRef<Anchor>(undefined)
  useLayoutEffect(() => {
    const list = scroller.current
    const before = anchor.current
    if (list === null) return
    if (!follow && before !== undefined && items.at(before.index)?.place !== before.place) {
      const index = items.indexOf(before.place)
      list.scrollTop = Math.max(0, list.scrollTop + (index - before.index) * rowHeight)
    }
    anchor.current = firstInView(list, items, rowHeight)
  }, [follow, items, rowHeight])

  useLayoutEffect(() => {
    const list = scroller.current
    if (list === null || selectedIndex < 0) return
    const top = (selectedIndex + 1) * rowHeight
    if (selectedIndex === 0) list.scrollTop = 0
    else if (top < list.scrollTop) list.scrollTop = top
    else if (top + rowHeight > list.scrollTop + list.clientHeight)
      list.scrollTop = top + rowHeight - list.clientHeight
    // Another selection is brought into view once; afterwards the user may scroll away from it.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [cursor, selectedIndex < 0])

  const shown = virtualizer.getVirtualItems().flatMap(({ index, start }) => {
    const item = items.at(index)
    return item === undefined ? [] : [{ ...item, index, start }]
  })
  const inView = shown.filter(({ isGap }) => !isGap).map(({ place }) => place)
  const look = inView.join(" ")
  useLayoutEffect(() => {
    timeline.actions.look(inView)
    // By what they are, not by their array.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [timeline, look])

  const onScroll = () => {
    const list = scroller.current
    if (list === null) return
    anchor.current = firstInView(list, items, rowHeight)
    if (!follow || list.scrollHeight - list.clientHeight - list.scrollTop <= scrollSlack) return
    const { clientHeight, scrollHeight } = ended.current
    // Another size is not the user's scrolling.
    if (list.clientHeight === clientHeight && list.scrollHeight === scrollHeight)
      timeline.actions.setFollow(false)
    else scrollToEnd()
  }
  const onKeyDown = useKeys(selectedIndex, Math.max(1, Math.floor(height / rowHeight) - 1))
  const { endIndex = -1, startIndex = 0 } = virtualizer.range ?? {}
  const known = shown.flatMap(({ index, place }) =>
    index < startIndex || index > endIndex ? [] : (rows.get(place) ?? [])
  )
  const { from, until } = axisOf(known)
  const axis = useMemo(() => ({ from, until }), [from, until])
  const closed = new Set(instances.filter((each) => each.closed).map(({ instanceId }) => instanceId))
  const select = timeline.actions.selectAt
  return (
    <>
      <AxisHead axis={known.length === 0 ? undefined : axis} />
      <div
        ref={scroller}
        className="rows"
        role="listbox"
        aria-label="Transactions"
        aria-activedescendant={cursor === null || selectedIndex < 0 ? undefined : rowId(cursor)}
        tabIndex={0}
        onScroll={onScroll}
        onKeyDown={onKeyDown}
      >
        {items.length === 0 ? (
          <p className="empty">{filtered ? "Nothing matches the filter." : "Nothing has happened yet."}</p>
        ) : null}
        <div style={{ height: items.length === 0 ? 0 : virtualizer.getTotalSize() }}>
          {items.length === 0 ? null : <Beginning height={rowHeight} />}
          {shown.map(({ count: alike, index, isGap, place, start }) => {
            const entry = rows.get(place)
            const common = {
              id: rowId(index === selectedIndex && cursor !== null ? cursor : place),
              place,
              top: start,
              height: rowHeight,
              index,
              of: items.length,
              isSelected: index === selectedIndex,
              onSelect: select
            }
            return isGap ? (
              <GapRow key={place} {...common} lost={alike} />
            ) : (
              <EntryRow
                key={place}
                {...common}
                entry={entry}
                alike={alike}
                axis={axis}
                isHere={entry !== undefined && isAt(entry.at, { seq: moment ?? -1, n: 0 })}
                isLater={moment !== undefined && entry !== undefined && entry.at.seq > moment}
                isPinned={pinned.some((row) => row.place === place)}
                isClosed={entry !== undefined && closed.has(entry.instanceId)}
                part={partOf(rows.get(place - 1), entry, rows.get(place + 1))}
                onJump={travel.actions.to}
              />
            )
          })}
        </div>
      </div>
    </>
  )
}

/** Above the oldest entry: how many there were before it. */
const Beginning = ({ height }: { readonly height: number }) => {
  const first = useSelector(useModule(Timeline), ({ places }) => places.first)
  const searching = useSelector(useModule(Timeline), ({ items, places }) => items.from > places.first)
  const text = searching
    ? "Looking through older entries…"
    : first > 1
      ? `${count(first - 1)} earlier, no longer kept`
      : "The recording began here"
  return (
    <p className={first > 1 ? "beginning lost" : "beginning"} style={{ height }} aria-hidden>
      {text}
    </p>
  )
}

type Anchor = { readonly place: number; readonly index: number } | undefined

const firstInView = (list: Element, items: Items, rowHeight: number): Anchor => {
  const index = Math.max(0, Math.floor(list.scrollTop / rowHeight) - 1)
  const item = items.at(index)
  return item && { place: item.place, index }
}

/** The item that stands for the place, too; with a filter, only the one that has it. */
const coveringIndex = (items: Items, place: number, filtered: boolean): number => {
  const index = items.indexOf(place)
  const item = items.at(index)
  if (item === undefined || place < items.from) return -1
  return item.place === place || (!filtered && item.count > 1) ? index : -1
}

/** Entries of one group (T11) are made in one step, so they are side by side. */
const partOf = (before: Row | undefined, entry: Row | undefined, after: Row | undefined) => {
  const groupId = entry?.groupId
  if (groupId === undefined) return undefined
  const [follows, leads] = [before?.groupId === groupId, after?.groupId === groupId]
  return follows && leads ? "middle" : follows ? "last" : "first"
}
