/** Every entry of the runtime, and what is known of the selected one. */
import { useModule, useSelector } from "@sluice/react"
import { type ReactNode, useEffect } from "react"
import { Connection } from "../../modules/Connection.ts"
import { Timeline } from "../../modules/Timeline.ts"
import type { PanelView } from "../../PanelView.ts"
import { Details } from "./Details.tsx"
import { EntryList } from "./EntryList.tsx"
import { readLink } from "./link.ts"
import { Pinned } from "./Pinned.tsx"
import { styles } from "./styles.ts"
import { Tools } from "./Tools.tsx"

const TimelineComponent = (): ReactNode => {
  useLink()
  return (
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
}

/** Selects what the window's address links to, now and when it changes. */
const useLink = (): void => {
  const timeline = useModule(Timeline)
  const connection = useModule(Connection)
  const of = useSelector(timeline, (state) => state.of)
  useEffect(() => {
    const open = () => {
      const link = readLink(location.hash)
      if (of === null || link === undefined) return
      const { runtime, runtimes } = connection.runtime.unsafe.getState()
      if (link.runtime !== runtime && runtimes.some(({ id }) => id === link.runtime))
        return connection.actions.choose(link.runtime)
      timeline.actions.open(link.txnId)
    }
    open()
    addEventListener("hashchange", open)
    return () => removeEventListener("hashchange", open)
  }, [connection, timeline, of])
}

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
