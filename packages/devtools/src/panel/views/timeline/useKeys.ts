import { useModule } from "@sluice/react"
import type { KeyboardEvent } from "react"
import { Timeline } from "../../modules/Timeline.ts"
import { Travel } from "../../modules/Travel.ts"
import { copyLink } from "../../link.ts"
import { Connection } from "../../modules/Connection.ts"

/** The keys of the list. `page` is how many rows a page key goes. */
export const useKeys = (selectedIndex: number, page: number): ((event: KeyboardEvent) => void) => {
  const timeline = useModule(Timeline)
  const travel = useModule(Travel)
  const connection = useModule(Connection)
  return (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return
    const { items, pinned, selected } = timeline.runtime.unsafe.getState()
    const last = items.length - 1
    const at = selectedIndex < 0 ? last + 1 : selectedIndex
    const go = (index: number) => () => {
      const item = items.at(Math.min(last, Math.max(0, index)))
      if (item !== undefined) timeline.actions.selectAt(item.place)
    }
    const keys: Readonly<Record<string, () => void>> = {
      ArrowUp: go(at - 1),
      ArrowDown: go(at + 1),
      PageUp: go(at - page),
      PageDown: go(at + page),
      Home: go(0),
      End: go(last),
      ...(selected === null
        ? {}
        : {
            Enter: () => travel.actions.to(selected.at.seq),
            ArrowRight: () => timeline.actions.expand(selected.place),
            p: () =>
              pinned.some(({ txnId }) => txnId === selected.txnId)
                ? timeline.actions.unpin(selected.txnId)
                : timeline.actions.pin(selected),
            l: () => copyLink(connection.runtime.unsafe.getState().runtime ?? "", selected.txnId),
            ...(selected.cause === undefined ? {} : { c: () => timeline.actions.open(selected.cause ?? "") })
          })
    }
    const act = keys[event.key]
    if (act === undefined) return
    event.preventDefault()
    act()
  }
}
