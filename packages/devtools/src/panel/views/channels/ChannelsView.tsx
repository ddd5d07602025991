/** The channels of each instance: how full each consumer's FIFO is and was, who waits, and what did not fit. */
import { useModule, useSelector } from "@sluice/react"
import type { ReactNode } from "react"
import { Connection, linkOf } from "../../modules/Connection.ts"
import type { PanelView } from "../../PanelView.ts"
import { Figure } from "../../ui/Figure.tsx"
import { count } from "../../ui/format.ts"
import { Meter } from "../../ui/Meter.tsx"
import { usePage } from "../../usePage.ts"
import { ChannelsLive, kept, rates, type Sample } from "./Channels.ts"
import { ConsumerChart, type ConsumerSeries, seriesOf, type Span } from "./ConsumerChart.tsx"
import { channelsStyles } from "./styles.ts"

/** Consumers; to draw more, again and again, would take the page's time. */
const maxShown = 60

const ChannelsComponent = (): ReactNode => {
  const { layer } = usePage()
  const link = useSelector(useModule(Connection), linkOf)
  // It goes on for a little, so that the series is there when the user comes back.
  const channels = useModule(ChannelsLive, { key: `${link}`, layer, gcTime: "20 seconds" })
  const { consumers, everyMs, failure, missed, paused, samples: live } = useSelector(channels)
  const samples = paused ?? live
  const instances = useSelector(useModule(Connection), (state) => state.instances)
  const last = samples.at(-1)
  const to = last?.at ?? 0
  const span: Span = { from: to - everyMs * kept, to }
  const all = seriesOf(consumers, samples)
  const active = all.filter((each) => !isIdle(each)).slice(0, maxShown)
  const idle = all.filter(isIdle)
  const idleShown = new Set(idle.slice(0, Math.max(0, maxShown - active.length)))
  const series = all.filter((each) => active.includes(each) || idleShown.has(each))
  const alive = instances.filter(({ closed }) => !closed).map(({ instanceId }) => instanceId)
  const shown = [...new Set(series.map(({ consumer }) => consumer.instanceId))]
  const silent = alive.filter((id) => !all.some(({ consumer }) => consumer.instanceId === id))
  return (
    <div className="sheet channels">
      <div className="bar tools">
        <button
          type="button"
          className="toggle"
          aria-pressed={paused !== null}
          onClick={() => (paused === null ? channels.actions.pause() : channels.actions.goOn())}
        >
          {paused === null ? "Hold" : "Go on"}
        </button>
        <label className="pick">
          <span>Read</span>
          <select
            value={everyMs}
            onChange={(event) => {
              const rate = rates.find((each) => each === Number(event.currentTarget.value))
              if (rate !== undefined) channels.actions.setRate(rate)
            }}
          >
            {rates.map((rate) => (
              <option key={rate} value={rate}>
                {rate < 1000 ? `${1000 / rate} times a second` : `every ${rate / 1000} s`}
              </option>
            ))}
          </select>
        </label>
        <span className="note">
          the last {spanText(everyMs * kept)}
          {missed > 0 ? `, ${count(missed)} missed` : ""}
        </span>
      </div>
      <div className="content">
        {failure === null ? null : <p className="error">{failure}</p>}
        {shown.map((instanceId) => (
          <Instance
            key={instanceId}
            instanceId={instanceId}
            last={last}
            series={series.filter(({ consumer }) => consumer.instanceId === instanceId)}
            span={span}
          />
        ))}
        {all.length > series.length ? (
          <p className="hint">and {count(all.length - series.length)} consumers more, the idle ones first</p>
        ) : null}
        {silent.length === 0 || last === undefined ? null : (
          <section aria-label="Without consumers">
            <h3>Without consumers</h3>
            <p className="hint">Nobody consumes the actions of {silent.join(", ")}.</p>
          </section>
        )}
        <Legend />
      </div>
    </div>
  )
}

