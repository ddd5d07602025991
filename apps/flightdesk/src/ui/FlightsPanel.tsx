import { useModule, useSelector } from "@sluice/react"
import { memo, type ReactNode, useDeferredValue, useId, useMemo, useState } from "react"
import { makeVisibleFlights } from "../desk/visibleFlights.ts"
import type { Flight } from "../domain/Flight.ts"
import { AirportDetail } from "../modules/AirportDetail.ts"
import { Atlas } from "../modules/Atlas.ts"
import { Desk, type Filter, noFilter, type Sort, type SortKey } from "../modules/Desk.ts"
import { Flights } from "../modules/Flights.ts"
import { Replay } from "../modules/Replay.ts"
import { severity } from "./delayScale.ts"
import { formatCount, formatDay, formatDelay, formatTime, plural } from "./format.ts"
import { useFrameSelector } from "./useFrameSelector.ts"
import { usePickAirport } from "./usePickAirport.ts"
import { Cell, type Column, VirtualTable } from "./VirtualTable.tsx"

const rowHeight = 34

export const FlightsPanel = (): ReactNode => {
  const flights = useModule(Flights)
  const desk = useModule(Desk)
  const arrived = useFrameSelector(flights, (state) => state.flights)
  const { filter, sort } = useSelector(desk)
  // The fields show at once what is typed; the rows follow when there is time for them.
  const shownFilter = useDeferredValue(filter)
  const shownSort = useDeferredValue(sort)
  const [visibleFlights] = useState(makeVisibleFlights)
  const rows = useMemo(
    () => visibleFlights(arrived, shownFilter, shownSort.by),
    [visibleFlights, arrived, shownFilter, shownSort.by]
  )
  return (
    <section
      className="panel flights-panel"
      data-view="flights"
      aria-labelledby="flights-title"
      aria-busy={shownFilter !== filter || shownSort !== sort}
    >
      <div className="panel-head">
        <h2 id="flights-title">Flights</h2>
        <span className="muted count">
          {rows.length === arrived.size
            ? plural(arrived.size, "flight")
            : `${formatCount(rows.length)} of ${plural(arrived.size, "flight")}`}
        </span>
      </div>
      <Filters filter={filter} />
      <Rejections />
      <FlightsTable rows={rows} sort={shownSort} />
      {rows.length === 0 ? <NoFlights hasFlights={arrived.size > 0} /> : null}
    </section>
  )
}

interface FlightsTableProps {
  /** In ascending order. */
  readonly rows: ReadonlyArray<Flight>
  readonly sort: Sort
}

const FlightsTable = memo(({ rows, sort }: FlightsTableProps) => {
  const desk = useModule(Desk)
  const rowAt = (index: number): Flight | undefined => rows[sort.descending ? rows.length - 1 - index : index]
  return (
    <VirtualTable
      label="Flights"
      columns={columns}
      // Flights arrive in the order of their time, so the order of arrival is shown as that of time.
      sortedBy={sort.by === "arrival" ? "time" : sort.by}
      descending={sort.descending}
      onSort={(key) => desk.actions.sorted(key === "time" ? "arrival" : key)}
      count={rows.length}
      rowHeight={rowHeight}
      keyOf={(index) => rowAt(index)?.id ?? index}
      renderRow={(index) => {
        const flight = rowAt(index)
        return flight === undefined ? null : <FlightCells flight={flight} />
      }}
    />
  )
})

const NoFlights = ({ hasFlights }: { readonly hasFlights: boolean }) => {
  const desk = useModule(Desk)
  const replay = useModule(Replay)
  const status = useSelector(replay, (state) => state.status)
  if (hasFlights) {
    return (
      <div className="empty">
        <p>No flight that has arrived fits this filter.</p>
        <button type="button" className="button" onClick={() => desk.actions.filtered(noFilter)}>
          Show all flights
        </button>
      </div>
    )
  }
  return (
    <div className="empty">
      <p>{status === "loading" ? "Loading flights…" : "No flight has arrived yet."}</p>
      {status === "paused" ? (
        <button type="button" className="button" onClick={() => replay.actions.play()}>
          Start the replay
        </button>
      ) : null}
    </div>
  )
}

