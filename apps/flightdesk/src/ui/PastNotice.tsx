import { useRuntime } from "@sluice/react"
import { type ReactNode, useSyncExternalStore } from "react"

/** While devtools show the past, what is pressed here takes effect only when they are back at live. */
export const PastNotice = (): ReactNode => {
  const { travel } = useRuntime()
  const isPast = useSyncExternalStore(travel.subscribe, travel.active, () => false)
  return <output className="past">{isPast ? "Showing the past: the desk waits" : null}</output>
}
