import { useModule, useSelector } from "@sluice/react"
import { type ReactNode, useId, useState } from "react"
import { Rule } from "../domain/Alert.ts"
import { Atlas } from "../modules/Atlas.ts"
import { Watch, type WatchedAlert } from "../modules/Watch.ts"
import { formatCount, formatMoment, plural } from "./format.ts"
import { Icon } from "./Icon.tsx"
import { useFrameSelector } from "./useFrameSelector.ts"
import { VirtualList } from "./VirtualTable.tsx"

type RuleDraft = Omit<Rule, "id">

export const WatchPanel = (): ReactNode => (
  <section className="panel watch-panel" data-view="watch" aria-labelledby="watch-title">
    <div className="panel-head">
      <h2 id="watch-title">Watch</h2>
      <AlertCounts />
    </div>
    <Rules />
    <TroubleNotice />
    <Alerts />
  </section>
)

const AlertCounts = () => {
  const watch = useModule(Watch)
  const raised = useFrameSelector(watch, (state) => state.alerts.size)
  const recorded = useFrameSelector(watch, (state) => state.recorded)
  return (
    <span className="muted count">
      {plural(raised, "alert")}, {formatCount(raised - recorded)} waiting
    </span>
  )
}

const Rules = () => {
  const watch = useModule(Watch)
  const rules = useSelector(watch, (state) => state.rules)
  return (
    <div className="rules">
      <ul aria-label="Rules">
        {rules.map((rule) => (
          <li key={rule.id} className="rule">
            <RuleFields rule={rule} onChange={(draft) => watch.actions.editRule({ ...draft, id: rule.id })} />
            <button
              type="button"
              className="button quiet"
              aria-label={`Remove the rule over ${rule.minutes} minutes late ${rule.direction} ${rule.airport || "any airport"}`}
              onClick={() => watch.actions.removeRule(rule.id)}
            >
              <Icon name="close" />
            </button>
          </li>
        ))}
      </ul>
      {rules.length === 0 ? <p className="muted">No rules: no flight raises an alert.</p> : null}
      <NewRule />
    </div>
  )
}

const NewRule = () => {
  const watch = useModule(Watch)
  const [draft, setDraft] = useState<RuleDraft>({ minutes: 120, direction: "into", airport: "" })
  return (
    <form
      className="rule new-rule"
      aria-label="New rule"
      onSubmit={(event) => {
        event.preventDefault()
        watch.actions.addRule(draft)
      }}
    >
      <RuleFields rule={draft} onChange={setDraft} />
      <button type="submit" className="button quiet" aria-label="Add this rule">
        <Icon name="plus" />
      </button>
    </form>
  )
}

const { direction: Direction } = Rule.fields

const RuleFields = ({
  onChange,
  rule
}: {
  readonly rule: RuleDraft
  readonly onChange: (rule: RuleDraft) => void
}) => {
  const atlas = useModule(Atlas)
  const airports = useSelector(atlas, (state) => state.airports)
  const minutesId = useId()
  return (
    <span className="rule-fields">
      <label htmlFor={minutesId}>over</label>
      <input
        id={minutesId}
        type="number"
        aria-label="Minutes late"
        min={0}
        max={999}
        required
        value={rule.minutes}
        onChange={({ target }) => {
          const minutes = target.valueAsNumber
          if (Number.isInteger(minutes) && minutes >= 0) onChange({ ...rule, minutes })
        }}
      />
      <span>min late</span>
      <select
        aria-label="Direction"
        value={rule.direction}
        onChange={({ target }) => {
          const direction = Direction.literals.find((literal) => literal === target.value)
          if (direction !== undefined) onChange({ ...rule, direction })
        }}
      >
        {Direction.literals.map((direction) => (
          <option key={direction} value={direction}>
            {direction}
          </option>
        ))}
      </select>
      <select
        aria-label="Airport"
        value={rule.airport}
        onChange={({ target }) => onChange({ ...rule, airport: target.value })}
      >
        <option value="">any airport</option>
        {rule.airport !== "" && airports.length === 0 ? <option>{rule.airport}</option> : null}
        {airports.map(({ code, city }) => (
          <option key={code} value={code}>
            {code} {city}
          </option>
        ))}
      </select>
    </span>
  )
}

const TroubleNotice = () => {
  const watch = useModule(Watch)
  const trouble = useFrameSelector(watch, (state) => state.trouble)
  if (trouble === null) return null
  return (
    <div className="notice bad" role="alert">
      <span>
        <b>{trouble.message}</b> Alerts wait here, none is lost
        {trouble.attempts === 0
          ? "."
          : `; ${plural(trouble.attempts, "try", "tries")} so far, trying again.`}{" "}
        While 64 wait, the replay waits too.
      </span>
    </div>
  )
}

const Alerts = () => {
  const watch = useModule(Watch)
  const alerts = useFrameSelector(watch, (state) => state.alerts)
  if (alerts.size === 0) {
    return <p className="empty">An alert is raised for each flight that fits a rule.</p>
  }
  return (
    <VirtualList
      label="Alerts, newest first"
      count={alerts.size}
      rowHeight={46}
      keyOf={(index) => alerts.at(alerts.size - 1 - index)?.id ?? index}
      renderRow={(index) => {
        const alert = alerts.at(alerts.size - 1 - index)
        return alert === undefined ? null : <AlertRow alert={alert} />
      }}
    />
  )
}

const AlertRow = ({ alert: { flight, place, rule } }: { readonly alert: WatchedAlert }) => (
  <div className="alert-row">
    <div>
      <b>
        {flight.origin} → {flight.destination}
      </b>{" "}
      <span className="late">{flight.delay} min late</span>
      <div className="muted small">
        {formatMoment(flight.time)} · {rule}
      </div>
    </div>
    <span className="chip" data-state={place === null ? "waiting" : "recorded"}>
      {place === null ? "Waiting" : `Recorded ${formatCount(place)}`}
    </span>
  </div>
)
