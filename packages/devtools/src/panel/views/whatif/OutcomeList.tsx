/** All entries in their new order, with what became of each: those in view are asked for, a hundred at a time. */
import { useModule, useSelector } from "@sluice/react"
import { useVirtualizer } from "@tanstack/react-virtual"
import { type ReactNode, useLayoutEffect, useRef } from "react"
import type { Success } from "../../../protocol/index.ts"
import { Timeline } from "../../modules/Timeline.ts"
import { useMediaQuery } from "../../ui/useMediaQuery.ts"
import { useAnswer } from "../../useAnswer.ts"
import { useWhatIf } from "./useWhatIf.ts"

export type Outcome = Success<"Outcomes">["entries"][number]

const pageSize = 100

export const OutcomeList = ({
  entries,
  recomputed
}: {
  readonly recomputed: number
  readonly entries: number
}): ReactNode => {
  const scroller = useRef<HTMLDivElement>(null)
  const rowHeight = useMediaQuery("(pointer: coarse)") ? 36 : 26
  // What it returns is not handed to anything that is memoized.
  // oxlint-disable-next-line react/incompatible-library
  const virtualizer = useVirtualizer({
    count: entries,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 6
  })
  const isThere = entries > 0
  // The newest first, as in the timeline.
  useLayoutEffect(() => {
    const list = scroller.current
    if (list !== null) list.scrollTop = list.scrollHeight
  }, [isThere])
  const items = virtualizer.getVirtualItems()
  const first = Math.floor((items[0]?.index ?? 0) / pageSize)
  const last = Math.floor((items.at(-1)?.index ?? 0) / pageSize)
  return (
    <div ref={scroller} className="outcomes">
      {entries === 0 ? <p className="empty">There is no entry yet.</p> : null}
      <ol aria-label="Recomputed entries" style={{ height: virtualizer.getTotalSize() }}>
        {Array.from({ length: last - first + 1 }, (_, at) => (
          <OutcomePage
            key={first + at}
            recomputed={recomputed}
            page={first + at}
            rows={items.filter(({ index }) => Math.floor(index / pageSize) === first + at)}
          />
        ))}
      </ol>
    </div>
  )
}

interface PageProps {
  readonly recomputed: number
  readonly page: number
  readonly rows: ReadonlyArray<{ readonly index: number; readonly start: number; readonly size: number }>
}

const OutcomePage = ({ page, recomputed, rows }: PageProps) => {
  const from = page * pageSize
  const { value } = useAnswer(
    "Outcomes",
    { recomputed, from, to: from + pageSize },
    { changes: false, keep: true }
  )
  return rows.map(({ index, size, start }) => {
    const outcome = value?.entries[index - from]
    return outcome === undefined ? null : (
      <OutcomeRow key={index} outcome={outcome} index={index} top={start} height={size} />
    )
  })
}

const titleOf = ({ instanceId, origin, txnId }: Outcome): string =>
  `${origin.name} ${txnId.startsWith(`${instanceId}::`) ? txnId.slice(instanceId.length + 2) : txnId}`

const OutcomeRow = ({
  height,
  index,
  outcome,
  top
}: {
  readonly outcome: Outcome
  readonly index: number
  readonly top: number
  readonly height: number
}) => {
  const whatIf = useWhatIf()
  const timeline = useModule(Timeline)
  const isChosen = useSelector(whatIf, (state) => state.selected === index)
  const moving = useSelector(whatIf, (state) => state.moving)
  const isLeftOut = useSelector(whatIf, (state) =>
    state.changes.skip.some(({ txnId }) => txnId === outcome.txnId)
  )
  const isOfTimeline = useSelector(timeline, (state) => state.selected?.txnId === outcome.txnId)
  const { instanceId, txnId } = outcome
  const title = titleOf(outcome)
  const entry = { txnId, name: title }
  const isTravel = outcome.origin.kind === "devtools"
  return (
    <li
      className={`outcome ${outcome.outcome}${isChosen ? " chosen" : ""}`}
      style={{ transform: `translateY(${top}px)`, height }}
      aria-current={isOfTimeline ? "true" : undefined}
    >
      <input
        type="checkbox"
        aria-label={`Keep ${title}`}
        title="Whether it is kept"
        checked={!isLeftOut && outcome.outcome !== "skipped"}
        disabled={isTravel || (outcome.outcome === "skipped" && !isLeftOut)}
        onChange={() => whatIf.actions.toggle(entry)}
      />
      <button
        type="button"
        className="name"
        aria-pressed={isChosen}
        onClick={() => whatIf.actions.select(isChosen ? null : index)}
      >
        {title}
      </button>
      <span className="of">{instanceId}</span>
      {moving === null || moving.txnId === txnId ? (
        <span className="badge">{outcome.outcome}</span>
      ) : (
        <button type="button" className="toggle" onClick={() => whatIf.actions.put(entry)}>
          Put before
        </button>
      )}
    </li>
  )
}
