import { useModule, useSelector } from "@sluice/react"
import { memo, type ReactNode, useState } from "react"
import { Atlas } from "../modules/Atlas.ts"
import { DelayModel } from "../modules/DelayModel.ts"
import { Desk } from "../modules/Desk.ts"
import { type AirportTotals, Flights, meanDelay } from "../modules/Flights.ts"
import { delayColor } from "./delayScale.ts"
import { formatCount, formatMean, plural } from "./format.ts"
import { ModelStatus } from "./ModelStatus.tsx"
import { useFrameSelector } from "./useFrameSelector.ts"
import { usePickAirport } from "./usePickAirport.ts"
import { Cell, type Column, VirtualTable } from "./VirtualTable.tsx"

type ColumnKey = "code" | "arrivals" | "departures" | "mean" | "expected"

/** `expected` is what the delay model expects of the next arrival; undefined until it has learned of one. */
interface AirportRow extends AirportTotals {
  readonly expected: number | undefined
}

const columns: ReadonlyArray<Column<ColumnKey>> = [
  { key: "code", title: "Airport" },
  { key: "arrivals", title: "Arrivals" },
  { key: "departures", title: "Depart." },
  { key: "mean", title: "Mean" },
  { key: "expected", title: "Expected" }
]

const valueOf: Record<ColumnKey, (totals: AirportRow) => string | number> = {
  code: ({ code }) => code,
  arrivals: ({ arrivals }) => arrivals,
  departures: ({ departures }) => departures,
  mean: (totals) => meanDelay(totals) ?? -Infinity,
  expected: ({ expected }) => expected ?? -Infinity
}

const rowHeight = 32

const compareBy =
  (column: ColumnKey, descending: boolean) =>
  (a: AirportRow, b: AirportRow): number => {
    const [left, right] = [valueOf[column](a), valueOf[column](b)]
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
  const forecasts = useFrameSelector(useModule(DelayModel), (state) => state.airports)
  const picked = useSelector(desk, (state) => state.filter.airport)
  const airports = useSelector(atlas, (state) => state.airports)
  const [column, setColumn] = useState<ColumnKey>("arrivals")
  const [descending, setDescending] = useState(true)
  const cities = new Map(airports.map(({ city, code }) => [code, city]))
  const expected = new Map(forecasts.map((forecast) => [forecast.code, forecast.expected]))
  const rows = totals
    .toArray()
    .map((row) => ({ ...row, expected: expected.get(row.code) }))
    .sort(compareBy(column, descending))

  const sortBy = (chosen: ColumnKey): void => {
    setDescending(chosen === column ? !descending : chosen !== "code")
    setColumn(chosen)
  }

  return (
    <section className="panel airports-panel" data-view="airports" aria-labelledby="airports-title">
      <div className="panel-head">
        <h2 id="airports-title">Airports</h2>
        <span className="muted count">{plural(rows.length, "airport")}</span>
      </div>
      <ModelStatus />
      <VirtualTable
        label="Totals by airport; the mean delay is that of its arrivals, the expected one that of the next"
        columns={columns}
        sortedBy={column}
        descending={descending}
        onSort={sortBy}
        count={rows.length}
        rowHeight={rowHeight}
        keyOf={(index) => rows[index]?.code ?? index}
        renderRow={(index) => {
          const row = rows[index]
          return row === undefined ? null : (
            <AirportCells
              {...row}
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

interface AirportCellsProps extends AirportRow {
  readonly city: string
  readonly isPicked: boolean
  readonly onPick: (code: string) => void
}

const AirportCells = memo(({ city, expected, isPicked, onPick, ...totals }: AirportCellsProps) => {
  const { arrivals, code, departures } = totals
  const mean = meanDelay(totals)
  return (
    <div role="presentation" className="cells" data-picked={isPicked}>
      <Cell column="code" isHeader>
        <button
          type="button"
          className="link"
          aria-pressed={isPicked}
          onClick={() => onPick(isPicked ? "" : code)}
        >
          <b>{code}</b> <span className="muted">{city}</span>
        </button>
      </Cell>
      <Cell column="arrivals">{formatCount(arrivals)}</Cell>
      <Cell column="departures">{formatCount(departures)}</Cell>
      <Cell column="mean">
        {formatMean(mean)}
        <span className="swatch" style={{ background: delayColor(mean) }} />
      </Cell>
      <Cell column="expected">{formatMean(expected)}</Cell>
    </div>
  )
})
