import { useModule, useSelector } from "@sluice/react"
import { Connection } from "../../modules/Connection.ts"
import { Timeline } from "../../modules/Timeline.ts"
import type { Moment } from "../../../protocol/index.ts"
import { LookLive } from "./Look.ts"

/** The view's memory: it outlives the view, which is there only while its tab is selected. */
export const useLook = () => useModule(LookLive, { key: "state", gcTime: "20 days" })

/** The instance that is looked at. */
export const useInstance = () => {
  const chosen = useSelector(useLook(), (state) => state.instanceId)
  return useSelector(
    useModule(Connection),
    ({ instances }) => instances.find(({ instanceId }) => instanceId === chosen) ?? instances[0]
  )
}

/** The moment that is looked at, as the protocol has it: of an instance that has closed, the last at least. */
export const useMoment = (): Moment => {
  const moment = useSelector(useLook(), (state) => state.moment)
  const seq = useSelector(useModule(Timeline), (state) => state.selected?.at.seq)
  const latest = useSelector(useModule(Connection), (state) => state.counts?.history.latest ?? 0)
  const isClosed = useInstance()?.closed === true
  if (moment === "selected" && seq !== undefined) return seq
  return isClosed ? latest : "live"
}
