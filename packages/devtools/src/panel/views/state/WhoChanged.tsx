/** The transactions that changed a place, newest first; each selects itself in the timeline. */
import { useModule, useSelector } from "@sluice/react"
import { type ReactNode, useState } from "react"
import { isAt, Timeline } from "../../modules/Timeline.ts"
import { Views } from "../../modules/Views.ts"
import { count, timeOfDay } from "../../ui/format.ts"
import type { Steps } from "../../ui/path.ts"
import { ValueText } from "../../ui/ValueText.tsx"
import { useAnswer } from "../../useAnswer.ts"
import { NoAnswer } from "../../ui/Failure.tsx"

const pageSize = 50
const most = 500

export const WhoChanged = ({
  instanceId,
  path
}: {
  readonly instanceId: string
  readonly path: Steps
}): ReactNode => {
  const timeline = useModule(Timeline)
  const selected = useSelector(timeline, (state) => state.selected)
  const views = useModule(Views)
  const [limit, setLimit] = useState(pageSize)
  const { failure, value } = useAnswer("WhoChanged", { instanceId, path: [...path], limit }, { keep: true })
  if (value === undefined) return <NoAnswer failure={failure} />
  const { more, rows, values } = value
  if (rows.length === 0) return <p className="hint">No kept transaction has changed it.</p>
  return (
    <>
      <ol className="who" aria-label="Who changed it">
        {rows.map((row, index) => {
          const change = values[index]
          const name = row.tags.join(", ") || row.origin.name
          return (
            <li key={row.txnId}>
              <button
                type="button"
                aria-pressed={selected !== null && isAt(selected.at, row.at)}
                onClick={() => timeline.actions.select(row)}
              >
                <b>{name}</b> <small>{row.origin.kind}</small> <time>{timeOfDay(row.time)}</time>{" "}
                <small>{row.txnId}</small>
              </button>
              {change === undefined ? null : (
                <span className="step">
                  <ValueText value={change.before} /> → <ValueText value={change.after} />
                </span>
              )}
              <button
                type="button"
                className="link"
                aria-label={`All that ${row.txnId} changed`}
                onClick={() => {
                  timeline.actions.select(row)
                  views.actions.show("diff")
                }}
              >
                all that it changed
              </button>
            </li>
          )
        })}
      </ol>
      {more && limit < most ? (
        <button type="button" className="toggle" onClick={() => setLimit(Math.min(most, limit + 150))}>
          Show older than these {count(rows.length)}
        </button>
      ) : null}
    </>
  )
}
