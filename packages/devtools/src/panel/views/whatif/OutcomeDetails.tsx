/** One entry as it would have been: its states before and after, and what of them it changed. */
import { useSelector } from "@sluice/react"
import type { ReactNode } from "react"
import type { Root, Success } from "../../../protocol/index.ts"
import { Changes } from "../../ui/Changes.tsx"
import { Tree } from "../../ui/Tree.tsx"
import { ValueText } from "../../ui/ValueText.tsx"
import { useAnswer } from "../../useAnswer.ts"
import type { Outcome } from "./OutcomeList.tsx"
import { useWhatIf } from "./useWhatIf.ts"

export const OutcomeDetails = (): ReactNode => {
  const whatIf = useWhatIf()
  const selected = useSelector(whatIf, (state) => state.selected)
  const result = useSelector(whatIf, (state) => state.result)
  return result === null || selected === null ? null : <Details result={result} index={selected} />
}

const Details = ({ index, result }: { readonly result: Success<"Recompute">; readonly index: number }) => {
  const { recomputed } = result
  const { value } = useAnswer(
    "Outcomes",
    { recomputed, from: index, to: index + 1 },
    { changes: false, keep: true }
  )
  const outcome = value?.entries[0]
  const before: Root = { _tag: "Recomputed", recomputed, index, side: "before" }
  const after: Root = { _tag: "Recomputed", recomputed, index, side: "after" }
  if (outcome === undefined) return <div className="outcome-details" />
  return (
    <section className="outcome-details" aria-label="Recomputed entry">
      <div className="bar">
        <span className="subject">
          {outcome.origin.name} <small>{outcome.txnId}</small>
        </span>
      </div>
      <div className="body">
        <Acts outcome={outcome} index={index} entries={result.entries} />
        <What outcome={outcome} />
        <h3>What it changes</h3>
        <div>
          <Changes before={before} after={after} />
        </div>
        <div className="sides">
          <div>
            <Tree key={`before ${recomputed} ${index}`} label="before" root={before} />
          </div>
          <div>
            <Tree key={`after ${recomputed} ${index}`} label="after" root={after} />
          </div>
        </div>
      </div>
    </section>
  )
}

const Acts = ({
  entries,
  index,
  outcome
}: {
  readonly outcome: Outcome
  readonly index: number
  readonly entries: number
}) => {
  const whatIf = useWhatIf()
  const entry = {
    txnId: outcome.txnId,
    name: `${outcome.origin.name} ${outcome.txnId.split("::").at(-1) ?? ""}`
  }
  return (
    <div className="acts">
      <button
        type="button"
        className="primary"
        title="The page shows these states until you are back at live"
        onClick={() => whatIf.actions.show(index + 1)}
      >
        Show in the app
      </button>
      <button type="button" className="toggle" onClick={() => whatIf.actions.show(entries)}>
        Show the end in the app
      </button>
      <button type="button" className="toggle" onClick={() => whatIf.actions.take(entry)}>
        Move
      </button>
    </div>
  )
}

const texts: Readonly<Record<Outcome["outcome"], string>> = {
  unchanged: "It comes out as it was recorded.",
  recomputed: "It comes out otherwise than it was recorded.",
  conflict:
    "No reducer made it, and at these places it would not have found what it found. There nothing is written:",
  failed: "Its reducer throws here, so that nothing of it is done:",
  skipped: "It is left out."
}

const reasons = {
  changed: "something else stands there",
  absent: "nothing stands there",
  present: "something stands there already"
} as const

const What = ({ outcome: { conflicts, error, outcome } }: { readonly outcome: Outcome }) => (
  <div>
    <p>{texts[outcome]}</p>
    {error === undefined ? null : (
      <p className="error">
        <ValueText value={error} />
      </p>
    )}
    {conflicts === undefined ? null : (
      <ul aria-label="Conflicts">
        {conflicts.map(({ path, reason }) => (
          <li key={path}>
            <code>{path}</code>: {reasons[reason]}
          </li>
        ))}
      </ul>
    )}
  </div>
)
