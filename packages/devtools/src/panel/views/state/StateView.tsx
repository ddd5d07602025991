/** A state as a tree, as text or as a chart; its pins; and what is asked of a place in it. */
import { useModule, useSelector } from "@sluice/react"
import type { ReactNode } from "react"
import type { PanelView } from "../../PanelView.ts"
import { Connection } from "../../modules/Connection.ts"
import { Timeline } from "../../modules/Timeline.ts"
import { InstanceChoice } from "../../ui/InstanceChoice.tsx"
import { pathKey } from "../../ui/path.ts"
import { TabList } from "../../ui/Tabs.tsx"
import { Tree } from "../../ui/Tree.tsx"
import { Chart } from "./Chart.tsx"
import { rootOpen } from "./Look.ts"
import { Pins } from "./Pins.tsx"
import { PlacePanel } from "./PlacePanel.tsx"
import { Raw } from "./Raw.tsx"
import { styles } from "./styles.ts"
import { useInstance, useLook, useMoment } from "./useLook.ts"

const modes = [
  { id: "tree", label: "Tree" },
  { id: "raw", label: "Raw" },
  { id: "chart", label: "Chart" }
] as const

const StateComponent = (): ReactNode => {
  const look = useLook()
  const instance = useInstance()
  const mode = useSelector(look, (state) => state.mode)
  if (instance === undefined) return <p className="hint body">There is no instance to look at.</p>
  return (
    <>
      <div className="state-main">
        <div className="bar tools">
          <InstanceChoice selected={instance.instanceId} onSelect={look.actions.chooseInstance} />
          <MomentChoice />
          <span className="space" />
          <TabList label="Shown as" tabs={modes} selected={mode} onSelect={look.actions.setMode} />
        </div>
        <Pins />
        <Content key={instance.instanceId} instanceId={instance.instanceId} />
      </div>
      <PlacePanel />
    </>
  )
}

const Content = ({ instanceId }: { readonly instanceId: string }): ReactNode => {
  const look = useLook()
  const mode = useSelector(look, (state) => state.mode)
  const opened = useSelector(look, (state) => state.opened[instanceId]) ?? rootOpen
  const selected = useSelector(look, ({ place }) => (place === null ? undefined : pathKey(place.path)))
  const root = { _tag: "State", instanceId, moment: useMoment() } as const
  const shared = {
    label: instanceId,
    root,
    opened,
    selected,
    onOpened: (next: ReadonlyArray<string>) => look.actions.setOpened({ instanceId, opened: next }),
    onSelect: look.actions.mark
  }
  if (mode === "raw") return <Raw root={root} />
  if (mode === "chart") return <Chart {...shared} />
  return (
    <div className="body">
      <Tree {...shared} />
    </div>
  )
}

const MomentChoice = (): ReactNode => {
  const look = useLook()
  const moment = useSelector(look, (state) => state.moment)
  const selected = useSelector(useModule(Timeline), (state) => state.selected)
  const isClosed = useInstance()?.closed === true
  const isTravelling = useSelector(useModule(Connection), (state) => state.travel.travelling)
  return (
    <select
      aria-label="Moment"
      value={selected === null ? "live" : moment}
      onChange={(event) =>
        look.actions.setMoment(event.currentTarget.value === "selected" ? "selected" : "live")
      }
    >
      <option value="live">{isClosed ? "At its end" : isTravelling ? "As shown now" : "Live"}</option>
      <option value="selected" disabled={selected === null}>
        {selected === null ? "After the selected transaction" : `After ${selected.txnId}`}
      </option>
    </select>
  )
}

export const stateView: PanelView = { id: "state", label: "State", Component: StateComponent, styles }
