/** What the runtime is made of: its modules and what they import, their instances, and what derives from what. */
import { useModule, useSelector } from "@sluice/react"
import type { ReactNode } from "react"
import { Connection, linkOf } from "../../modules/Connection.ts"
import type { PanelView } from "../../PanelView.ts"
import { count } from "../../ui/format.ts"
import { useAnswer } from "../../useAnswer.ts"
import { Graph } from "./Graph.tsx"
import { ModuleDetails } from "./ModuleDetails.tsx"
import { SelectionLive } from "./Selection.ts"
import { modulesStyles } from "./styles.ts"

const ModulesComponent = (): ReactNode => {
  const link = useSelector(useModule(Connection), linkOf)
  const selection = useModule(SelectionLive, { key: `${link}`, gcTime: "1 hour" })
  const chosen = useSelector(selection, (state) => state.moduleId)
  const { failure, value } = useAnswer("Modules", {}, { everyMs: 1000, keep: true })
  if (value === undefined) {
    return (
      <div className="sheet modules">{failure === undefined ? null : <p className="error">{failure}</p>}</div>
    )
  }
  const { causes, instances, modules } = value
  const imports = modules.flatMap(({ imports, moduleId }) => imports.map((to) => ({ from: moduleId, to })))
  const called = causes.flatMap(({ count: times, from, to }) =>
    imports.some((edge) => edge.from === from && edge.to === to)
      ? []
      : [{ from, to, kind: "caused", label: `${from} caused ${count(times)} commits of ${to}` }]
  )
  const edges = [...imports, ...called]
  const nodes = modules.map(({ actions, moduleId }) => {
    const alive = instances.filter((instance) => instance.moduleId === moduleId).length
    return {
      id: moduleId,
      label: moduleId,
      note: `${count(alive)} ${alive === 1 ? "instance" : "instances"}, ${count(actions.length)} ${actions.length === 1 ? "action" : "actions"}`,
      kind: "module"
    }
  })
  const shown = modules.find(({ moduleId }) => moduleId === chosen) ?? modules.at(-1)
  return (
    <div className="sheet modules">
      <div className="parts">
        <section className="map" aria-label="What imports what">
          <Graph
            label="Modules"
            nodes={nodes}
            edges={edges}
            selected={shown?.moduleId}
            onSelect={selection.actions.module}
          />
          <ul className="legend">
            {imports.length === 0 ? null : <li className="imports">imports</li>}
            {called.length === 0 ? null : <li className="caused">caused entries of</li>}
          </ul>
        </section>
        {shown === undefined ? (
          <p className="hint">The runtime has no instances.</p>
        ) : (
          <ModuleDetails structure={value} module={shown} selection={selection} />
        )}
      </div>
    </div>
  )
}

export const modulesView: PanelView = {
  id: "modules",
  label: "Modules",
  Component: ModulesComponent,
  styles: modulesStyles
}
