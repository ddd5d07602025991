/** What the handlers told, newest first: only the rows in view are in the document. */
/* oxlint-disable jsx-a11y/prefer-tag-over-role -- a select cannot show rows with columns, nor only those in view */
import { useSelector } from "@sluice/react"
import { defaultRangeExtractor, useVirtualizer } from "@tanstack/react-virtual"
import { type KeyboardEvent, type ReactNode, useId, useLayoutEffect, useRef } from "react"
import { duration, timeOfDay } from "../../ui/format.ts"
import { useMediaQuery } from "../../ui/useMediaQuery.ts"
import type { HandlerEvent } from "./Activity.ts"
import { badgeOf, costOf, titleOf } from "./texts.ts"
import { useChoice } from "./useHandlers.ts"

export const EventList = ({
  empty,
  events
}: {
  /** Newest first. */
  readonly events: ReadonlyArray<HandlerEvent>
  readonly empty: string
}): ReactNode => {
  const choice = useChoice()
  const selected = useSelector(choice, (state) => state.selected)
  const listId = useId()
  const scroller = useRef<HTMLDivElement>(null)
  const rowHeight = useMediaQuery("(pointer: coarse)") ? 36 : 26
  const selectedIndex = events.findIndex(({ n }) => n === selected)
  const virtualizer = useVirtualizer({
    count: events.length,
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

  // While the user reads, what is in view stays there, although newer ones come above it.
  const top = useRef<number>(undefined)
  const newest = events[0]?.n
  useLayoutEffect(() => {
    const list = scroller.current
    const before = events.findIndex(({ n }) => n === top.current)
    if (list !== null && list.scrollTop > 0 && before > 0) list.scrollTop += before * rowHeight
    top.current = newest
  }, [events, newest, rowHeight])

  useLayoutEffect(() => {
    if (selectedIndex >= 0) virtualizer.scrollToIndex(selectedIndex, { align: "auto" })
    // Another selection is brought into view once; afterwards the user may scroll away from it.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [selected])

  const page = Math.max(1, Math.floor((virtualizer.scrollRect?.height ?? 0) / rowHeight) - 1)
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return
    const last = events.length - 1
    const to: Readonly<Partial<Record<string, number>>> = {
      ArrowUp: selectedIndex - 1,
      ArrowDown: selectedIndex + 1,
      PageUp: selectedIndex - page,
      PageDown: selectedIndex + page,
      Home: 0,
      End: last
    }
    const index = to[event.key]
    if (index === undefined) return
    event.preventDefault()
    const next = events[Math.min(last, Math.max(0, index))]
    if (next !== undefined) choice.actions.select(next.n)
  }
  const idOf = (n: number) => `${listId}${n}`
  return (
    <div
      ref={scroller}
      className="rows"
      role="listbox"
      aria-label="What handlers told"
      aria-activedescendant={selectedIndex < 0 || selected === null ? undefined : idOf(selected)}
      tabIndex={0}
      onKeyDown={onKeyDown}
    >
      {events.length === 0 ? <p className="empty">{empty}</p> : null}
      <div style={{ height: virtualizer.getTotalSize() }}>
        {virtualizer.getVirtualItems().map(({ index, start }) => {
          const event = events[index]
          return event === undefined ? null : (
            // The list has the keys and the focus: it says which row is active.
            // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
            <div
              key={event.n}
              id={idOf(event.n)}
              className={`told ${event._tag}`}
              role="option"
              aria-selected={index === selectedIndex}
              aria-posinset={index + 1}
              aria-setsize={events.length}
              style={{ transform: `translateY(${start}px)`, height: rowHeight }}
              onClick={() => choice.actions.select(event.n)}
            >
              <Columns event={event} />
            </div>
          )
        })}
      </div>
    </div>
  )
}

const Columns = ({ event }: { readonly event: HandlerEvent }) => {
  const { isBad, text } = badgeOf(event)
  return (
    <>
      <span className="time">{timeOfDay(event.at)}</span>
      <span className="teller" title={event.instanceId}>
        {event.handler}
        {event.instanceId === undefined ? null : <small> {event.instanceId}</small>}
      </span>
      <span className="what">
        {titleOf(event)}
        {event._tag === "Call" && event.reruns > 0 ? <em>×{event.reruns + 1}</em> : null}
        {event._tag === "Call" && event.waitedMs >= 1 ? <em>waited {duration(event.waitedMs)}</em> : null}
      </span>
      <span className={isBad ? "badge bad" : "badge"}>{text}</span>
      <span className="cost">{costOf(event)}</span>
    </>
  )
}
