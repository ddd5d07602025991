import { useModule, useSelector } from "@sluice/react"
import { useCallback, useEffect, useRef } from "react"
import { readLink, type TxnLink } from "./link.ts"
import { Connection } from "./modules/Connection.ts"
import { Timeline } from "./modules/Timeline.ts"

/** Selects what the window's address links to, once the page has been asked, and whenever another address is there. */
export const useLink = (showTimeline: (() => void) | undefined): void => {
  const timeline = useModule(Timeline)
  const connection = useModule(Connection)
  const of = useSelector(timeline, (state) => state.of)
  const opened = useRef<string>(undefined)
  useEffect(() => {
    const open = () => {
      const { hash } = location
      const link = readLink(hash)
      if (of === null || link === undefined || opened.current === hash) return
      const { runtime, runtimes } = connection.runtime.unsafe.getState()
      if (link.runtime !== runtime && runtimes.some(({ id }) => id === link.runtime))
        return connection.actions.choose(link.runtime)
      opened.current = hash
      showTimeline?.()
      timeline.actions.open(link.txnId)
    }
    const openAnew = () => {
      opened.current = undefined
      open()
    }
    open()
    addEventListener("hashchange", openAnew)
    return () => removeEventListener("hashchange", openAnew)
  }, [connection, timeline, of, showTimeline])
}

/** Selects what a link leads to, in its runtime. */
export const useOpenLink = (): ((link: TxnLink) => void) => {
  const timeline = useModule(Timeline)
  const connection = useModule(Connection)
  const of = useSelector(timeline, (state) => state.of)
  const waiting = useRef<TxnLink>(undefined)
  const open = useCallback(() => {
    const link = waiting.current
    if (link === undefined) return
    const { runtime, runtimes } = connection.runtime.unsafe.getState()
    if (link.runtime !== runtime && runtimes.some(({ id }) => id === link.runtime))
      return connection.actions.choose(link.runtime)
    waiting.current = undefined
    timeline.actions.open(link.txnId)
  }, [connection, timeline])
  useEffect(() => {
    if (of !== null) open()
  }, [of, open])
  return useCallback(
    (link) => {
      waiting.current = link
      open()
    },
    [open]
  )
}
