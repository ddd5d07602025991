/** What is done to the page's time less often. */
import { useModule, useSelector } from "@sluice/react"
import { type FormEvent, type ReactNode, useState } from "react"
import type { Condition } from "../../protocol/index.ts"
import { Connection } from "../modules/Connection.ts"
import { Travel } from "../modules/Travel.ts"
import { conditionText, type Operator, operators, readPath, readValue } from "./conditionText.ts"

export const TravelOptions = ({ id }: { readonly id: string }): ReactNode => {
  const connection = useModule(Connection)
  const travel = useModule(Travel)
  const instance = useSelector(travel, (state) => state.instance)
  const instances = useSelector(connection, (state) => state.instances)
  const endsFirst = useSelector(connection, (state) => state.travel.endsFirst)
  return (
    <div id={id} className="travel-options">
      <label className="field">
        Travel and lock{" "}
        <select
          value={instance ?? ""}
          onChange={({ currentTarget: { value } }) =>
            travel.actions.chooseInstance(value === "" ? null : value)
          }
        >
          <option value="">all instances</option>
          {instances
            .filter(({ closed }) => !closed)
            .map(({ instanceId, travelled }) => (
              <option key={instanceId} value={instanceId}>
                {instanceId}
                {travelled ? " (in the past)" : ""}
              </option>
            ))}
        </select>
      </label>
      <label className="check" title="Otherwise entries wait until you are back at live">
        <input
          type="checkbox"
          checked={endsFirst}
          onChange={({ currentTarget: { checked } }) => travel.actions.endFirst(checked)}
        />{" "}
        New entries end the travel
      </label>
      <span className="orders">
        <button
          type="button"
          className="toggle"
          title="What is shown becomes the page's own states, and the history begins there"
          onClick={() => travel.actions.commit()}
        >
          Commit
        </button>
        <button
          type="button"
          className="toggle"
          title="The states of the history's base become the page's own"
          onClick={() => travel.actions.revert()}
        >
          Revert to base
        </button>
        <button
          type="button"
          className="toggle"
          title="The states that the instances were made with become their own"
          onClick={() => travel.actions.reset()}
        >
          Reset
        </button>
      </span>
      <ConditionForm />
    </div>
  )
}

/** When to lock: data, that the page compares. */
const ConditionForm = () => {
  const connection = useModule(Connection)
  const travel = useModule(Travel)
  const condition = useSelector(connection, (state) => state.travel.condition)
  const instances = useSelector(connection, (state) => state.instances)
  const [where, setWhere] = useState("")
  const [tag, setTag] = useState("")
  const [path, setPath] = useState("")
  const [operator, setOperator] = useState<Operator | "changes">("changes")
  const [value, setValue] = useState("")
  const [issue, setIssue] = useState<string>()
  if (condition !== undefined) {
    return (
      <p className="condition">
        Locks at: <code>{conditionText(condition)}</code>{" "}
        <button type="button" className="toggle" onClick={() => travel.actions.lockWhen(null)}>
          Remove the condition
        </button>
      </p>
    )
  }
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const keys = readPath(path)
    setIssue(keys === undefined ? 'This is no path: write it as in flights["AA-17"].delay.' : undefined)
    if (keys === undefined) return
    const next: Condition = {
      ...(where === "" ? {} : where.includes("#") ? { instanceId: where } : { moduleId: where }),
      ...(tag.trim() === "" ? {} : { tag: tag.trim() }),
      ...(keys.length === 0 ? {} : { path: keys }),
      ...(operator === "changes" ? {} : { is: { operator, value: readValue(value) } })
    }
    travel.actions.lockWhen(next)
  }
  const modules = [...new Set(instances.map(({ moduleId }) => moduleId))]
  return (
    <form className="condition" aria-label="Lock on a condition" onSubmit={submit}>
      Lock at
      <input
        aria-label="Action"
        placeholder="any action"
        value={tag}
        onChange={({ currentTarget }) => setTag(currentTarget.value)}
      />
      <select aria-label="Of" value={where} onChange={({ currentTarget }) => setWhere(currentTarget.value)}>
        <option value="">of any instance</option>
        {modules.map((moduleId) => (
          <option key={moduleId} value={moduleId}>
            of any {moduleId}
          </option>
        ))}
        {instances
          .filter(({ closed }) => !closed)
          .map(({ instanceId }) => (
            <option key={instanceId} value={instanceId}>
              of {instanceId}
            </option>
          ))}
      </select>
      <input
        aria-label="Path"
        placeholder="any path"
        value={path}
        onChange={({ currentTarget }) => setPath(currentTarget.value)}
      />
      <select
        aria-label="Comparison"
        value={operator}
        onChange={({ currentTarget: { selectedIndex } }) =>
          setOperator(operators[selectedIndex - 1] ?? "changes")
        }
      >
        <option value="changes">changes</option>
        {operators.map((each) => (
          <option key={each} value={each}>
            becomes {each}
          </option>
        ))}
      </select>
      {operator === "changes" ? null : (
        <input
          aria-label="Value"
          placeholder="value"
          value={value}
          onChange={({ currentTarget }) => setValue(currentTarget.value)}
        />
      )}
      <button type="submit" className="toggle">
        Set the condition
      </button>
      {issue === undefined ? null : (
        <span className="error" role="alert">
          {issue}
        </span>
      )}
    </form>
  )
}
