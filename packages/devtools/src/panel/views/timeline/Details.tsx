/** What is known of the selected entry. */
import { useModule, useSelector } from "@sluice/react"
import type { ReactNode } from "react"
import { Connection } from "../../modules/Connection.ts"
import { isAt, Timeline } from "../../modules/Timeline.ts"
import { Travel } from "../../modules/Travel.ts"
import { duration, timeOfDay } from "../../ui/format.ts"
import { titleOf } from "./TimelineList.tsx"

export const Details = (): ReactNode => {
  const entry = useSelector(useModule(Timeline), (state) => state.selected)
  const travel = useModule(Travel)
  const isHere = useSelector(
    useModule(Connection),
    ({ travel: { moment } }) =>
      entry !== null && moment !== undefined && isAt(entry.at, { seq: moment, n: 0 })
  )
  const isReached = useSelector(
    useModule(Connection),
    ({ counts }) => entry !== null && counts !== null && entry.at.seq >= counts.history.oldest
  )
  if (entry === null) {
    return (
      <div className="details">
        <div className="body">
          <p className="hint">
            Select a transaction to see what it changed. <kbd>↑</kbd> <kbd>↓</kbd> select, <kbd>Enter</kbd>{" "}
            jumps there, <kbd>Esc</kbd> goes back to live.
          </p>
        </div>
      </div>
    )
  }
  const canJump = isReached && !isHere
  return (
    <div className="details">
      <div className="bar tools">
        <span className="subject" title={entry.txnId}>
          {titleOf(entry)} <small>{entry.txnId}</small>
        </span>
        {/* Not disabled: it would lose the focus that it has after a jump. */}
        <button
          type="button"
          className="primary"
          aria-disabled={!canJump}
          title={isReached ? "Enter" : "The history does not reach it"}
          onClick={() => {
            if (canJump) travel.actions.to(entry.at.seq)
          }}
        >
          {isHere ? "You are here" : "Jump here"}
        </button>
      </div>
      <div className="body">
        <dl className="facts">
          <Fact name="Transaction">{entry.txnId}</Fact>
          <Fact name="Instance">{entry.instanceId}</Fact>
          <Fact name="Origin">
            {entry.origin.kind} · {entry.origin.name}
          </Fact>
          <Fact name="Outcome">
            {entry.outcome}
            {entry.error === undefined ? null : <p className="error">{entry.error}</p>}
          </Fact>
          <Fact name="Started">{timeOfDay(entry.time)}</Fact>
          <Fact name="Duration">
            {entry.durationMs === undefined
              ? "not traced: that takes level full"
              : duration(entry.durationMs)}
          </Fact>
          <Fact name="Cause">{entry.cause ?? "none: it came from outside"}</Fact>
        </dl>
      </div>
    </div>
  )
}

const Fact = ({ children, name }: { readonly name: string; readonly children: ReactNode }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
)
