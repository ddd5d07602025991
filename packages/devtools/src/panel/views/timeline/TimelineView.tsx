/** Every entry of the runtime, and what is known of the selected one. */
import type { ReactNode } from "react"
import type { PanelView } from "../../PanelView.ts"
import { Details } from "./Details.tsx"
import { TimelineList } from "./TimelineList.tsx"

const TimelineComponent = (): ReactNode => (
  <>
    <TimelineList />
    <Details />
  </>
)

export const timelineView: PanelView = { id: "timeline", label: "Timeline", Component: TimelineComponent }