const columns: ReadonlyArray<Column<Exclude<SortKey, "arrival">>> = [
  { key: "time", title: "Time" },
  { key: "route", title: "Route" },
  { key: "distance", title: "Miles" },
  { key: "delay", title: "Delay" }
]

const FlightCells = memo(({ flight }: { readonly flight: Flight }) => (
  <>
    <Cell column="time">
      <span className="muted">{formatDay(flight.time)}</span> {formatTime(flight.time)}
    </Cell>
    <Cell column="route">
      {flight.origin}
      <span className="arrow">→</span>
      {flight.destination}
    </Cell>
    <Cell column="distance">{formatCount(flight.distance)}</Cell>
    <Cell column="delay">
      <span className="delay-mark" data-severity={severity(flight.delay)}>
        {formatDelay(flight.delay)}
      </span>
    </Cell>
  </>
))

const delayChoices = [1, 15, 30, 60, 120, 240]

const Filters = ({ filter }: { readonly filter: Filter }) => {
  const desk = useModule(Desk)
  const detail = useModule(AirportDetail)
  const atlas = useModule(Atlas)
  const pick = usePickAirport()
  const airports = useSelector(atlas, (state) => state.airports)
  const routeId = useId()
  const isFiltering =
    filter !== noFilter && (filter.airport !== "" || filter.minDelay !== null || filter.route !== "")
  const clear = () => {
    desk.actions.filtered(noFilter)
    detail.actions.closed()
  }
  return (
    // Without JavaScript it asks the server.
    <form className="filters" aria-label="Filter flights" onSubmit={(event) => event.preventDefault()}>
      <label>
        <span>Airport</span>
        <select name="airport" value={filter.airport} onChange={(event) => pick(event.target.value)}>
          <option value="">All</option>
          {airports.map((airport) => (
            <option key={airport.code} value={airport.code}>
              {airport.code} {airport.city}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span>Delay</span>
        <select
          name="delay"
          value={filter.minDelay ?? ""}
          onChange={({ target: { value } }) =>
            desk.actions.filtered({ ...filter, minDelay: value === "" ? null : Number(value) })
          }
        >
          <option value="">Any</option>
          {delayChoices.map((minutes) => (
            <option key={minutes} value={minutes}>
              {minutes} min or more
            </option>
          ))}
        </select>
      </label>
      <label htmlFor={routeId}>
        <span>Route</span>
        <input
          id={routeId}
          type="search"
          name="route"
          placeholder="ORD-LAX"
          autoComplete="off"
          spellCheck={false}
          value={filter.route}
          onChange={(event) => desk.actions.filtered({ ...filter, route: event.target.value })}
        />
      </label>
      <button type="button" className="button quiet" disabled={!isFiltering} onClick={clear}>
        Clear
      </button>
      <noscript>
        <button type="submit" className="button">
          Show
        </button>
      </noscript>
    </form>
  )
}

/** Lines of the data that were no flights. */
const Rejections = () => {
  const flights = useModule(Flights)
  const rejected = useFrameSelector(flights, (state) => state.rejected)
  const rejections = useFrameSelector(flights, (state) => state.rejections)
  if (rejected === 0) return null
  return (
    <details className="notice warn rejections">
      <summary>
        <output>
          <b>{plural(rejected, "line")}</b> of the data could not be read as{" "}
          {rejected === 1 ? "a flight" : "flights"}
        </output>
      </summary>
      <ul>
        {rejections.map(({ index, reason, text }) => (
          <li key={index}>
            Line {formatCount(index + 1)}: {reason} <code>{text}</code>
          </li>
        ))}
      </ul>
      {rejected > rejections.length ? <p>These are the last {rejections.length}.</p> : null}
    </details>
  )
}
