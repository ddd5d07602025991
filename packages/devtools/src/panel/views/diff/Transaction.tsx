import { useModule, useSelector } from "@sluice/react"
import { type ReactNode, useState } from "react"
import { Timeline } from "../../modules/Timeline.ts"
import { timeOfDay } from "../../ui/format.ts"
import { Changes } from "../../ui/Changes.tsx"

/** What the transaction that is selected in the timeline changed. */
export const Transaction = (): ReactNode => {
  const timeline = useModule(Timeline)
  const selected = useSelector(timeline, (state) => state.selected)
  const isOnItsWay = useSelector(timeline, (state) => state.cursor !== null)
  const { first, last } = useSelector(timeline, (state) => state.places)
  // Until the one that was stepped to is known, the one before stays, and with it the button that was pressed.
  const [known, setKnown] = useState(selected)
  if (selected !== null && selected !== known) setKnown(selected)
  const entry = selected ?? (isOnItsWay ? known : null)
  if (entry === null)
    return <p className="hint body">Select a transaction in the timeline to see what it changed.</p>
  const canGo = (by: number) => entry.place + by >= first && entry.place + by <= last
  const go = (by: number) => {
    if (canGo(by)) timeline.actions.selectAt(entry.place + by)
  }
  return (
    <>
      <div className="bar tools">
        <button
          type="button"
          className="icon"
          aria-label="The transaction before it"
          aria-disabled={!canGo(-1)}
          onClick={() => go(-1)}
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
          aria-disabled={!canGo(1)}
          onClick={() => go(1)}
        >
          ›
        </button>
      </div>
      <div className="body">
        {entry.outcome === "commit" ? (
          <Changes
            before={{ _tag: "Committed", at: entry.at, side: "before" }}
            after={{ _tag: "Committed", at: entry.at, side: "after" }}
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