const spanText = (ms: number): string =>
  ms < 120_000 ? `${count(ms / 1000)} s` : `${count(ms / 60_000)} minutes`

const Legend = () => (
  <ul className="legend" aria-label="Legend">
    <li className="depth">depth</li>
    <li className="flight">in flight</li>
    <li className="waiting">callers that wait</li>
    <li className="capacity">capacity</li>
    <li className="overflow">overflow</li>
    <li className="skipped">skipped</li>
  </ul>
)

interface InstanceProps {
  readonly instanceId: string
  readonly last: Sample | undefined
  readonly series: ReadonlyArray<ConsumerSeries>
  readonly span: Span
}

const Instance = ({ instanceId, last, series, span }: InstanceProps) => {
  const ingress = last?.ingress.find((each) => each.instanceId === instanceId)?.count ?? 0
  return (
    <section aria-label={`Channels of ${instanceId}`}>
      <h3>
        {instanceId}
        <span
          className={ingress > 0 ? "ingress high" : "ingress"}
          title="Deliveries of synchronous callers that have no slot yet: the one unbounded place"
        >
          ingress <b>{count(ingress)}</b>
        </span>
      </h3>
      {series.map((each) => (
        <ConsumerCard key={each.consumer.consumer} series={each} span={span} />
      ))}
    </section>
  )
}

const ConsumerCard = ({
  series,
  span
}: Omit<InstanceProps, "instanceId" | "last" | "series"> & { readonly series: ConsumerSeries }) => {
  const { consumer, last, peak } = series
  const { capacity, closed, name, tags } = consumer
  return (
    <article
      className={`consumer ${closed ? "closed" : ""} ${isIdle(series) ? "idle" : ""}`}
      aria-label={`Consumer ${name}`}
    >
      <h4 title={tags === "all" ? "all actions" : tags.join(", ")}>
        {name}
        {closed ? <em>ended</em> : null}
      </h4>
      <Meter label={`depth of ${name}`} value={last.depth} max={capacity} />
      <ConsumerChart series={series} span={span} />
      <dl className="figures">
        <Figure name="in flight" value={last.inFlight} title="Taken, and being handled" />
        <Figure name="waiting" value={last.waiting} title="Callers that wait for a slot" />
        <Figure name="most" value={peak} title="Depth, at the moments that were read" />
        <Figure
          name="overflow"
          value={last.overflow}
          title="Let in beyond capacity, to end a circle of waits"
          isLoss
        />
        <Figure name="skipped" value={last.skipped} title={`Passed over. ${reasonsOf(consumer)}`} />
      </dl>
      {closed ? null : <Warning series={series} />}
    </article>
  )
}

/** Nothing came to it in all the time that is shown. */
const isIdle = ({ last, peak, points }: ConsumerSeries): boolean =>
  peak === 0 && last.overflow === 0 && points.inFlight.every(({ value }) => value === 0)

const reasonsOf = ({ skipped }: ConsumerSeries["consumer"]): string =>
  Object.entries(skipped)
    .map(([reason, times]) => `${reason} ${count(times)}`)
    .join(", ")

const Warning = ({ series: { consumer, last } }: { readonly series: ConsumerSeries }) => {
  const { capacity, name } = consumer
  if (last.overflow > 0)
    return (
      <output className="warning">
        {count(last.overflow)} deliveries of {name} were let in beyond its capacity of {count(capacity)}: its
        handler waits for itself. Raise the capacity, or fork the entry that it makes.
      </output>
    )
  if (last.depth >= capacity)
    return (
      <output className="warning">
        {name} is full
        {last.waiting > 0
          ? `, and ${last.waiting === 1 ? "a caller waits" : `${count(last.waiting)} callers wait`}`
          : ""}
        : its handlers are slower than what comes.
      </output>
    )
  return null
}

export const channelsView: PanelView = {
  id: "channels",
  label: "Channels",
  Component: ChannelsComponent,
  styles: channelsStyles
}
