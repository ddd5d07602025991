/** One thing that a handler told, whole. */
import { useModule } from "@sluice/react"
import type { ReactNode } from "react"
import { Timeline } from "../../modules/Timeline.ts"
import { useShowView } from "../../ShowView.tsx"
import { count, duration, timeOfDay } from "../../ui/format.ts"
import { useAnswer } from "../../useAnswer.ts"
import { useLook } from "../state/useLook.ts"
import type { HandlerEvent } from "./Activity.ts"
import { bytes, outcomeTexts, outcomeTitles, titleOf } from "./texts.ts"

type Of<Tag extends HandlerEvent["_tag"]> = Extract<HandlerEvent, { readonly _tag: Tag }>

export const EventDetails = ({ event }: { readonly event: HandlerEvent }): ReactNode => (
  <section className="event" aria-label="Chosen">
    <h3>
      <span>{event._tag === "Console" ? "console" : titleOf(event)}</span>
      <small>
        {timeOfDay(event.at)} · {count(event.n)}
      </small>
    </h3>
    <dl className="facts">
      <Fact name="Handler">{event.handler}</Fact>
      {event.instanceId === undefined ? null : <InstanceFact instanceId={event.instanceId} />}
      <Rest event={event} />
    </dl>
  </section>
)

const Rest = ({ event }: { readonly event: HandlerEvent }) => {
  switch (event._tag) {
    case "Call":
      return <CallFacts call={event} />
    case "Console":
      return (
        <Fact name={event.level}>
          <span className={`said ${event.level}`}>{event.text}</span>
        </Fact>
      )
    case "Snapshot":
      return <SnapshotFacts snapshot={event} />
    case "Restart":
      return <RestartFacts restart={event} />
  }
}

const CallFacts = ({ call }: { readonly call: Of<"Call"> }) => (
  <>
    <Fact name="Call">
      {call.kind}
      {call.action === undefined ? "" : ` for the action ${call.action}`}, {call.isolation}
    </Fact>
    <Fact name="Outcome">
      <span className={call.outcome === "ok" ? "good" : "bad"} title={outcomeTitles[call.outcome]}>
        {outcomeTexts[call.outcome]}
      </span>
      {call.error === undefined ? null : <p className="error">{call.error}</p>}
    </Fact>
    <Fact name="Took">
      ran {duration(call.ranMs)}, waited {duration(call.waitedMs)} for its turn
    </Fact>
    <Fact name="Bytes">
      {bytes(call.bytesIn)} in, {bytes(call.bytesOut)} out
    </Fact>
    <Fact name="Memory">
      {count(call.pagesChanged)} of {count(call.pages)} pages changed ({bytes(call.pages * 65_536)} in all)
    </Fact>
    <Fact name="Fuel">{call.fuel === undefined ? "not counted: it has no limit" : count(call.fuel)}</Fact>
    <Fact name="Computed">
      {call.reruns === 0 ? "once" : `${count(call.reruns + 1)} times: others committed first`}
    </Fact>
    {call.instanceId === undefined ? null : <EntryFact n={call.n} />}
  </>
)

/** The commit that it was made for. */
const EntryFact = ({ n }: { readonly n: number }) => {
  const timeline = useModule(Timeline)
  const show = useShowView("timeline")
  const { value } = useAnswer("HandlerEntry", { n }, { everyMs: 1000, keep: true })
  const txnId = value?.txnId
  if (txnId === undefined) return null
  return (
    <Fact name="Transaction">
      <button
        type="button"
        className="link"
        onClick={() => {
          timeline.actions.open(txnId)
          show?.()
        }}
      >
        {txnId}
      </button>
    </Fact>
  )
}

export const InstanceFact = ({ instanceId }: { readonly instanceId: string }): ReactNode => {
  const look = useLook()
  const show = useShowView("state")
  return (
    <Fact name="Instance">
      {show === undefined ? (
        instanceId
      ) : (
        <button
          type="button"
          className="link"
          onClick={() => {
            look.actions.chooseInstance(instanceId)
            show()
          }}
        >
          {instanceId}
        </button>
      )}
    </Fact>
  )
}

const SnapshotFacts = ({ snapshot }: { readonly snapshot: Of<"Snapshot"> }) => (
  <>
    <Fact name="Slot">
      {count(snapshot.slot)}, {snapshot.full ? "a full one" : "an increment"}
    </Fact>
    <Fact name="Written">
      {bytes(snapshot.bytes)} of {bytes(snapshot.memoryBytes)}
    </Fact>
    <Fact name="Path">{snapshot.path}</Fact>
    <Fact name="SHA-256">{snapshot.sha256}</Fact>
  </>
)

const RestartFacts = ({ restart }: { readonly restart: Of<"Restart"> }) => (
  <>
    <Fact name="Policy">{restart.policy}</Fact>
    <Fact name="Attempt">
      {restart.escalated
        ? `no more: all ${count(restart.of)} within its window were used, and its parent was told`
        : `${count(restart.attempt)} of ${count(restart.of)} within its window`}
    </Fact>
    <Fact name="Reason">
      <p className="error">{restart.reason}</p>
    </Fact>
    <Fact name="Took">{duration(restart.tookMs)}</Fact>
  </>
)

const Fact = ({ children, name }: { readonly name: string; readonly children: ReactNode }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
)
