/** Any action of any instance, from a form that its schema makes, or as JSON. */
import { useModule, useSelector } from "@sluice/react"
import type { ReactNode } from "react"
import { Connection } from "../../modules/Connection.ts"
import type { PanelView } from "../../PanelView.ts"
import { InstanceChoice } from "../../ui/InstanceChoice.tsx"
import { TabList } from "../../ui/Tabs.tsx"
import { useAnswer } from "../../useAnswer.ts"
import { Payload } from "./Payload.tsx"
import { Recent } from "./Recent.tsx"
import { styles } from "./styles.ts"
import { useDispatching } from "./useDispatching.ts"
import { Failure } from "../../ui/Failure.tsx"

const modes = [
  { id: "form", label: "Form" },
  { id: "json", label: "JSON" }
] as const

const DispatchComponent = (): ReactNode => {
  const dispatching = useDispatching()
  const chosen = useSelector(dispatching, (state) => state.instanceId)
  const instance = useSelector(useModule(Connection), ({ instances }) => {
    const alive = instances.filter(({ closed }) => !closed)
    return alive.find(({ instanceId }) => instanceId === chosen) ?? alive[0]
  })
  return instance === undefined ? (
    <p className="hint body">There is no instance to dispatch to.</p>
  ) : (
    <>
      <Dispatch key={instance.instanceId} {...instance} />
      <Recent />
    </>
  )
}

interface DispatchProps {
  readonly instanceId: string
  readonly moduleId: string
  readonly locked: boolean
  readonly travelled: boolean
}

const Dispatch = ({ instanceId, locked, moduleId, travelled }: DispatchProps): ReactNode => {
  const dispatching = useDispatching()
  const { failure, value } = useAnswer("Actions", { instanceId }, { changes: false })
  const chosen = useSelector(dispatching, (state) => state.tag)
  const mode = useSelector(dispatching, (state) => state.mode)
  const actions = value?.actions ?? []
  const action = actions.find(({ tag }) => tag === chosen) ?? actions[0]
  return (
    <div className="dispatch-main">
      <div className="bar tools">
        <InstanceChoice
          selected={instanceId}
          onSelect={dispatching.actions.chooseInstance}
          hasClosed={false}
        />
        <select
          aria-label="Action"
          value={action?.tag ?? ""}
          onChange={(event) => dispatching.actions.chooseAction(event.currentTarget.value)}
        >
          {actions.map(({ tag }) => (
            <option key={tag} value={tag}>
              {tag}
            </option>
          ))}
        </select>
        <span className="space" />
        <TabList label="Typed as" tabs={modes} selected={mode} onSelect={dispatching.actions.setMode} />
      </div>
      <div className="body">
        <Failure text={failure} />
        {locked || travelled ? (
          <p className="hint" role="note">
            {locked ? "It is locked" : "It shows the past"}: what is dispatched now waits, in order.
          </p>
        ) : null}
        {action === undefined ? (
          <p className="hint">{value === undefined ? "…" : "It has no actions."}</p>
        ) : (
          <Payload key={action.tag} {...{ instanceId, moduleId }} tag={action.tag} form={action.form} />
        )}
      </div>
    </div>
  )
}

export const dispatchView: PanelView = {
  id: "dispatch",
  label: "Dispatch",
  Component: DispatchComponent,
  styles
}
