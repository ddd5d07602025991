import { useSelector } from "@sluice/react"
import { type ReactNode, useMemo } from "react"
import { count } from "../../ui/format.ts"
import type { HandlerEvent, Letter } from "./Activity.ts"
import { isFiltered, isOf, kinds } from "./Choice.ts"
import { kindLabels, type Outcome, outcomeTexts } from "./texts.ts"
import { useChoice } from "./useHandlers.ts"

const outcomes = Object.keys(outcomeTexts) as ReadonlyArray<Outcome>

/** With the one that is chosen, also where there is none of it any more. */
const namesOf = (names: Iterable<string | undefined>, chosen: string): ReadonlyArray<string> =>
  [...new Set([...names, chosen])]
    .flatMap((name) => (name === undefined || name === "" ? [] : [name]))
    .toSorted()

export const Filters = ({
  events,
  letters
}: {
  readonly events: ReadonlyArray<HandlerEvent>
  readonly letters: ReadonlyArray<Letter>
}): ReactNode => {
  const choice = useChoice()
  const chosen = useSelector(choice)
  const { handler, instanceId, outcome } = chosen
  const told = useMemo(() => [...events, ...letters], [events, letters])
  const instances = namesOf(
    told.map((each) => each.instanceId),
    instanceId
  )
  const handlers = namesOf(
    told.map((each) => each.handler),
    handler
  )
  const own = useMemo(() => events.filter((event) => isOf(chosen, event)), [events, chosen])
  return (
    <div className="bar tools">
      <Pick
        label="Instance"
        all="all instances"
        names={instances}
        value={instanceId}
        onPick={choice.actions.instance}
      />
      <Pick
        label="Handler"
        all="all handlers"
        names={handlers}
        value={handler}
        onPick={choice.actions.handler}
      />
      <select
        aria-label="Outcome"
        value={outcome}
        onChange={(event) => choice.actions.outcome(event.currentTarget.value)}
      >
        <option value="">any outcome</option>
        <option value="failed">all that failed</option>
        {outcomes.map((each) => (
          <option key={each} value={each}>
            {outcomeTexts[each]}
          </option>
        ))}
      </select>
      <fieldset className="kinds" aria-label="What is shown">
        {kinds.map((kind) => (
          <button
            key={kind}
            type="button"
            className="toggle"
            aria-pressed={chosen.kinds.includes(kind)}
            onClick={() => choice.actions.toggle(kind)}
          >
            {kindLabels[kind]} <small>{count(own.filter(({ _tag }) => _tag === kind).length)}</small>
          </button>
        ))}
      </fieldset>
      {isFiltered(chosen) ? (
        <button type="button" className="toggle" onClick={() => choice.actions.clear()}>
          Show all
        </button>
      ) : null}
    </div>
  )
}

const Pick = ({
  all,
  label,
  names,
  onPick,
  value
}: {
  readonly label: string
  readonly all: string
  readonly names: ReadonlyArray<string>
  readonly value: string
  readonly onPick: (name: string) => void
}) => (
  <select aria-label={label} value={value} onChange={(event) => onPick(event.currentTarget.value)}>
    <option value="">{all}</option>
    {names.map((name) => (
      <option key={name} value={name}>
        {name}
      </option>
    ))}
  </select>
)
