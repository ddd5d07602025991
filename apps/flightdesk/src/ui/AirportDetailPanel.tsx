import { useModule, useSelector, useSuspenseSource } from "@sluice/react"
import * as Option from "effect/Option"
import * as AsyncResult from "effect/reactivity/AsyncResult"
import { type KeyboardEvent, memo, type ReactNode, Suspense, useEffect, useRef } from "react"
import { type AirportReport, onTimeMinutes } from "../domain/AirportReport.ts"
import { AirportDetail, failureOf, willRetry } from "../modules/AirportDetail.ts"
import { Atlas } from "../modules/Atlas.ts"
import { ErrorBoundary } from "./ErrorBoundary.tsx"
import { formatCount, formatMean, formatMonth, formatShare } from "./format.ts"
import { Icon } from "./Icon.tsx"
import { usePickAirport } from "./usePickAirport.ts"

/** What the server knows of the picked airport. Not there while none is picked. */
export const AirportDetailPanel = (): ReactNode => {
  const detail = useModule(AirportDetail)
  const code = useSelector(detail, (state) => state.code)
  return code === null ? null : <Detail code={code} />
}

/** The focus goes back to where the panel was opened from, or else to the list that the panel covered. */
const useFocusBack = (): (() => void) => {
  const opener = useRef<Element>(null)
  useEffect(() => {
    opener.current = document.activeElement
  }, [])
  return () => {
    const from = opener.current
    if (from instanceof HTMLElement || from instanceof SVGElement) from.focus()
    if (from === document.body || document.activeElement !== from)
      document.querySelector<HTMLElement>(".airports-panel .scroller")?.focus()
  }
}

const Detail = ({ code }: { readonly code: string }) => {
  const detail = useModule(AirportDetail)
  const atlas = useModule(Atlas)
  const pick = usePickAirport()
  const focusBack = useFocusBack()
  const name = useSelector(atlas, ({ airports }) => airports.find((airport) => airport.code === code)?.name)
  const { report } = useSelector(detail)
  const close = (): void => {
    focusBack()
    pick("")
  }
  const closeOnEscape = (event: KeyboardEvent): void => {
    if (event.key === "Escape") close()
  }
  return (
    // Escape closes it from any of its controls.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <section
      className="panel detail-panel"
      aria-labelledby="detail-title"
      aria-busy={report.waiting}
      onKeyDown={closeOnEscape}
    >
      <div className="panel-head">
        <h2 id="detail-title">
          {code} {name === undefined ? null : <span className="muted">{name}</span>}
        </h2>
        <button
          type="button"
          className="button quiet refresh"
          aria-label={`Load ${code} again`}
          disabled={report.waiting}
          onClick={() => detail.actions.again()}
        >
          <Icon name="restart" />
        </button>
        <button type="button" className="button quiet" aria-label={`Close ${code}`} onClick={close}>
          <Icon name="close" />
        </button>
      </div>
      <ErrorBoundary resetKey={report} fallback={<Failure code={code} />}>
        <Suspense fallback={<Progress code={code} />}>
          <Report />
        </Suspense>
      </ErrorBoundary>
    </section>
  )
}

/** While there is nothing to show yet: also between a failed attempt and the next. */
const Progress = ({ code }: { readonly code: string }) => {
  const detail = useModule(AirportDetail)
  const { report, retries } = useSelector(detail)
  const problem =
    retries > 0 || !report.waiting ? Option.getOrUndefined(AsyncResult.error(report)) : undefined
  return (
    <output className="notice">
      {problem === undefined
        ? `Loading ${code}…`
        : `${problem.message} Trying again (${Math.max(retries, 1)})…`}
    </output>
  )
}

const Failure = ({ code }: { readonly code: string }) => {
  const detail = useModule(AirportDetail)
  const problem = useSelector(detail, failureOf)
  const retries = useSelector(detail, willRetry)
  const before = useSelector(detail, ({ report }) => Option.getOrUndefined(AsyncResult.value(report)))
  return (
    <>
      {retries ? (
        <Progress code={code} />
      ) : (
        <div className="notice bad" role="alert">
          <span>
            <b>{before === undefined ? `No details of ${code}.` : "These details may be old."}</b>{" "}
            {problem?.message}
          </span>
          <button type="button" className="button" onClick={() => detail.actions.again()}>
            Try again
          </button>
        </div>
      )}
      {before === undefined ? null : <ReportText report={before} />}
    </>
  )
}

const Report = () => {
  const detail = useModule(AirportDetail)
  const report = useSuspenseSource(detail, "report")
  return <ReportText report={report} />
}

const ReportText = memo(({ report }: { readonly report: AirportReport }) => (
  <div className="report">
    <p className="muted">
      {report.airport.city}, {report.airport.state}, over the whole quarter. On time is at most{" "}
      {onTimeMinutes} minutes late.
    </p>
    <dl className="tiles">
      <Tile name="Arrivals" value={formatCount(report.arrivals)} />
      <Tile name="Departures" value={formatCount(report.departures)} />
      <Tile name="Mean delay" value={formatMean(report.meanDelay)} />
      <Tile name="On time" value={report.onTimeShare === null ? "–" : formatShare(report.onTimeShare)} />
    </dl>
    <Hours byHour={report.byHour} />
    <table className="small-table">
      <caption>Busiest routes</caption>
      <thead>
        <tr>
          <th scope="col">Route</th>
          <th scope="col">Flights</th>
          <th scope="col">Mean delay</th>
        </tr>
      </thead>
      <tbody>
        {report.routes.map((route) => (
          <tr key={`${route.origin}-${route.destination}`}>
            <th scope="row">
              {route.origin} → {route.destination}
            </th>
            <td>{formatCount(route.flights)}</td>
            <td>{formatMean(route.meanDelay)}</td>
          </tr>
        ))}
      </tbody>
    </table>
    <table className="small-table">
      <caption>By month</caption>
      <thead>
        <tr>
          <th scope="col">Month</th>
          <th scope="col">Flights</th>
          <th scope="col">Mean delay</th>
        </tr>
      </thead>
      <tbody>
        {report.byMonth.map((month) => (
          <tr key={month.month}>
            <th scope="row">{formatMonth(month.month)}</th>
            <td>{formatCount(month.flights)}</td>
            <td>{formatMean(month.meanDelay)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </div>
))

const Tile = ({ name, value }: { readonly name: string; readonly value: string }) => (
  <div className="tile">
    <dt>{name}</dt>
    <dd>{value}</dd>
  </div>
)

const Hours = ({ byHour }: { readonly byHour: ReadonlyArray<number> }) => {
  const most = Math.max(...byHour, 1)
  const bars = byHour.map((count, hour) => ({ hour, height: (count / most) * 42 }))
  const busiest = byHour.indexOf(Math.max(...byHour))
  return (
    <figure className="hours">
      <figcaption>
        Flights by hour <span className="muted">busiest at {String(busiest).padStart(2, "0")}:00</span>
      </figcaption>
      <svg viewBox="0 0 240 56" role="img" aria-label={`Flights by hour of the day: ${byHour.join(", ")}`}>
        {bars.map(({ height, hour }) => (
          <rect key={hour} x={hour * 10 + 1} y={44 - height} width="8" height={height} rx="1" />
        ))}
        {[0, 6, 12, 18].map((hour) => (
          <text key={hour} x={hour * 10 + 1} y="55">
            {String(hour).padStart(2, "0")}
          </text>
        ))}
      </svg>
    </figure>
  )
}
