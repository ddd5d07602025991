import { useModule } from "@sluice/react"
import { type ReactNode, useId, useState } from "react"
import { Watch, type WatchedAlert } from "../modules/Watch.ts"
import { formatCount, formatMoment, plural } from "./format.ts"
import { LuaRules } from "./LuaRules.tsx"
import { Rules } from "./Rules.tsx"
import { useFrameSelector } from "./useFrameSelector.ts"
import { VirtualList } from "./VirtualTable.tsx"

export const WatchPanel = (): ReactNode => {
  const [hasRules, setHasRules] = useState(true)
  const [isLua, setIsLua] = useState(false)
  const rulesId = useId()
  return (
    <section className="panel watch-panel" data-view="watch" aria-labelledby="watch-title">
      <div className="panel-head">
        <h2 id="watch-title">Watch</h2>
        <button
          type="button"
          className="button quiet fold"
          aria-expanded={hasRules}
          aria-controls={rulesId}
          onClick={() => setHasRules(!hasRules)}
        >
          {hasRules ? "Hide rules" : "Show rules"}
        </button>
        {hasRules ? (
          <button
            type="button"
            className="button quiet fold lua-toggle"
            aria-pressed={isLua}
            onClick={() => setIsLua(!isLua)}
          >
            In Lua
          </button>
        ) : null}
        <AlertCounts />
      </div>
      {hasRules ? isLua ? <LuaRules id={rulesId} /> : <Rules id={rulesId} /> : null}
      <TroubleNotice />
      <Alerts />
    </section>
  )
}

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
