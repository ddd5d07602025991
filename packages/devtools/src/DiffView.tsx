import { type ReactNode, useMemo, useState } from "react"
import { type Change, defaultDiffLimits, diff, formatPath } from "./diff.ts"
import { count } from "./format.ts"
import { inspect, lineOf } from "./inspect.ts"
import { StateTree } from "./StateTree.tsx"

const signs = { added: "+", removed: "−", changed: "~" }

export interface DiffViewProps {
  readonly before: unknown
  readonly after: unknown
}

/** The changes between two states, computed when it is shown; more of them when asked for. */
export const DiffView = ({ after, before }: DiffViewProps): ReactNode => {
  const [factor, setFactor] = useState(1)
  const { changes, complete } = useMemo(
    () =>
      diff(before, after, {
        changes: defaultDiffLimits.changes * factor,
        steps: defaultDiffLimits.steps * factor
      }),
    [before, after, factor]
  )
  if (changes.length === 0 && complete) {
    return <p className="hint">Another object with the same content: nothing to tell apart.</p>
  }
  return (
    <>
      <ul className="changes" aria-label="Changes">
        {changes.map((change, index) => (
          // Keys of a Map may look alike; the changes of one diff keep their places.
          // oxlint-disable-next-line react/no-array-index-key
          <ChangeItem key={index} change={change} />
        ))}
      </ul>
      {complete ? null : (
        <p className="hint">
          The first {count(changes.length)} changes.{" "}
          <button type="button" className="link" onClick={() => setFactor(factor * 5)}>
            Show more
          </button>
        </p>
      )}
    </>
  )
}

const ChangeItem = ({ change }: { readonly change: Change }) => (
  <li className={change.kind}>
    <div className="path">
      <abbr className="sign" title={change.kind}>
        {signs[change.kind]}
      </abbr>
      {formatPath(change.path)}
    </div>
    {change.kind === "added" ? null : <Side name="before" value={change.before} />}
    {change.kind === "removed" ? null : <Side name="after" value={change.after} />}
  </li>
)

/** In a line; what has parts can be opened. */
const Side = ({ name, value }: { readonly name: "before" | "after"; readonly value: unknown }) => (
  <div className={`side ${name}`}>
    {typeof value === "object" && value !== null && inspect(value).size > 0 ? (
      <StateTree label={name} read={() => value} isOpen={false} />
    ) : (
      <>
        <span className="label">{name}</span> <span>{lineOf(value)}</span>
      </>
    )}
  </div>
)
