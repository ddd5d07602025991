import { useModule, useSelector } from "@sluice/react"
import type { ReactNode } from "react"
import { Connection } from "../modules/Connection.ts"
import { count } from "./format.ts"

/** What the history and the trace hold, and what they have lost. */
export const Footer = (): ReactNode => {
  const connection = useModule(Connection)
  const counts = useSelector(connection, (state) => state.counts)
  const info = useSelector(connection, (state) => state.runtimes.find(({ id }) => id === state.runtime))
  if (counts === null || info === undefined) return <footer className="bar status" />
  const { history, trace } = counts
  const { level } = info.trace
  return (
    <footer className="bar status">
      <span title="Commits that can be looked at and returned to; those that have left are dropped">
        history <Figure value={history.length} />/{count(info.historyCapacity)} · dropped{" "}
        <Figure value={history.dropped} isLoss />
      </span>
      <span title="Events that the trace has recorded; those overwritten in its ring are dropped">
        trace <Figure value={trace.recorded} /> · dropped <Figure value={trace.dropped} isLoss /> · sampled
        out <Figure value={trace.sampledOut} isLoss />
      </span>
      <span>level {typeof level === "string" ? level : `1 in ${level.sample}`}</span>
    </footer>
  )
}

const Figure = ({ isLoss = false, value }: { readonly value: number; readonly isLoss?: boolean }) => (
  <b className={isLoss && value > 0 ? "lost" : undefined}>{count(value)}</b>
)
