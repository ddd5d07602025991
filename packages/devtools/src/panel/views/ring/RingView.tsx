/** What the trace's ring records, what it has lost and why, and how to have it record otherwise. */
import { useModule, useSelector } from "@sluice/react"
import type { ReactNode } from "react"
import type { Success } from "../../../protocol/index.ts"
import { Connection } from "../../modules/Connection.ts"
import type { PanelView } from "../../PanelView.ts"
import { Figure } from "../../ui/Figure.tsx"
import { count, duration, timeOfDay } from "../../ui/format.ts"
import { Meter } from "../../ui/Meter.tsx"
import { useAnswer } from "../../useAnswer.ts"
import { ringStyles } from "./styles.ts"

type Ring = Success<"Ring">
type Level = Ring["level"]

const levels = [
  { id: "off", records: "nothing" },
  { id: "light", records: "one event an entry: its transaction, origin, actions, outcome and cause" },
  {
    id: "full",
    records: "also payloads, changed fields, durations, deliveries, what handlers did, and what was skipped"
  },
  { id: "sample", records: "every n-th entry as full; the others are only counted" }
] as const

const levelId = (level: Level): (typeof levels)[number]["id"] =>
  typeof level === "string" ? level : "sample"

const levelText = (level: Level): string =>
  typeof level === "string" ? `"${level}"` : `{ sample: ${level.sample} }`

const RingComponent = (): ReactNode => {
  const { failure, value } = useAnswer("Ring", {}, { everyMs: 1000, keep: true })
  return (
    <div className="sheet ring">
      <div className="content">
        {failure === undefined ? null : <p className="error">{failure}</p>}
        {value === undefined ? null : (
          <>
            <Trace ring={value} />
            <Kept ring={value} />
            <Instances ring={value} />
            <History />
            <Change ring={value} />
          </>
        )}
      </div>
    </div>
  )
}

const Trace = ({ ring }: { readonly ring: Ring }) => {
  const { capacity, dropped, level, newest, oldest, recorded, sampledOut, transactions } = ring
  const reach = oldest !== undefined && newest !== undefined ? newest - oldest : undefined
  return (
    <section aria-label="Trace">
      <h3>Trace ring</h3>
      <Meter label="trace ring" value={recorded - dropped} max={capacity} isCalm />
      <dl className="figures">
        <Figure name="recorded" value={recorded} title="Events, since the runtime was made" />
        <Figure
          name="dropped"
          value={dropped}
          title="Overwritten by newer events, since the ring was full"
          isLoss
        />
        <Figure
          name="sampled out"
          value={sampledOut}
          title="Entries that were counted and not recorded"
          isLoss
        />
        <Figure
          name="transactions"
          value={transactions}
          title="Of the instances that are alive, recorded or not"
        />
      </dl>
      <ul className="why" aria-label="Why">
        {dropped > 0 && reach !== undefined && oldest !== undefined ? (
          <li>
            {count(dropped)} events were overwritten: the ring holds {count(capacity)}, which is the last{" "}
            {duration(reach)}, since {timeOfDay(oldest)}.
          </li>
        ) : null}
        {sampledOut > 0 && typeof level === "object" ? (
          <li>
            {count(sampledOut)} entries were sampled out: one in {count(level.sample)} is recorded. Their
            states and commits are as complete as ever.
          </li>
        ) : null}
        {level === "off" ? (
          <li>Nothing is recorded: the level is off. Commits are in the history all the same.</li>
        ) : null}
        {dropped === 0 && sampledOut === 0 && level !== "off" ? <li>Nothing has been lost.</li> : null}
      </ul>
    </section>
  )
}

const names: Readonly<Record<Ring["kept"][number]["kind"], string>> = {
  entry: "entries",
  delivery: "deliveries",
  handler: "handlers that ended",
  skipped: "actions passed over",
  closed: "instances that closed"
}

const Kept = ({ ring: { kept } }: { readonly ring: Ring }) => {
  const most = Math.max(...kept.map((each) => each.count))
  return kept.length === 0 ? null : (
    <section aria-label="In the ring">
      <h3>In the ring now</h3>
      <table>
        <thead>
          <tr>
            <th scope="col">What</th>
            <th scope="col">How it ended, or why</th>
            <th scope="col" className="number">
              Events
            </th>
            <th scope="col" className="bars" aria-label="Share" />
          </tr>
        </thead>
        <tbody>
          {kept
            .toSorted((a, b) => b.count - a.count)
            .map((each) => (
              <tr key={`${each.kind} ${each.detail}`}>
                <th scope="row">{names[each.kind]}</th>
                <td className={each.detail === "rollback" || each.detail === "failure" ? "bad" : undefined}>
                  {each.detail ?? ""}
                </td>
                <td className="number">{count(each.count)}</td>
                <td className="bars">
                  <Share value={each.count} most={most} />
                </td>
              </tr>
            ))}
        </tbody>
      </table>
    </section>
  )
}

const Instances = ({ ring: { instances } }: { readonly ring: Ring }) => {
  const most = Math.max(...instances.map((each) => each.count))
  return instances.length === 0 ? null : (
    <section aria-label="By instance">
      <h3>By instance</h3>
      <table>
        <tbody>
          {instances.slice(0, 20).map((each) => (
            <tr key={each.instanceId}>
              <th scope="row">{each.instanceId}</th>
              <td className="number">{count(each.count)}</td>
              <td className="bars">
                <Share value={each.count} most={most} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {instances.length > 20 ? <p className="hint">and {count(instances.length - 20)} more</p> : null}
    </section>
  )
}

const Share = ({ most, value }: { readonly value: number; readonly most: number }) => (
  <span className="share" style={{ width: `${(value / most) * 100}%` }} />
)

const History = () => {
  const connection = useModule(Connection)
  const counts = useSelector(connection, (state) => state.counts)
  const capacity = useSelector(
    connection,
    (state) => state.runtimes.find(({ id }) => id === state.runtime)?.historyCapacity ?? 0
  )
  if (counts === null) return null
  const { appended, dropped, latest, length, oldest } = counts.history
  return (
    <section aria-label="History">
      <h3>History of commits</h3>
      <Meter label="history" value={length} max={capacity} isCalm />
      <dl className="figures">
        <Figure name="commits" value={appended} />
        <Figure name="dropped" value={dropped} title="Travel and replay do not reach them" isLoss />
        <Figure name="reaches from" value={`${count(oldest)} to ${count(latest)}`} />
      </dl>
    </section>
  )
}

const Change = ({ ring: { capacity, level } }: { readonly ring: Ring }) => (
  <section aria-label="Levels">
    <h3>What is recorded at which level</h3>
    <table>
      <tbody>
        {levels.map(({ id, records }) => (
          <tr
            key={id}
            className={id === levelId(level) ? "current" : undefined}
            aria-current={id === levelId(level)}
          >
            <th scope="row">{id === "sample" ? "{ sample: n }" : id}</th>
            <td>{records}</td>
          </tr>
        ))}
      </tbody>
    </table>
    <p className="hint">
      The level and the capacity are the runtime's own, from when it is made:{" "}
      <code>{`Runtime.make(App, { trace: { level: ${levelText(level)}, capacity: ${capacity} } })`}</code>.
      How many commits are kept is the devtools': <code>{`<SluiceDevtools history={5000} />`}</code>.
    </p>
  </section>
)

export const ringView: PanelView = { id: "ring", label: "Ring", Component: RingComponent, styles: ringStyles }
