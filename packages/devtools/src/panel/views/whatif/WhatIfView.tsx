/** What if some entries had not been, or had been in another order? */
import { useModule, useSelector } from "@sluice/react"
import type { ReactNode } from "react"
import { Sessions } from "../../modules/Sessions.ts"
import { Timeline } from "../../modules/Timeline.ts"
import type { PanelView } from "../../PanelView.ts"
import { count } from "../../ui/format.ts"
import { OutcomeDetails } from "./OutcomeDetails.tsx"
import { OutcomeList } from "./OutcomeList.tsx"
import { styles } from "./styles.ts"
import type { Named } from "./WhatIf.ts"
import { useWhatIf } from "./useWhatIf.ts"

const WhatIfComponent = (): ReactNode => {
  const whatIf = useWhatIf()
  const result = useSelector(whatIf, (state) => state.result)
  const failure = useSelector(whatIf, (state) => state.failure)
  return (
    <>
      <div className="whatif">
        <Made />
        {failure === null ? null : (
          <p className="notice failed" role="alert">
            {failure}
          </p>
        )}
        <Sums />
        {result === null ? null : <OutcomeList recomputed={result.recomputed} entries={result.entries} />}
      </div>
      <OutcomeDetails />
    </>
  )
}

const named = (txnId: string, name: string): Named => ({
  txnId,
  name: `${name} ${txnId.split("::").at(-1) ?? ""}`
})

/** The changes, and the entry that is selected in the timeline. */
const Made = () => {
  const whatIf = useWhatIf()
  const { move, skip, withCaused } = useSelector(whatIf, (state) => state.changes)
  const moving = useSelector(whatIf, (state) => state.moving)
  const session = useSelector(useModule(Sessions), ({ chosen, sessions }) =>
    sessions.find(({ id }) => id === chosen)
  )
  const timeline = useModule(Timeline)
  const selected = useSelector(timeline, (state) => state.selected)
  const pinned = useSelector(timeline, (state) => state.pinned)
  const commits = pinned.filter(({ at }) => at.n === 0)
  const isChanged = skip.length > 0 || move !== null
  return (
    <fieldset className="changes-made" aria-label="Changes">
      {session === undefined ? null : <strong>Of the session {session.label}</strong>}
      <label title="What their handlers have made, and so on">
        <input
          type="checkbox"
          checked={withCaused}
          onChange={({ currentTarget: { checked } }) => whatIf.actions.setWithCaused(checked)}
        />
        Leave out what they caused, too
      </label>
      {skip.map((entry) => (
        <span key={entry.txnId} className="chip">
          without {entry.name}
          <button
            type="button"
            aria-label={`Keep ${entry.name} again`}
            onClick={() => whatIf.actions.toggle(entry)}
          >
            ×
          </button>
        </span>
      ))}
      {move === null ? null : (
        <span className="chip">
          {move.name} {move.before === null ? "at the end" : `before ${move.before.name}`}
          <button type="button" aria-label={`Put ${move.name} back`} onClick={() => whatIf.actions.putBack()}>
            ×
          </button>
        </span>
      )}
      {moving === null ? null : (
        <span className="chip">
          Where is {moving.name} to be?
          <button type="button" className="toggle" onClick={() => whatIf.actions.put(null)}>
            At the end
          </button>
          <button type="button" aria-label="Do not move it" onClick={() => whatIf.actions.take(null)}>
            ×
          </button>
        </span>
      )}
      {selected === null || selected.at.n !== 0 || session !== undefined || moving !== null ? null : (
        <FromTimeline txnId={selected.txnId} name={selected.origin.name} />
      )}
      {commits.length === 0 || session !== undefined || moving !== null ? null : (
        <button
          type="button"
          className="toggle"
          title="Those that are pinned in the timeline"
          onClick={() =>
            whatIf.actions.leaveOut(commits.map(({ origin, txnId }) => named(txnId, origin.name)))
          }
        >
          Without the {commits.length} pinned
        </button>
      )}
      {isChanged || moving !== null ? null : (
        <span className="hint">
          Uncheck an entry to leave it out. Choose one to see what it would have done.
        </span>
      )}
      {isChanged ? (
        <button type="button" className="toggle" onClick={() => whatIf.actions.clear()}>
          As it was
        </button>
      ) : null}
    </fieldset>
  )
}

const FromTimeline = ({ name, txnId }: { readonly txnId: string; readonly name: string }) => {
  const whatIf = useWhatIf()
  const entry = named(txnId, name)
  const isOut = useSelector(whatIf, (state) => state.changes.skip.some((each) => each.txnId === txnId))
  return (
    <>
      <button
        type="button"
        className="toggle"
        aria-pressed={isOut}
        onClick={() => whatIf.actions.toggle(entry)}
      >
        Without the selected {name}
      </button>
      <button type="button" className="toggle" onClick={() => whatIf.actions.take(entry)}>
        Move it
      </button>
    </>
  )
}

const Sums = () => {
  const whatIf = useWhatIf()
  const result = useSelector(whatIf, (state) => state.result)
  const progress = useSelector(whatIf, (state) => state.progress)
  if (progress !== null)
    return (
      <p className="sums">
        <progress aria-label="Recomputing" value={progress.done} max={progress.of} /> {count(progress.done)}{" "}
        of {count(progress.of)}
      </p>
    )
  if (result === null) return <p className="sums">…</p>
  const { changed, conflicts, entries, failed, skipped } = result
  const parts = [
    [skipped, "left out"],
    [changed, "come out otherwise"],
    [conflicts, "in conflict"],
    [failed, "failed"]
  ] as const
  return (
    <p className="sums">
      Of <b>{count(entries)}</b> entries:{" "}
      {parts.map(([number, what], at) => (
        <span key={what}>
          {at === 0 ? "" : ", "}
          <b>{count(number)}</b> {what}
        </span>
      ))}
      .{" "}
      <button type="button" className="link" onClick={() => whatIf.actions.again()}>
        Take in what is new
      </button>
    </p>
  )
}

export const whatIfView: PanelView = { id: "whatif", label: "What if", Component: WhatIfComponent, styles }
