import { useModule, useSelector } from "@sluice/react"
import { Connection } from "../../modules/Connection.ts"
import { ComparingLive } from "./Comparing.ts"

/**
 * The view's memory: it outlives the view, which is there only while its tab is selected. Moments are of one runtime of
 * one page.
 */
export const useComparing = () => {
  const of = useSelector(useModule(Connection), ({ page, runtime }) => `${page} ${runtime}`)
  return useModule(ComparingLive, { key: `diff ${of}`, gcTime: "1 hour" })
}
