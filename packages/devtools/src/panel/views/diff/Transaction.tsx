import { useModule, useSelector } from "@sluice/react"
import type { ReactNode } from "react"
import { Timeline } from "../../modules/Timeline.ts"
import { timeOfDay } from "../../ui/format.ts"
import { Changes } from "./Changes.tsx"

/** What the transaction that is selected in the timeline changed. */
export const Transaction = (): ReactNode => {
  const timeline = useModule(Timeline)
  const entry = useSelector(timeline, (state) => state.selected)
  const rows = useSelector(timeline, (state) => state.rows)
  if (entry === null)
    return <p className="hint body">Select a transaction in the timeline to see what it changed.</p>
  const at = rows.findIndex(({ at }) => at.seq === entry.at.seq && at.n === entry.at.n)
  const go = (by: number) => {
    const next = rows[at + by]
    if (next !== undefined) timeline.actions.select(next)
  }
  return (
    <>
      <div className="bar tools">
        <button
          type="button"
          className="icon"
          aria-label="The transaction before it"
          aria-disabled={at <= 0}
          onClick={() => at > 0 && go(-1)}
        >
          ‹
        </button>
        <span className="subject" title={entry.txnId}>
          {entry.tags.join(", ") || entry.origin.name}{" "}
          <small>
            {entry.txnId} · {entry.origin.kind} · {timeOfDay(entry.time)}
          </small>
        </span>
        <button
          type="button"
          className="icon"
          aria-label="The transaction after it"
          aria-disabled={at < 0 || at === rows.length - 1}
          onClick={() => at >= 0 && go(1)}
        >
          ›
        </button>
      </div>
      <div className="body">
        {entry.outcome === "commit" ? (
          <Changes
            before={{ _tag: "Committed", at: entry.at, side: "before" }}
            after={{ _tag: "Committed", at: entry.at, side: "after" }}
            isPast
          />
        ) : (
          <p className="hint">
            {entry.outcome === "rollback"
              ? `It was rolled back, and changed nothing: ${entry.error ?? "no error was traced"}`
              : "It left the state as it was."}
          </p>
        )}
      </div>
    </>
  )
}
