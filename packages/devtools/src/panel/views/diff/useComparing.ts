import { useModule } from "@sluice/react"
import { ComparingLive } from "./Comparing.ts"

/** The view's memory: it outlives the view, which is there only while its tab is selected. */
export const useComparing = () => useModule(ComparingLive, { key: "diff", gcTime: "20 days" })
