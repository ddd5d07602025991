import { useModule, useSelector } from "@sluice/react"
import type { ReactNode } from "react"
import { Connection } from "../modules/Connection.ts"

export interface InstanceChoiceProps {
  readonly selected: string
  readonly onSelect: (instanceId: string) => void
  /** Whether those that have closed can be chosen. Default true. */
  readonly hasClosed?: boolean
}

/** The instances of the runtime, those that have closed, are locked or at another moment marked. */
export const InstanceChoice = ({ hasClosed = true, onSelect, selected }: InstanceChoiceProps): ReactNode => {
  const instances = useSelector(useModule(Connection), (state) => state.instances)
  return (
    <select
      className="instance"
      aria-label="Instance"
      value={selected}
      onChange={(event) => onSelect(event.currentTarget.value)}
    >
      {instances
        .filter(({ closed, instanceId }) => hasClosed || !closed || instanceId === selected)
        .map(({ closed, instanceId, locked, travelled }) => (
          <option key={instanceId} value={instanceId}>
            {instanceId}
            {closed ? " (closed)" : travelled ? " (in the past)" : locked ? " (locked)" : ""}
          </option>
        ))}
    </select>
  )
}
