import { useModule } from "@sluice/react"
import { usePage } from "../../usePage.ts"
import { WhatIfLive } from "./WhatIf.ts"

/** The view's memory: it outlives the view, which is there only while its tab is selected. */
export const useWhatIf = () => {
  const { layer } = usePage()
  return useModule(WhatIfLive, { key: "whatif", gcTime: "20 days", layer })
}
