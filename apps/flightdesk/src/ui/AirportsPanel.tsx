import { useModule, useSelector } from "@sluice/react"
import { memo, type ReactNode, useState } from "react"
import { Atlas } from "../modules/Atlas.ts"
import { Desk } from "../modules/Desk.ts"
import { type AirportTotals, Flights, meanDelay } from "../modules/Flights.ts"
import { delayColor } from "./delayScale.ts"
import { formatCount, formatMean, plural } from "./format.ts"
import { useFrameSelector } from "./useFrameSelector.ts"
import { usePickAirport } from "./usePickAirport.ts"
import { VirtualRows } from "./VirtualRows.tsx"

const columns = [
  { key: "code", title: "Airport", value: (totals: AirportTotals) => totals.code },
  { key: "arrivals", title: "Arrivals", value: (totals: AirportTotals) => totals.arrivals },
  { key: "departures", title: "Departures", value: (totals: AirportTotals) => totals.departures },
  { key: "mean", title: "Mean delay", value: (totals: AirportTotals) => meanDelay(totals) ?? -Infinity }
] as const

const rowHeight = 32

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
      <VirtualRows
        label="Totals by airport; the mean delay is that of its arrivals"
        role="table"
        count={rows.length}
        rowHeight={rowHeight}
        keyOf={(index) => rows[index]?.code ?? index}
        head={
          <div className="headings" role="rowgroup">
            <div role="row" aria-rowindex={1} className="heading-row">
              {columns.map((each) => (
                <div
                  key={each.key}
                  role="columnheader"
                  className={`cell ${each.key}`}
                  aria-sort={each !== column ? "none" : descending ? "descending" : "ascending"}
                >
                  <button type="button" onClick={() => sortBy(each)}>
                    {each.title}
                    <span className="sort-mark" aria-hidden="true">
                      {each !== column ? "" : descending ? "▼" : "▲"}
                    </span>
                  </button>
                </div>
              ))}
            </div>
          </div>
        }
        row={(index) => {
          const row = rows[index]
          return row === undefined ? null : (
            <AirportCells
              totals={row}
              city={cities.get(row.code) ?? ""}
              isPicked={row.code === picked}
              onPick={pick}
            />
          )
        }}
      />
      {rows.length === 0 ? <p className="empty">Airports appear as flights arrive.</p> : null}
    </section>
  )
}

interface AirportCellsProps {
  readonly totals: AirportTotals
  readonly city: string
  readonly isPicked: boolean
  readonly onPick: (code: string) => void
}

const AirportCells = memo(({ city, isPicked, onPick, totals }: AirportCellsProps) => {
  const mean = meanDelay(totals)
  return (
    <div role="presentation" className="cells" data-picked={isPicked}>
      <div role="rowheader" className="cell code">
        <button
          type="button"
          className="link"
          aria-pressed={isPicked}
          onClick={() => onPick(isPicked ? "" : totals.code)}
        >
          <b>{totals.code}</b> <span className="muted">{city}</span>
        </button>
      </div>
      <div role="cell" className="cell arrivals">
        {formatCount(totals.arrivals)}
      </div>
      <div role="cell" className="cell departures">
        {formatCount(totals.departures)}
      </div>
      <div role="cell" className="cell mean">
        {formatMean(mean)}
        <span className="swatch" style={{ background: delayColor(mean) }} />
      </div>
    </div>
  )
})
