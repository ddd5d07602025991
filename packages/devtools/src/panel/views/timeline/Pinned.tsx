import { useModule, useSelector } from "@sluice/react"
import type { ReactNode } from "react"
import { Timeline } from "../../modules/Timeline.ts"
import { timeOfDay } from "../../ui/format.ts"
import { titleOf } from "./titles.ts"

/** Entries that stay in view, whatever the filter hides and the history lets go. */
export const Pinned = (): ReactNode => {
  const timeline = useModule(Timeline)
  const pinned = useSelector(timeline, (state) => state.pinned)
  const selected = useSelector(timeline, (state) => state.selected?.txnId)
  if (pinned.length === 0) return null
  return (
    <ul className="pinned" aria-label="Pinned">
      {pinned.map((row) => (
        <li key={row.txnId} className={`${row.origin.kind} ${row.outcome}`}>
          <button
            type="button"
            className="pin"
            aria-current={row.txnId === selected}
            onClick={() => timeline.actions.select(row)}
          >
            <span className="time">{timeOfDay(row.time)}</span>
            <span className="instance">{row.instanceId}</span>
            <span className="what">
              {titleOf(row)}
              {row.payload === undefined ? null : <span className="payload"> {row.payload}</span>}
            </span>
          </button>
          <button
            type="button"
            className="icon"
            aria-label={`Unpin ${row.txnId}`}
            title="Unpin"
            onClick={() => timeline.actions.unpin(row.txnId)}
          >
            ★
          </button>
        </li>
      ))}
    </ul>
  )
}
