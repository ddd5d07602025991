/** One panel at work: its modules, and the page that they show. */
import { Runtime } from "@sluice/core"
import { ConnectionLive } from "./modules/Connection.ts"
import { TimelineLive } from "./modules/timelineLogic.ts"
import { SessionsLive } from "./modules/Sessions.ts"
import { TravelLive } from "./modules/Travel.ts"
import { ViewsLive } from "./modules/Views.ts"
import { type Connections, makePage } from "./Page.ts"
import { type PanelPage, panelPage } from "./usePage.ts"

const makeRuntime = (page: PanelPage) =>
  Runtime.make([ConnectionLive, SessionsLive, TimelineLive, TravelLive, ViewsLive], {
    label: "Sluice devtools",
    layer: page.layer,
    trace: { level: "off" }
  })

export interface PanelSession {
  readonly page: PanelPage
  readonly runtime: ReturnType<typeof makeRuntime>
  /** Closes the connection. */
  readonly dispose: () => Promise<void>
}

/** Connects at once, and shows nothing by itself. */
export const openSession = (connections: Connections): PanelSession => {
  const page = panelPage(makePage(connections))
  const runtime = makeRuntime(page)
  return { page, runtime, dispose: () => runtime.dispose() }
}
