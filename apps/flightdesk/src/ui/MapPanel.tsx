/* oxlint-disable jsx-a11y/prefer-tag-over-role -- an SVG has no tags for these */
import { useModule, useSelector } from "@sluice/react"
import { type KeyboardEvent, memo, type ReactNode, useLayoutEffect, useRef, useState } from "react"
import type { Airport } from "../domain/Airport.ts"
import { mapSize, project } from "../domain/projection.ts"
import { Atlas } from "../modules/Atlas.ts"
import { Desk } from "../modules/Desk.ts"
import { type AirportTotals, Flights, meanDelay } from "../modules/Flights.ts"
import { delayColor, delaySteps, noDelayColor } from "./delayScale.ts"
import { formatMean, plural } from "./format.ts"
import { useFrameSelector } from "./useFrameSelector.ts"
import { usePickAirport } from "./usePickAirport.ts"

const viewBox = `0 0 ${mapSize.width} ${mapSize.height}`

interface Spot {
  readonly airport: Airport
  readonly x: number
  readonly y: number
}

interface Shown extends Spot {
  readonly totals: AirportTotals | undefined
  readonly radius: number
  readonly color: string
}

/** As the outlines. Two machines may differ in the last digits of a sine. */
const toTenth = (length: number): number => Math.round(length * 10) / 10

const spotsOf = (airports: ReadonlyArray<Airport>): ReadonlyArray<Spot> =>
  airports.flatMap((airport) => {
    const place = project(airport)
    return place === undefined ? [] : [{ airport, x: toTenth(place[0]), y: toTenth(place[1]) }]
  })

const trafficOf = (totals: AirportTotals | undefined): number =>
  totals === undefined ? 0 : totals.arrivals + totals.departures

/** Its area grows with the traffic. */
const radiusOf = (traffic: number): number =>
  traffic === 0 ? 1.6 : Math.round((2 + 0.56 * Math.sqrt(traffic)) * 4) / 4

/** Small ones are drawn over large ones. Whole pixels, so that growing seldom changes the order. */
const largestFirst = (a: Shown, b: Shown): number =>
  Math.round(b.radius) - Math.round(a.radius) || (a.airport.code < b.airport.code ? -1 : 1)

const describe = ({ airport, totals }: Shown): string =>
  `${airport.code} ${airport.city}: ${plural(trafficOf(totals), "flight")}, mean delay ${formatMean(
    totals === undefined ? undefined : meanDelay(totals)
  )}`

export const MapPanel = (): ReactNode => {
  const atlas = useModule(Atlas)
  const { airports, outline, problem, status } = useSelector(atlas)
  return (
    <section className="panel map-panel" data-view="map" aria-labelledby="map-title">
      <div className="panel-head">
        <h2 id="map-title">Mean delay by airport</h2>
        <Legend />
      </div>
      <div className="map">
        {outline === null ? null : (
          <svg className="outlines" viewBox={viewBox} aria-hidden="true">
            <path className="land" d={outline.land} />
            <path className="borders" d={outline.borders} />
          </svg>
        )}
        <Airports airports={airports} />
        {status === "failed" ? (
          <div className="notice bad over" role="alert">
            <span>
              <b>The map could not be loaded.</b> {problem} The rest of the desk goes on.
            </span>
            <button type="button" className="button" onClick={() => atlas.actions.load()}>
              Try again
            </button>
          </div>
        ) : null}
        {status === "loading" ? <output className="over muted">Loading the map…</output> : null}
      </div>
    </section>
  )
}

const Legend = () => (
  <ul className="legend" aria-label="Colours: mean delay in minutes">
    {delaySteps.map(({ color, label }) => (
      <li key={label}>
        <span className="swatch" style={{ background: color }} />
        {label}
      </li>
    ))}
  </ul>
)

const distance = (a: Spot, b: Spot): number => (a.x - b.x) ** 2 + (a.y - b.y) ** 2

const directions: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1]
}

/** The nearest spot that lies mainly in that direction. */
const neighbour = (
  spots: ReadonlyArray<Shown>,
  from: Spot,
  [dx, dy]: readonly [number, number]
): Shown | undefined => {
  let best: Shown | undefined
  for (const spot of spots) {
    const along = (spot.x - from.x) * dx + (spot.y - from.y) * dy
    const across = Math.abs((spot.x - from.x) * dy) + Math.abs((spot.y - from.y) * dx)
    if (along <= 0 || across > along) continue
    if (best === undefined || distance(spot, from) < distance(best, from)) best = spot
  }
  return best
}

/** Where a key leads: to a neighbour, or to the first or the last in the order of reading. */
const nextSpot = (spots: ReadonlyArray<Shown>, from: Spot | undefined, key: string): Shown | undefined => {
  if (key === "Home") return spots[0]
  if (key === "End") return spots.at(-1)
  const direction = directions[key]
  return direction === undefined || from === undefined ? undefined : neighbour(spots, from, direction)
}

