/** What is known of the selected entry: what it was given, what caused it, what came of it. */
import { useModule, useSelector } from "@sluice/react"
import type { ReactNode } from "react"
import type { Row } from "../../../protocol/index.ts"
import { Connection } from "../../modules/Connection.ts"
import { isAt, Timeline } from "../../modules/Timeline.ts"
import { Travel } from "../../modules/Travel.ts"
import { ViewLink } from "../../ShowView.tsx"
import { CallSites } from "../../ui/CallSites.tsx"
import { duration, timeOfDay } from "../../ui/format.ts"
import { Tree } from "../../ui/Tree.tsx"
import { useAnswer } from "../../useAnswer.ts"
import { CauseTree } from "./CauseTree.tsx"
import { copyLink, hashOf } from "../../link.ts"
import { loadText, originNames, titleOf } from "./titles.ts"

export const Details = (): ReactNode => {
  const timeline = useModule(Timeline)
  const entry = useSelector(timeline, (state) => state.selected)
  const lost = useSelector(timeline, ({ cursor, items }) => {
    const item = cursor === null ? undefined : items.at(items.indexOf(cursor))
    return item?.isGap === true && item.place === cursor ? item.count : 0
  })
  if (entry === null) {
    return (
      <div className={lost > 0 ? "details" : "details unasked"}>
        <div className="body">{lost > 0 ? <GapText lost={lost} /> : <Hint />}</div>
      </div>
    )
  }
  return (
    <div className="details">
      <Head entry={entry} />
      <div className="body">
        <Facts entry={entry} />
        <Given key={`given ${entry.place}`} entry={entry} />
        <h3>Causes</h3>
        <CauseTree key={entry.txnId} txnId={entry.txnId} />
      </div>
    </div>
  )
}

const Hint = () => (
  <p className="hint">
    Select a transaction to see what it was given, what caused it and what came of it. <kbd>↑</kbd>{" "}
    <kbd>↓</kbd> select, <kbd>Enter</kbd> jumps there, <kbd>→</kbd> opens a group, <kbd>P</kbd> pins,{" "}
    <kbd>C</kbd> goes to the cause, <kbd>L</kbd> copies a link, <kbd>Esc</kbd> goes back to live.
  </p>
)

const GapText = ({ lost }: { readonly lost: number }) => {
  const level = useSelector(
    useModule(Connection),
    (state) => state.runtimes.find(({ id }) => id === state.runtime)?.trace
  )
  return (
    <p className="hint">
      {lost === 1 ? "One entry is" : `${lost} entries are`} not here. Either recording was paused, or it is
      entries without a commit that are lost: the ring of the trace
      {level === undefined ? "" : `, which holds ${level.capacity} events,`} had overwritten them before the
      panel was told, or there were too many of them to keep. A larger <code>trace.capacity</code> keeps more.
      {level?.level === "full"
        ? " At level full the ring holds deliveries and handlers as well: some of those lost were such."
        : ""}
    </p>
  )
}

const Head = ({ entry }: { readonly entry: Row }) => {
  const timeline = useModule(Timeline)
  const travel = useModule(Travel)
  const connection = useModule(Connection)
  const runtime = useSelector(connection, (state) => state.runtime)
  const isPinned = useSelector(timeline, ({ pinned }) => pinned.some(({ txnId }) => txnId === entry.txnId))
  const isHere = useSelector(
    connection,
    ({ travel: { moment } }) => moment !== undefined && isAt(entry.at, { seq: moment, n: 0 })
  )
  const isReached = useSelector(
    connection,
    ({ counts }) => counts !== null && entry.at.seq >= counts.history.oldest
  )
  const canJump = isReached && !isHere
  return (
    <div className="bar tools">
      <span className="subject" title={entry.txnId}>
        {titleOf(entry)} <small>{entry.txnId}</small>
      </span>
      <button
        type="button"
        className="icon"
        aria-pressed={isPinned}
        aria-label={isPinned ? "Unpin this entry" : "Pin this entry"}
        title="Keep it in view (P)"
        onClick={() => (isPinned ? timeline.actions.unpin(entry.txnId) : timeline.actions.pin(entry))}
      >
        {isPinned ? "★" : "☆"}
      </button>
      <button
        type="button"
        className="toggle"
        aria-label="Copy a link to this entry"
        title={`Copy a link: ${hashOf({ runtime: runtime ?? "", txnId: entry.txnId })} (L)`}
        onClick={() => copyLink(runtime ?? "", entry.txnId)}
      >
        Link
      </button>
      {entry.outcome === "commit" ? <ViewLink view="diff">Diff</ViewLink> : null}
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
      <button
        type="button"
        className="icon leave"
        aria-label="Close the details"
        onClick={() => timeline.actions.select(null)}
      >
        ✕
      </button>
    </div>
  )
}

