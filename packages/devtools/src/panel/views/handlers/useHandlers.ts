import { useModule, useSelector } from "@sluice/react"
import { Connection, linkOf } from "../../modules/Connection.ts"
import { usePage } from "../../usePage.ts"
import { ActivityLive } from "./Activity.ts"
import { ChoiceLive } from "./Choice.ts"

/** The page is asked as long as a component uses it. */
export const useActivity = () => {
  const { layer } = usePage()
  const link = useSelector(useModule(Connection), linkOf)
  return useModule(ActivityLive, { key: `${link}`, layer })
}

export const useChoice = () => useModule(ChoiceLive, { key: "handlers", gcTime: "20 days" })