const Airports = ({ airports }: { readonly airports: ReadonlyArray<Airport> }) => {
  const flights = useModule(Flights)
  const desk = useModule(Desk)
  const pick = usePickAirport()
  const totalsByCode = useFrameSelector(flights, (state) => state.airports)
  const picked = useSelector(desk, (state) => state.filter.airport)
  const [focused, setFocused] = useState<string>()
  const [hovered, setHovered] = useState<string>()
  const [spots, setSpots] = useState({ airports, places: spotsOf(airports) })
  if (spots.airports !== airports) setSpots({ airports, places: spotsOf(airports) })

  const shown = spots.places
    .map((spot): Shown => {
      const totals = totalsByCode.get(spot.airport.code)
      return {
        ...spot,
        totals,
        radius: radiusOf(trafficOf(totals)),
        color: totals === undefined ? noDelayColor : delayColor(meanDelay(totals))
      }
    })
    .sort(largestFirst)

  // One tab stop for the whole map: the airport focused last, or the largest.
  const stop = shown.find(({ airport }) => airport.code === (focused ?? picked)) ?? shown[0]
  const pointed = shown.find(({ airport }) => airport.code === (hovered ?? focused))

  const move = (event: KeyboardEvent<SVGGElement>): void => {
    const next = nextSpot(shown, stop, event.key)
    if (next !== undefined) document.getElementById(spotId(next.airport.code))?.focus()
    else if (event.key === "Escape" && picked !== "") pick("")
    else if (!(event.key in directions)) return
    event.preventDefault()
  }

  return (
    <>
      <svg className="spots" viewBox={viewBox} role="group" aria-labelledby="map-title">
        <g onKeyDown={move}>
          {shown.map((spot) => (
            <AirportSpot
              key={spot.airport.code}
              code={spot.airport.code}
              x={spot.x}
              y={spot.y}
              radius={spot.radius}
              color={spot.color}
              label={describe(spot)}
              isPicked={spot.airport.code === picked}
              isStop={spot === stop}
              onPick={pick}
              onFocus={setFocused}
              onHover={setHovered}
            />
          ))}
        </g>
      </svg>
      {pointed === undefined ? null : <Tooltip spot={pointed} />}
    </>
  )
}

const spotId = (code: string): string => `airport-${code}`

interface AirportSpotProps {
  readonly code: string
  readonly x: number
  readonly y: number
  readonly radius: number
  readonly color: string
  readonly label: string
  readonly isPicked: boolean
  readonly isStop: boolean
  readonly onPick: (code: string) => void
  readonly onFocus: (code: string | undefined) => void
  readonly onHover: (code: string | undefined) => void
}

const AirportSpot = memo((props: AirportSpotProps) => {
  const { code, color, isPicked, isStop, label, onFocus, onHover, onPick, radius, x, y } = props
  const toggle = () => onPick(isPicked ? "" : code)
  return (
    <circle
      id={spotId(code)}
      className="spot"
      role="button"
      tabIndex={isStop ? 0 : -1}
      aria-label={label}
      aria-pressed={isPicked}
      cx={x}
      cy={y}
      r={radius}
      style={{ fill: color }}
      onClick={toggle}
      onFocus={() => onFocus(code)}
      onBlur={() => onFocus(undefined)}
      onPointerEnter={() => onHover(code)}
      onPointerLeave={() => onHover(undefined)}
      onKeyDown={(event) => {
        if (event.key !== "Enter" && event.key !== " ") return
        event.preventDefault()
        toggle()
      }}
    />
  )
})

const clamp = (value: number, most: number): number => Math.max(0, Math.min(value, most))

const gap = 6

/** Above its spot, or below where there is no room; never out of the map. Outside the drawing, whose scale it would have. */
const placeTooltip = (tooltip: HTMLElement, map: HTMLElement, spot: Element): void => {
  const around = map.getBoundingClientRect()
  const at = spot.getBoundingClientRect()
  const { offsetHeight: height, offsetWidth: width } = tooltip
  const above = at.top - around.top - height - gap
  const top = above >= 0 ? above : at.bottom - around.top + gap
  const left = at.left + at.width / 2 - around.left - width / 2
  tooltip.style.left = `${clamp(left, around.width - width)}px`
  tooltip.style.top = `${clamp(top, around.height - height)}px`
}

const Tooltip = ({ spot: { airport, totals } }: { readonly spot: Shown }) => {
  const box = useRef<HTMLDivElement>(null)
  useLayoutEffect(() => {
    const tooltip = box.current
    const map = tooltip?.parentElement
    const spot = document.getElementById(spotId(airport.code))
    if (tooltip === null || !(map instanceof HTMLElement) || spot === null) return undefined
    const place = () => placeTooltip(tooltip, map, spot)
    place()
    const sizes = new ResizeObserver(place)
    sizes.observe(map)
    sizes.observe(tooltip)
    sizes.observe(spot)
    return () => sizes.disconnect()
  }, [airport])
  return (
    <div ref={box} className="tooltip" aria-hidden="true">
      <div>
        <b>{airport.code}</b> {airport.city}, {airport.state}
      </div>
      <div>mean delay {formatMean(totals === undefined ? undefined : meanDelay(totals))}</div>
      <div>
        {plural(totals?.arrivals ?? 0, "arrival")}, {plural(totals?.departures ?? 0, "departure")}
      </div>
    </div>
  )
}
