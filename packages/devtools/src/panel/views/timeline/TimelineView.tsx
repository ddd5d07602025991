/** Every entry of the runtime, and what is known of the selected one. */
import { useModule, useSelector } from "@sluice/react"
import type { ReactNode } from "react"
import { Timeline } from "../../modules/Timeline.ts"
import type { PanelView } from "../../PanelView.ts"
import { Details } from "./Details.tsx"
import { EntryList } from "./EntryList.tsx"
import { Pinned } from "./Pinned.tsx"
import { styles } from "./styles.ts"
import { Tools } from "./Tools.tsx"

const TimelineComponent = (): ReactNode => (
  <>
    <div className="timeline">
      <Tools />
      <Missing />
      <Pinned />
      <EntryList />
    </div>
    <Details />
  </>
)

const Missing = () => {
  const timeline = useModule(Timeline)
  const missing = useSelector(timeline, (state) => state.missing)
  if (missing === null) return null
  return (
    <div className="notice failed" role="alert">
      <span>
        <code>{missing}</code> is not in this history: it has left it, or was made before the page was loaded.
      </span>
      <button type="button" className="toggle" onClick={() => timeline.actions.select(null)}>
        Dismiss
      </button>
    </div>
  )
}

export const timelineView: PanelView = {
  id: "timeline",
  label: "Timeline",
  Component: TimelineComponent,
  styles
}
