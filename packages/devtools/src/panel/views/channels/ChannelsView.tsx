/** The channels of each instance as they are now, and what the ring and the history have lost. */
import { useModule, useSelector } from "@sluice/react"
import type { ReactNode } from "react"
import type { Success } from "../../../protocol/index.ts"
import { Connection } from "../../modules/Connection.ts"
import type { PanelView } from "../../PanelView.ts"
import { count } from "../../ui/format.ts"
import { useAnswer } from "../../useAnswer.ts"

type InstanceBacklog = Success<"Backlogs">["backlogs"][number]

const ChannelsComponent = (): ReactNode => {
  const connection = useModule(Connection)
  const counts = useSelector(connection, (state) => state.counts)
  const capacity = useSelector(
    connection,
    (state) => state.runtimes.find(({ id }) => id === state.runtime)?.trace.capacity ?? 0
  )
  const historyCapacity = useSelector(
    connection,
    (state) => state.runtimes.find(({ id }) => id === state.runtime)?.historyCapacity ?? 0
  )
  const { value } = useAnswer("Backlogs", {})
  const backlogs = value?.backlogs ?? []
  if (counts === null) return null
  const { history, trace } = counts
  return (
    <div className="gauges">
      <section aria-label="Losses">
        <h3>Trace ring and history</h3>
        <table>
          <thead>
            <tr>
              <th scope="col">Ring</th>
              <th scope="col">Level of fill</th>
              <th scope="col" className="number">
                Recorded
              </th>
              <th scope="col" className="number">
                Dropped
              </th>
              <th scope="col" className="number">
                Sampled out
              </th>
            </tr>
          </thead>
          <tbody>
            <tr>
              <th scope="row">trace</th>
              <td>
                <Meter label="trace ring" value={trace.recorded - trace.dropped} max={capacity} isCalm />
              </td>
              <Cell value={trace.recorded} />
              <Cell value={trace.dropped} isLoss />
              <Cell value={trace.sampledOut} isLoss />
            </tr>
            <tr>
              <th scope="row">history</th>
              <td>
                <Meter label="history" value={history.length} max={historyCapacity} isCalm />
              </td>
              <Cell value={history.length + history.dropped} />
              <Cell value={history.dropped} isLoss />
              <td className="number">–</td>
            </tr>
          </tbody>
        </table>
      </section>
      {backlogs.map((backlog) => (
        <Instance key={backlog.instanceId} backlog={backlog} />
      ))}
    </div>
  )
}

const Instance = ({ backlog }: { readonly backlog: InstanceBacklog }) => (
  <section aria-label={`Channels of ${backlog.instanceId}`}>
    <h3>
      {backlog.instanceId}
      <span
        className={backlog.ingress > 0 ? "ingress high" : "ingress"}
        title="Deliveries of synchronous callers that have no slot yet"
      >
        ingress <b>{count(backlog.ingress)}</b>
      </span>
    </h3>
    {backlog.consumers.length === 0 ? (
      <p className="hint">Nobody consumes its actions.</p>
    ) : (
      <table>
        <thead>
          <tr>
            <th scope="col">Consumer</th>
            <th scope="col">Depth</th>
            <th scope="col" className="number">
              In flight
            </th>
            <th scope="col" className="number">
              Waiting
            </th>
            <th scope="col" className="number">
              Overflow
            </th>
            <th scope="col" className="number">
              Skipped
            </th>
          </tr>
        </thead>
        <tbody>
          {backlog.consumers.map((consumer, index) => {
            const skipped = Object.entries(consumer.skipped)
            return (
              // Two consumers may have the same name; they keep their order.
              // oxlint-disable-next-line react/no-array-index-key
              <tr key={`${index} ${consumer.name}`}>
                <th scope="row" title={consumer.tags === "all" ? "all actions" : consumer.tags.join(", ")}>
                  {consumer.name}
                </th>
                <td>
                  <Meter label={`depth of ${consumer.name}`} value={consumer.depth} max={consumer.capacity} />
                </td>
                <Cell value={consumer.inFlight} />
                <Cell value={consumer.waiting} />
                <Cell value={consumer.overflow} isLoss />
                <Cell
                  value={skipped.reduce((sum, [, times]) => sum + times, 0)}
                  title={skipped.map(([reason, times]) => `${reason} ${count(times)}`).join(", ")}
                />
              </tr>
            )
          })}
        </tbody>
      </table>
    )}
  </section>
)

interface CellProps {
  readonly value: number
  readonly isLoss?: boolean
  readonly title?: string
}

const Cell = ({ isLoss = false, title, value }: CellProps) => (
  <td className={isLoss && value > 0 ? "number lost" : "number"} title={title}>
    {count(value)}
  </td>
)

interface MeterProps {
  readonly label: string
  readonly value: number
  readonly max: number
  /** Whether being full is nothing to worry about. */
  readonly isCalm?: boolean
}

const Meter = ({ isCalm = false, label, max, value }: MeterProps) => {
  const share = max > 0 ? Math.min(1, value / max) : 0
  const level = isCalm || share < 0.75 ? "low" : share < 1 ? "high" : "full"
  return (
    // A meter element cannot be styled alike in all browsers.
    <div
      className={`meter ${level}`}
      // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role
      role="meter"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={Math.max(max, value)}
      aria-valuenow={value}
      aria-valuetext={`${value} of ${max}`}
    >
      <span className="track">
        <span className="fill" style={{ width: `${share * 100}%` }} />
      </span>
      <span className="reading">
        {count(value)}/{count(max)}
      </span>
    </div>
  )
}

export const channelsView: PanelView = { id: "channels", label: "Channels", Component: ChannelsComponent }
