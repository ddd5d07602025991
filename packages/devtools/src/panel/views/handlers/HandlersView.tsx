/** What handlers computed outside a module's own code, what became of them, and what they gave up. */
import { useSelector } from "@sluice/react"
import { type ReactNode, useMemo } from "react"
import type { PanelView } from "../../PanelView.ts"
import { count } from "../../ui/format.ts"
import type { HandlerEvent } from "./Activity.ts"
import { isFiltered, isOf, isShown } from "./Choice.ts"
import { DeadLetters } from "./DeadLetters.tsx"
import { EmptyHandlers } from "./EmptyHandlers.tsx"
import { EventDetails } from "./EventDetails.tsx"
import { EventList } from "./EventList.tsx"
import { Filters } from "./Filters.tsx"
import { styles } from "./styles.ts"
import { TotalsTable } from "./TotalsTable.tsx"
import { totalsOf } from "./totals.ts"
import { useActivity, useChoice } from "./useHandlers.ts"

const HandlersComponent = (): ReactNode => {
  const { failure, handled, isKnown, letters, recorded } = useSelector(useActivity())
  if (failure !== null && !isKnown)
    return (
      <p className="error body" role="alert">
        {failure}
      </p>
    )
  if (!isKnown) return <p className="hint body">…</p>
  return recorded === 0 && letters.length === 0 ? <EmptyHandlers handled={handled} /> : <Told />
}

const Told = () => {
  const { dropped, events, failure, letters, missed, recorded } = useSelector(useActivity())
  const choice = useChoice()
  const chosen = useSelector(choice)
  const shown = useMemo(() => events.filter((event) => isShown(chosen, event)).toReversed(), [events, chosen])
  const totals = useMemo(() => totalsOf(events.filter((event) => isOf(chosen, event))), [events, chosen])
  const selected = events.find(({ n }) => n === chosen.selected)
  return (
    <>
      <div className="handlers">
        <Filters events={events} letters={letters} />
        {failure === null ? null : (
          <p className="notice failed" role="alert">
            {failure}
          </p>
        )}
        <EventList
          events={shown}
          empty={isFiltered(chosen) ? "Nothing matches the filter." : "Nothing is kept."}
        />
        <div className="bar counts">
          <span className="note">
            {count(shown.length)} shown of {count(events.length)} · <b>{count(recorded)}</b> recorded
          </span>
          {dropped > 0 ? (
            <span className="lost" title={`The page keeps the last ${count(recorded - dropped)}`}>
              {count(dropped)} dropped
            </span>
          ) : null}
          {missed > 0 ? (
            <span className="lost" title="They left before this panel asked for them">
              {count(missed)} missed
            </span>
          ) : null}
        </div>
      </div>
      <div className="details handler-details">
        <div className="body">
          <DeadLetters letters={letters.filter((letter) => isOf(chosen, letter))} />
          <Chosen event={selected} />
          <TotalsTable totals={totals} chosen={chosen.handler} onChoose={choice.actions.handler} />
        </div>
      </div>
    </>
  )
}

const Chosen = ({ event }: { readonly event: HandlerEvent | undefined }) =>
  event === undefined ? (
    <p className="hint">Choose a line for all that is known of it.</p>
  ) : (
    <EventDetails event={event} />
  )

export const handlersView: PanelView = {
  id: "handlers",
  label: "Handlers",
  Component: HandlersComponent,
  styles
}
