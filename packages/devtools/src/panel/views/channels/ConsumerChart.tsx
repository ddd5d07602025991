/** One consumer over time: how full its FIFO was, and when it overflowed or passed something over. */
import type { ReactNode } from "react"
import { count } from "../../ui/format.ts"
import { areaPath, type Frame, growthOf, linePath, type Point, xOf, yOf } from "../../ui/series.ts"
import type { Consumer, Sample } from "./Channels.ts"

const width = 600
const height = 56

export interface Span {
  readonly from: number
  readonly to: number
}

type Reading = Sample["readings"][number]
type Figure = Exclude<keyof Reading, "consumer">

export interface ConsumerSeries {
  readonly consumer: Consumer
  readonly last: Reading
  /** The most that was read at once. */
  readonly peak: number
  readonly points: Readonly<Record<Figure, ReadonlyArray<Point>>>
}

/** Of those that were read in any of the samples, in the order of the answer. */
export const seriesOf = (
  consumers: ReadonlyArray<Consumer>,
  samples: ReadonlyArray<Sample>
): ReadonlyArray<ConsumerSeries> => {
  const readings = new Map<number, Array<{ readonly at: number; readonly reading: Reading }>>()
  for (const { at, readings: all } of samples) {
    for (const reading of all) {
      const known = readings.get(reading.consumer)
      if (known === undefined) readings.set(reading.consumer, [{ at, reading }])
      else known.push({ at, reading })
    }
  }
  return consumers.flatMap((consumer) => {
    const own = readings.get(consumer.consumer) ?? []
    const last = own.at(-1)?.reading
    if (last === undefined) return []
    const pointsOf = (figure: Figure) => own.map(({ at, reading }) => ({ at, value: reading[figure] }))
    const points = {
      depth: pointsOf("depth"),
      inFlight: pointsOf("inFlight"),
      waiting: pointsOf("waiting"),
      overflow: pointsOf("overflow"),
      skipped: pointsOf("skipped")
    }
    return [{ consumer, last, peak: Math.max(...own.map(({ reading }) => reading.depth)), points }]
  })
}

export const ConsumerChart = ({
  series: { consumer, last, peak, points },
  span
}: {
  readonly series: ConsumerSeries
  readonly span: Span
}): ReactNode => {
  const { capacity, name } = consumer
  const most = Math.max(peak, ...points.inFlight.map(({ value }) => value))
  // The line of the capacity is in sight once it comes near.
  const max = Math.max(1, most * 1.15, peak * 4 >= capacity ? capacity * 1.1 : 0)
  const frame: Frame = { ...span, max, width, height }
  const ticks = (kind: "overflow" | "skipped") =>
    growthOf(points[kind]).map(({ at, value }) => (
      <line
        key={at}
        className={kind}
        x1={xOf(frame, at)}
        x2={xOf(frame, at)}
        y1={height}
        y2={kind === "overflow" ? 0 : height - 8}
      >
        <title>{`${kind} +${count(value)}`}</title>
      </line>
    ))
  return (
    <svg
      className="series"
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={`Depth of ${name} over time: ${count(last.depth)} of ${count(capacity)} now, ${count(peak)} at most`}
    >
      <path className="area" d={areaPath(points.depth, frame)} />
      <path className="depth" d={linePath(points.depth, frame)} />
      <path className="flight" d={linePath(points.inFlight, frame)} />
      <path
        className="waiting"
        d={linePath(points.waiting, { ...frame, max: Math.max(max, last.waiting) })}
      />
      {capacity <= max ? (
        <line className="capacity" x1={0} x2={width} y1={yOf(frame, capacity)} y2={yOf(frame, capacity)}>
          <title>{`capacity ${count(capacity)}`}</title>
        </line>
      ) : null}
      {ticks("skipped")}
      {ticks("overflow")}
    </svg>
  )
}
