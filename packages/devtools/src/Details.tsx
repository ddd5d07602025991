/** The selected entry: what it changed, the states it led to, and what is known of it. */
import { memo, type ReactNode, useState } from "react"
import { DiffView } from "./DiffView.tsx"
import { duration, timeOfDay } from "./format.ts"
import type { PanelModel, PanelState } from "./model.ts"
import { StateTree } from "./StateTree.tsx"
import { TabList } from "./Tabs.tsx"
import type { TimelineEntry } from "./timeline.ts"
import { titleOf } from "./TimelineList.tsx"

const tabs = [
  { id: "diff", label: "Diff" },
  { id: "state", label: "State" },
  { id: "entry", label: "Entry" }
] as const

type Tab = (typeof tabs)[number]["id"]

interface DetailsProps {
  readonly model: PanelModel
  readonly state: PanelState
}

export const Details = ({ model, state }: DetailsProps): ReactNode => {
  const [tab, setTab] = useState<Tab>("diff")
  const entry = state.selected
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
  const isHere = state.isTravelling && state.travelledTo === entry.txnId
  const isReached = model.canJumpTo(entry)
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
        {tab === "diff" ? <EntryDiff entry={entry} /> : null}
        {tab === "state" ? <StateThen key={entry.instanceId} model={model} entry={entry} /> : null}
        {tab === "entry" ? <Facts model={model} entry={entry} /> : null}
      </div>
    </div>
  )
}

const EntryDiff = memo(({ entry }: { readonly entry: TimelineEntry }) => {
  if (entry.commit !== undefined) {
    // Another entry starts with the first changes again.
    return <DiffView key={entry.txnId} before={entry.commit.previous} after={entry.commit.next} />
  }
  if (entry.outcome === "rollback") {
    const error = entry.traced?.error
    return (
      <>
        <p className="hint">Rolled back: nothing changed.</p>
        {error instanceof Error ? <p className="error">{error.message}</p> : null}
        <StateTree label="error" value={error} />
      </>
    )
  }
  if (entry.outcome === "commit")
    return <p className="hint">It was committed before the recording began: its states are not known.</p>
  return <p className="hint">The state stayed as it was. The actions were delivered.</p>
})
EntryDiff.displayName = "EntryDiff"

/** The states of all instances, those of now, as of the last tick. */
const StateNow = ({ model }: { readonly model: PanelModel }) => {
  const instances = model.adapter.instances()
  if (instances.length === 0) return <p className="hint">No instance is alive.</p>
  return instances.map(({ instanceId, state }) => (
    <StateTree key={instanceId} label={instanceId} value={state} />
  ))
}

/** What an entry led to does not change: it is told once, not with each tick. */
const StateThen = memo(({ entry, model }: { readonly entry: TimelineEntry; readonly model: PanelModel }) => {
  const [instanceId, setInstanceId] = useState(entry.instanceId)
  const states = model.canJumpTo(entry)
    ? new Map(model.statesAt(entry))
    : new Map(entry.commit && [[entry.instanceId, entry.commit.next]])
  // An instance that has ended since is still known by its commit.
  if (entry.commit !== undefined) states.set(entry.instanceId, entry.commit.next)
  const shown = states.has(instanceId) ? instanceId : entry.instanceId
  if (!states.has(shown)) return <p className="hint">The history does not reach this moment.</p>
  return (
    <>
      <label className="choice">
        <span>State after it, of</span>
        <select value={shown} onChange={(event) => setInstanceId(event.currentTarget.value)}>
          {[...states.keys()].map((id) => (
            <option key={id} value={id}>
              {id}
            </option>
          ))}
        </select>
      </label>
      <StateTree key={shown} label={shown} value={states.get(shown)} />
    </>
  )
})
StateThen.displayName = "StateThen"

const Facts = ({ entry, model }: { readonly entry: TimelineEntry; readonly model: PanelModel }) => {
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
        {origin.details === undefined ? null : <StateTree label="details" value={origin.details} />}
      </Fact>
      <Fact name="Outcome">
        {entry.outcome}
        {traced?.error === undefined ? null : <StateTree label="error" value={traced.error} />}
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
            <StateTree key={`${index} ${tag}`} label={tag} value={payloads?.[index]} />
          ))}
          {entry.tags.length > maxActions ? ` and ${entry.tags.length - maxActions} more` : ""}
        </Fact>
      )}
    </dl>
  )
}

const maxCaused = 20
const maxActions = 100

const Fact = ({ children, name }: { readonly name: string; readonly children: ReactNode }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
)

const TxnLink = ({ model, txnId }: { readonly model: PanelModel; readonly txnId: string }) => {
  const entry = model.find(txnId)
  if (entry === undefined) return <code title="Not in the timeline">{txnId}</code>
  return (
    <button type="button" className="link" onClick={() => model.select(entry)}>
      {txnId}
    </button>
  )
}
