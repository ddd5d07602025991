import { useModule, useSelector } from "@sluice/react"
import { memo, type ReactNode, useState } from "react"
import { Atlas } from "../modules/Atlas.ts"
import { Desk } from "../modules/Desk.ts"
import { type AirportTotals, Flights, meanDelay } from "../modules/Flights.ts"
import { delayColor } from "./delayScale.ts"
import { formatCount, formatMean, plural } from "./format.ts"
import { useFrameSelector } from "./useFrameSelector.ts"
import { usePickAirport } from "./usePickAirport.ts"

const columns = [
  { key: "code", title: "Airport", value: (totals: AirportTotals) => totals.code },
  { key: "arrivals", title: "Arrivals", value: (totals: AirportTotals) => totals.arrivals },
  { key: "departures", title: "Departures", value: (totals: AirportTotals) => totals.departures },
  { key: "mean", title: "Mean delay", value: (totals: AirportTotals) => meanDelay(totals) ?? -Infinity }
] as const

type Column = (typeof columns)[number]

const compareBy =
  ({ value }: Column, descending: boolean) =>
  (a: AirportTotals, b: AirportTotals): number => {
    const [left, right] = [value(a), value(b)]
    const order = left < right ? -1 : left > right ? 1 : 0
    return (descending ? -order : order) || (a.code < b.code ? -1 : 1)
  }

/** The list that says what the map shows. */
export const AirportsPanel = (): ReactNode => {
  const flights = useModule(Flights)
  const desk = useModule(Desk)
  const atlas = useModule(Atlas)
  const pick = usePickAirport()
  const totals = useFrameSelector(flights, (state) => state.airports)
  const picked = useSelector(desk, (state) => state.filter.airport)
  const airports = useSelector(atlas, (state) => state.airports)
  const [column, setColumn] = useState<Column>(columns[1])
  const [descending, setDescending] = useState(true)
  const cities = new Map(airports.map(({ city, code }) => [code, city]))
  const rows = totals.toArray().sort(compareBy(column, descending))

  const sortBy = (chosen: Column): void => {
    setDescending(chosen === column ? !descending : chosen.key !== "code")
    setColumn(chosen)
  }

  return (
    <section className="panel airports-panel" data-view="airports" aria-labelledby="airports-title">
      <div className="panel-head">
        <h2 id="airports-title">Airports</h2>
        <span className="muted count">{plural(rows.length, "airport")}</span>
      </div>
      {/* A part of the page that scrolls must be within the keyboard's reach. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className="scroller" role="region" aria-labelledby="airports-title" tabIndex={0}>
        <table className="airports-table">
          <caption className="visually-hidden">
            Totals by airport. The mean delay is that of its arrivals.
          </caption>
          <thead>
            <tr>
              {columns.map((each) => (
                <th
                  key={each.key}
                  scope="col"
                  aria-sort={each !== column ? "none" : descending ? "descending" : "ascending"}
                >
                  <button type="button" onClick={() => sortBy(each)}>
                    {each.title}
                    <span className="sort-mark" aria-hidden="true">
                      {each !== column ? "" : descending ? "▼" : "▲"}
                    </span>
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <AirportRow
                key={row.code}
                totals={row}
                city={cities.get(row.code) ?? ""}
                isPicked={row.code === picked}
                onPick={pick}
              />
            ))}
          </tbody>
        </table>
        {rows.length === 0 ? <p className="empty">Airports appear as flights arrive.</p> : null}
      </div>
    </section>
  )
}

interface AirportRowProps {
  readonly totals: AirportTotals
  readonly city: string
  readonly isPicked: boolean
  readonly onPick: (code: string) => void
}

const AirportRow = memo(({ city, isPicked, onPick, totals }: AirportRowProps) => {
  const mean = meanDelay(totals)
  return (
    <tr data-picked={isPicked}>
      <th scope="row">
        <button
          type="button"
          className="link"
          aria-pressed={isPicked}
          onClick={() => onPick(isPicked ? "" : totals.code)}
        >
          <b>{totals.code}</b> <span className="muted">{city}</span>
        </button>
      </th>
      <td>{formatCount(totals.arrivals)}</td>
      <td>{formatCount(totals.departures)}</td>
      <td>
        {formatMean(mean)}
        <span className="swatch" style={{ background: delayColor(mean) }} />
      </td>
    </tr>
  )
})
