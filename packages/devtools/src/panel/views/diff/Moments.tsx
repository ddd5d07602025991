/** Two moments, chosen by number, from the timeline or as shown now, and what is otherwise in each instance. */
import { useModule, useSelector } from "@sluice/react"
import { type ReactNode, useEffect, useId, useState } from "react"
import type { Moment } from "../../../protocol/index.ts"
import { Connection } from "../../modules/Connection.ts"
import { Timeline } from "../../modules/Timeline.ts"
import { count } from "../../ui/format.ts"
import { useAnswer } from "../../useAnswer.ts"
import { Changes } from "../../ui/Changes.tsx"
import { useComparing } from "./useComparing.ts"
import { Failure } from "../../ui/Failure.tsx"

const noHistory = { oldest: 0, latest: 0, dropped: 0 }

export const Moments = (): ReactNode => {
  const comparing = useComparing()
  const history = useSelector(useModule(Connection), (state) => state.counts?.history) ?? noHistory
  const chosen = useSelector(comparing, (state) => state.before)
  const after = useSelector(comparing, (state) => state.after)
  const { dropped, latest, oldest } = history
  // The oldest moment of a history that has lost some is the next to be lost.
  const before = chosen ?? (dropped === 0 ? oldest : latest)
  useEffect(() => {
    if (chosen === null && latest > 0) comparing.actions.setBefore(before)
  }, [chosen, latest, before, comparing])
  return (
    <>
      <div className="bar tools moments">
        <Choice label="A" value={before} {...{ latest, oldest }} onChoose={comparing.actions.setBefore} />
        <Choice label="B" value={after} {...{ latest, oldest }} onChoose={comparing.actions.setAfter} />
        <button type="button" className="toggle" onClick={() => comparing.actions.swap(before)}>
          Swap
        </button>
      </div>
      <div className="body">
        <Instances before={before} after={after} />
      </div>
    </>
  )
}

const Choice = ({
  label,
  latest,
  oldest,
  onChoose,
  value
}: {
  readonly label: "A" | "B"
  readonly value: Moment
  readonly oldest: number
  readonly latest: number
  readonly onChoose: (moment: Moment) => void
}): ReactNode => {
  const id = useId()
  const timeline = useModule(Timeline)
  const selected = useSelector(timeline, (state) => state.selected)
  const named = useSelector(timeline, ({ rows }) =>
    Array.from(rows.values()).find(({ at }) => at.n === 0 && at.seq === value)
  )
  return (
    <span className="moment">
      <label htmlFor={id} title={`After which commit, from ${oldest} to ${latest}`}>
        {label}
      </label>
      <input
        id={id}
        type="number"
        min={oldest}
        max={latest}
        placeholder="live"
        value={value === "live" ? "" : value}
        onChange={(event) => {
          const typed = event.currentTarget.value
          onChoose(typed === "" ? "live" : Math.max(0, Math.round(Number(typed))))
        }}
      />
      <button
        type="button"
        className="toggle"
        aria-label={`${label} is the selected transaction`}
        aria-disabled={selected === null}
        onClick={() => selected !== null && onChoose(selected.at.seq)}
      >
        Selected
      </button>
      <button
        type="button"
        className="toggle"
        aria-label={`${label} is live`}
        aria-pressed={value === "live"}
        onClick={() => onChoose("live")}
      >
        Live
      </button>
      <small>{named === undefined ? "" : named.txnId}</small>
    </span>
  )
}

const pageSize = 20

const Instances = ({ after, before }: { readonly before: Moment; readonly after: Moment }): ReactNode => {
  const comparing = useComparing()
  const folded = useSelector(comparing, (state) => state.folded)
  const [shown, setShown] = useState(pageSize)
  const { failure, value } = useAnswer(
    "Differing",
    { before, after },
    { changes: before === "live" || after === "live", keep: true }
  )
  if (failure !== undefined) return <Failure text={failure} />
  if (value === undefined) return <p className="hint">…</p>
  if (value.instances.length === 0) return <p className="hint">All states are the same at both moments.</p>
  return (
    <>
      {value.instances.slice(0, shown).map(({ instanceId }) => {
        const isOpen = !folded.includes(instanceId)
        const state = { _tag: "State", instanceId } as const
        return (
          <section key={instanceId} aria-label={instanceId} className="differing">
            <h3>
              <button
                type="button"
                className="fold"
                aria-expanded={isOpen}
                onClick={() => comparing.actions.fold(instanceId)}
              >
                {isOpen ? "▾" : "▸"} {instanceId}
              </button>
            </h3>
            {isOpen ? (
              <Changes before={{ ...state, moment: before }} after={{ ...state, moment: after }} />
            ) : null}
          </section>
        )
      })}
      {value.instances.length > shown ? (
        <button type="button" className="toggle" onClick={() => setShown(shown + pageSize)}>
          {count(value.instances.length - shown)} more instances
        </button>
      ) : null}
    </>
  )
}
