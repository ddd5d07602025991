/** What led to an entry, and what its handlers have done: by causes, from the first that is known. */
import { useModule, useSelector } from "@sluice/react"
import { type ReactNode, useState } from "react"
import type { Success } from "../../../protocol/index.ts"
import { Timeline } from "../../modules/Timeline.ts"
import { count, duration } from "../../ui/format.ts"
import { useAnswer } from "../../useAnswer.ts"
import { titleOf } from "./titles.ts"

type Node = Success<"Causes">["nodes"][number]
type Run = Node["runs"][number]

const step = 50

export const CauseTree = ({ txnId }: { readonly txnId: string }): ReactNode => {
  const [limit, setLimit] = useState(step)
  const { failure, value } = useAnswer("Causes", { txnId, limit }, { keep: true })
  if (value === undefined) return <p className={failure === undefined ? "hint" : "error"}>{failure ?? "…"}</p>
  const [root] = value.nodes
  return (
    <>
      <ol className="causes" aria-label="Causes">
        {root === undefined ? null : <First node={root} />}
        {value.nodes.map((node, index) => (
          <CauseNode
            key={node.txnId}
            node={node}
            isIt={node.txnId === txnId}
            handlers={handlersToShow(value.nodes, index)}
          />
        ))}
      </ol>
      {value.more > 0 ? (
        <button type="button" className="link" onClick={() => setLimit(limit + 4 * step)}>
          {count(value.more)} more
        </button>
      ) : null}
    </>
  )
}

/** Where it all began, as far as that is known. */
const First = ({ node: { row, txnId } }: { readonly node: Node }) => {
  const text =
    row === undefined
      ? `What ${txnId} was is not known any more`
      : row.trigger !== undefined
        ? `From outside: ${row.trigger}`
        : row.cause === undefined
          ? ({
              action: "From outside: a click, a timer, the app",
              "service-callback": "A service called back",
              "source-refresh": "A source loaded",
              devtools: "These devtools"
            }[row.origin.kind] ?? "From outside")
          : `Caused by ${row.cause}, which is not known any more`
  return <li className="hint">{text}</li>
}

/** An entry is below the handler that made it; a handler is told where it made nothing, too. */
const handlersToShow = (nodes: ReadonlyArray<Node>, index: number): ReadonlyArray<Run> =>
  nodes[index]?.runs ?? []

const runText = ({ ms, reason, state }: Run): string => {
  if (state === "skipped") return `skipped by ${reason ?? "its flow"}`
  const words = {
    waiting: "waiting or running",
    delivered: "in the stream",
    success: "handled",
    failure: "failed",
    interrupt: "interrupted"
  }
  return ms === undefined ? words[state] : `${words[state]} in ${duration(ms)}`
}

const CauseNode = ({
  handlers,
  isIt,
  node
}: {
  readonly node: Node
  readonly isIt: boolean
  readonly handlers: ReadonlyArray<Run>
}) => {
  const timeline = useModule(Timeline)
  const isPinned = useSelector(timeline, ({ pinned }) => pinned.some(({ txnId }) => txnId === node.txnId))
  const { depth, row, txnId } = node
  return (
    <li style={{ paddingInlineStart: depth * 16 }} className={row?.outcome} aria-current={isIt}>
      {row?.handler === undefined ? null : <span className="by">{row.handler} → </span>}
      {row === undefined ? (
        <code title="Not in the timeline any more">{txnId}</code>
      ) : (
        <button type="button" className="link" onClick={() => timeline.actions.select(row)}>
          {titleOf(row)}
        </button>
      )}{" "}
      <small>
        {isPinned ? "★ " : ""}
        {txnId}
      </small>
      {handlers.map((run, index) => (
        // A consumer may have the same tag several times.
        // oxlint-disable-next-line react/no-array-index-key
        <span key={index} className={`run ${run.state}`} style={{ marginInlineStart: 16 }}>
          <code>{run.consumer}</code> {run.tag}: {runText(run)}
        </span>
      ))}
    </li>
  )
}