const Facts = ({ entry }: { readonly entry: Row }) => {
  const closed = useSelector(useModule(Connection), ({ instances }) =>
    instances.some((each) => each.instanceId === entry.instanceId && each.closed)
  )
  return (
    <dl className="facts">
      {entry.groupId === undefined ? null : (
        <Fact name="Group">{entry.groupId}: with those beside it, all or none</Fact>
      )}
      <Fact name="Instance">
        {entry.instanceId}
        {closed ? ", disposed since" : ""}
      </Fact>
      <Fact name="Origin">
        {originNames[entry.origin.kind] ?? entry.origin.kind} · {entry.origin.name}
      </Fact>
      <Fact name="Outcome">
        {entry.outcome}
        {entry.changed === undefined || entry.changed.length === 0
          ? ""
          : `: changed ${entry.changed.join(", ")}`}
        {entry.outcome === "rollback" ? <p className="error">{entry.error}</p> : null}
      </Fact>
      <Fact name="Started">
        {timeOfDay(entry.time)}
        {entry.outcome === "commit" ? ` · commit ${entry.at.seq}` : ""} ·{" "}
        {entry.durationMs === undefined
          ? "how long it took is not known: it is traced at level full, and as long as the ring holds it"
          : `took ${duration(entry.durationMs)}`}
      </Fact>
      {entry.waited === undefined ? null : (
        <Fact name="Waited">
          {duration(entry.waited.ms)} before it began, for room at {entry.waited.consumers.join(", ")}
        </Fact>
      )}
      {entry.loads === undefined ? null : <Fact name="Sources">{entry.loads.map(loadText).join(" · ")}</Fact>}
    </dl>
  )
}

const maxShown = 100

/** Its payloads, the details of its origin, and the parts of its error. */
const Given = ({ entry }: { readonly entry: Row }) => {
  const { failure, value } = useAnswer("Entry", { at: entry.at }, { changes: false })
  if (failure !== undefined) return <p className="hint">{failure}</p>
  if (value === undefined) return <p className="hint">…</p>
  const payloads = value.payloads.slice(0, maxShown)
  return (
    <>
      {value.error === undefined ? null : (
        <>
          <h3>Error</h3>
          <Tree label="error" root={{ _tag: "Error", at: entry.at }} />
        </>
      )}
      {entry.tags.length === 0 ? null : <h3>Actions</h3>}
      {payloads.map((payload, index) =>
        payload.kind === "nothing" ? (
          // An action's place is all that tells it from an equal one.
          // oxlint-disable-next-line react/no-array-index-key
          <p key={index} className="action">
            <code>{entry.tags[index] ?? `action ${index + 1}`}</code>
          </p>
        ) : (
          <Tree
            // oxlint-disable-next-line react/no-array-index-key
            key={index}
            label={entry.tags[index] ?? `action ${index + 1}`}
            root={{ _tag: "Payload", at: entry.at, index }}
          />
        )
      )}
      {entry.actions > payloads.length && payloads.length > 0 ? (
        <p className="hint">and {entry.actions - payloads.length} more</p>
      ) : null}
      {payloads.length === 0 && entry.tags.length > 0 ? (
        <p className="hint">
          {entry.tags.join(", ")}. Payloads of an entry without a commit take level full.
        </p>
      ) : null}
      {value.details === undefined ? null : (
        <>
          <h3>Origin</h3>
          <Tree label="details" root={{ _tag: "Details", at: entry.at }} />
        </>
      )}
      <CallSites sites={value.sites} />
    </>
  )
}

const Fact = ({ children, name }: { readonly name: string; readonly children: ReactNode }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
)
