/** The selected entry: what it changed, the states it led to, and what is known of it. */
import { type ReactNode, useState } from "react"
import { DiffView } from "./DiffView.tsx"
import { duration, timeOfDay } from "./format.ts"
import type { PanelModel } from "./model.ts"
import { StateTree } from "./StateTree.tsx"
import { TabList } from "./Tabs.tsx"
import { titleOf } from "./TimelineList.tsx"
import { usePanel } from "./usePanel.ts"

const tabs = [
  { id: "diff", label: "Diff" },
  { id: "state", label: "State" },
  { id: "entry", label: "Entry" }
] as const

type Tab = (typeof tabs)[number]["id"]

/** What is not in the props is the selected entry: see `usePanel`. */
interface DetailsProps {
  readonly model: PanelModel
}

const useSelected = (model: PanelModel) => usePanel(model, (state) => state.selected)

export const Details = ({ model }: DetailsProps): ReactNode => {
  const [tab, setTab] = useState<Tab>("diff")
  const entry = useSelected(model)
  const isHere = usePanel(
    model,
    (state) => state.travelledTo !== undefined && state.travelledTo === entry?.txnId
  )
  const isReached = usePanel(model, () => entry !== undefined && model.canJumpTo(entry))
  if (entry === undefined) {
    return (
      <div className="details">
        <div className="bar tools">
          <span className="subject">State now</span>
        </div>
        <div className="body">
          <StateNow model={model} />
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
        <TabList label="Details" tabs={tabs} selected={tab} onSelect={setTab} />
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
            if (canJump) model.jump(entry)
          }}
        >
          {isHere ? "You are here" : "Jump here"}
        </button>
      </div>
      <div className="body" role="tabpanel" aria-label={tabs.find(({ id }) => id === tab)?.label}>
        {tab === "diff" ? <EntryDiff model={model} /> : null}
        {tab === "state" ? <StateThen model={model} /> : null}
        {tab === "entry" ? <Facts model={model} /> : null}
      </div>
    </div>
  )
}

const EntryDiff = ({ model }: DetailsProps) => {
  const entry = useSelected(model)
  if (entry?.commit !== undefined) {
    // Another entry starts with the first changes again.
    return <DiffView key={entry.txnId} before={entry.commit.previous} after={entry.commit.next} />
  }
  if (entry?.outcome === "rollback") {
    const error = entry.traced?.error
    return (
      <>
        <p className="hint">Rolled back: nothing changed.</p>
        {error instanceof Error ? <p className="error">{error.message}</p> : null}
        <StateTree label="error" read={() => error} />
      </>
    )
  }
  if (entry?.outcome === "commit")
    return <p className="hint">It was committed before the recording began: its states are not known.</p>
  return <p className="hint">The state stayed as it was. The actions were delivered.</p>
}

/** The states of all instances, those of now, as of the last tick. */
const StateNow = ({ model }: DetailsProps) => {
  usePanel(model, (state) => state)
  const instances = model.adapter.instances()
  if (instances.length === 0) return <p className="hint">No instance is alive.</p>
  return instances.map(({ instanceId, state }) => (
    <StateTree key={instanceId} label={instanceId} read={() => state} />
  ))
}

const StateThen = ({ model }: DetailsProps) => {
  const entry = useSelected(model)
  /** Of the entry's instance, until the user has chosen another. */
  const [chosen, setChosen] = useState<string | undefined>(undefined)
  if (entry === undefined) return null
  const { commit } = entry
  const states = new Map(model.canJumpTo(entry) ? model.statesAt(entry) : [])
  // An instance that has ended since is still known by its commit.
  if (commit !== undefined) states.set(entry.instanceId, commit.next)
  const shown = chosen !== undefined && states.has(chosen) ? chosen : entry.instanceId
  if (!states.has(shown)) return <p className="hint">The history does not reach this moment.</p>
  return (
    <>
      <label className="choice">
        <span>State after it, of</span>
        <select value={shown} onChange={(event) => setChosen(event.currentTarget.value)}>
          {[...states.keys()].map((id) => (
            <option key={id} value={id}>
              {id}
            </option>
          ))}
        </select>
      </label>
      <StateTree key={shown} label={shown} read={() => states.get(shown)} />
    </>
  )
}

const maxCaused = 20
const maxActions = 100

const Facts = ({ model }: DetailsProps) => {
  const entry = useSelected(model)
  // What it caused may still grow.
  usePanel(model, (state) => state.total)
  if (entry === undefined) return null
  const { cause, commit, origin, traced } = entry
  const payloads = commit?.actions.map((action) => action.payload) ?? traced?.payloads
  const caused = model.causedBy(entry.txnId)
  return (
    <dl className="facts">
      <Fact name="Transaction">{entry.txnId}</Fact>
      {commit?.groupId === undefined ? null : <Fact name="Group">{commit.groupId}</Fact>}
      <Fact name="Instance">{entry.instanceId}</Fact>
      <Fact name="Origin">
        {origin.kind} · {origin.name}
        {origin.details === undefined ? null : <StateTree label="details" read={() => origin.details} />}
      </Fact>
      <Fact name="Outcome">
        {entry.outcome}
        {traced?.error === undefined ? null : <StateTree label="error" read={() => traced.error} />}
      </Fact>
      <Fact name="Started">
        {timeOfDay(entry.at)}
        {commit === undefined ? null : ` · commit ${commit.seq}`}
      </Fact>
      <Fact name="Duration">
        {traced?.durationMs === undefined ? "not traced: that takes level full" : duration(traced.durationMs)}
      </Fact>
      <Fact name="Cause">
        {cause === undefined ? "none: it came from outside" : <TxnLink model={model} txnId={cause} />}
      </Fact>
      {caused.length === 0 ? null : (
        <Fact name="Caused">
          {caused.slice(0, maxCaused).map(({ txnId }) => (
            <TxnLink key={txnId} model={model} txnId={txnId} />
          ))}
          {caused.length > maxCaused ? ` and ${caused.length - maxCaused} more` : ""}
        </Fact>
      )}
      {entry.tags.length === 0 ? null : (
        <Fact name="Actions">
          {/* An action's place is all that tells it from an equal one. */}
          {entry.tags.slice(0, maxActions).map((tag, index) => (
            // oxlint-disable-next-line react/no-array-index-key
            <StateTree key={`${index} ${tag}`} label={tag} read={() => payloads?.[index]} />
          ))}
          {entry.tags.length > maxActions ? ` and ${entry.tags.length - maxActions} more` : ""}
        </Fact>
      )}
    </dl>
  )
}

const Fact = ({ children, name }: { readonly name: string; readonly children: ReactNode }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
)

const TxnLink = ({ model, txnId }: DetailsProps & { readonly txnId: string }) => {
  const entry = model.find(txnId)
  if (entry === undefined) return <code title="Not in the timeline">{txnId}</code>
  return (
    <button type="button" className="link" onClick={() => model.select(entry)}>
      {txnId}
    </button>
  )
}
