import type { ConsumerBacklog } from "@sluice/core"
import { useBacklog, useModule, useRuntime } from "@sluice/react"
import { type ReactNode, useEffect, useState } from "react"
import { Flights } from "../modules/Flights.ts"
import { Watch } from "../modules/Watch.ts"
import { formatCount } from "./format.ts"

const sampleMs = 500

interface Sample {
  readonly perSecond: number
  readonly recorded: number
  readonly dropped: number
}

const none: Sample = { perSecond: 0, recorded: 0, dropped: 0 }

/** Commits of all instances, measured twice a second, and what the trace says it lost. */
const useSample = (): Sample => {
  const runtime = useRuntime()
  const [sample, setSample] = useState(none)
  useEffect(() => {
    const commits = () => runtime.instances().reduce((sum, instance) => sum + instance.unsafe.getVersion(), 0)
    let before = { commits: commits(), at: performance.now() }
    const timer = setInterval(() => {
      const now = { commits: commits(), at: performance.now() }
      const perSecond = Math.round(((now.commits - before.commits) * 1000) / (now.at - before.at))
      const { dropped, recorded } = runtime.trace.counts()
      before = now
      setSample((last) =>
        last.perSecond === perSecond && last.recorded === recorded ? last : { perSecond, recorded, dropped }
      )
    }, sampleMs)
    return () => clearInterval(timer)
  }, [runtime])
  return sample
}

export const Vitals = (): ReactNode => {
  const flights = useModule(Flights)
  const watch = useModule(Watch)
  const { dropped, perSecond, recorded } = useSample()
  const flightsBacklog = useBacklog(flights)
  const watchBacklog = useBacklog(watch)
  const recording = watchBacklog.consumers.filter(({ tags }) => tags !== "all" && tags.includes("matched"))
  return (
    <footer className="vitals" aria-label="Vitals">
      <dl>
        <Vital name="Transactions" value={`${formatCount(perSecond)} /s`} />
        {flightsBacklog.consumers.map((consumer) => (
          <Gauge key={consumer.name} name="Flights to match" consumer={consumer} />
        ))}
        {recording.map((consumer) => (
          <Gauge key={consumer.name} name="Alerts to record" consumer={consumer} />
        ))}
        <Vital name="Ingress" value={formatCount(flightsBacklog.ingress + watchBacklog.ingress)} />
        <Vital
          name="Trace"
          value={`${formatCount(dropped)} of ${formatCount(recorded)} events overwritten`}
        />
      </dl>
    </footer>
  )
}

const Vital = ({ name, value }: { readonly name: string; readonly value: string }) => (
  <div className="vital">
    <dt>{name}</dt>
    <dd>{value}</dd>
  </div>
)

const Gauge = ({ consumer, name }: { readonly consumer: ConsumerBacklog; readonly name: string }) => {
  const { capacity, depth, overflow, waiting } = consumer
  return (
    <div className="vital">
      <dt>{name}</dt>
      <dd>
        <meter min={0} max={capacity} high={capacity * 0.75} optimum={0} value={depth} aria-label={name} />
        {depth}/{capacity}
        {waiting > 0 ? <span className="pushing"> pushing back</span> : null}
        {overflow > 0 ? <span className="pushing"> overflow {formatCount(overflow)}</span> : null}
      </dd>
    </div>
  )
}
