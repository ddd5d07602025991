import { useModule } from "@sluice/react"
import type { ReactNode } from "react"
import { Flights } from "../modules/Flights.ts"
import { Watch } from "../modules/Watch.ts"
import { formatCount, formatMean } from "./format.ts"
import { useFrameSelector } from "./useFrameSelector.ts"

/** The desk in five numbers. */
export const Summary = (): ReactNode => {
  const flights = useModule(Flights)
  const watch = useModule(Watch)
  const { airports, delaySum, flights: arrived, rejected } = useFrameSelector(flights, (state) => state)
  const raised = useFrameSelector(watch, (state) => state.alerts.size)
  const recorded = useFrameSelector(watch, (state) => state.recorded)
  return (
    <dl className="summary">
      <Number name="Flights" value={formatCount(arrived.size)} />
      <Number
        name="Mean delay"
        value={formatMean(arrived.size === 0 ? undefined : delaySum / arrived.size)}
      />
      <Number name="Airports" value={formatCount(airports.size)} />
      <Number name="Alerts recorded" value={`${formatCount(recorded)} of ${formatCount(raised)}`} />
      <Number name="Lines rejected" value={formatCount(rejected)} />
    </dl>
  )
}

const Number = ({ name, value }: { readonly name: string; readonly value: string }) => (
  <div>
    <dt>{name}</dt>
    <dd>{value}</dd>
  </div>
)
