import { useModule } from "@sluice/react"
import { usePage } from "../../usePage.ts"
import { DispatchingLive } from "./Dispatching.ts"

/** The view's memory: it outlives the view, which is there only while its tab is selected. */
export const useDispatching = () => {
  const { layer } = usePage()
  return useModule(DispatchingLive, { key: "dispatch", gcTime: "20 days", layer })
}
