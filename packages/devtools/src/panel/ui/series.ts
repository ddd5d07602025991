/** Series of numbers over time as paths of an SVG. */

export interface Point {
  /** Epoch milliseconds. */
  readonly at: number
  readonly value: number
}

export interface Frame {
  readonly from: number
  readonly to: number
  /** What is at the upper edge. */
  readonly max: number
  readonly width: number
  readonly height: number
}

const round = (value: number): number => Math.round(value * 10) / 10

export const xOf = ({ from, to, width }: Frame, at: number): number =>
  round(to > from ? ((at - from) / (to - from)) * width : width)

export const yOf = ({ height, max }: Frame, value: number): number =>
  round(max > 0 ? height - (Math.min(value, max) / max) * height : height)

/** Steps, since a value holds until the next is read. Points that say the same as the one before are left out. */
export const linePath = (points: ReadonlyArray<Point>, frame: Frame): string => {
  const parts: Array<string> = []
  let last: number | undefined
  for (const [index, { at, value }] of points.entries()) {
    if (value === last && index < points.length - 1) continue
    const x = xOf(frame, at)
    if (last === undefined) parts.push(`M${x} ${yOf(frame, value)}`)
    else parts.push(`H${x}V${yOf(frame, value)}`)
    last = value
  }
  return parts.join("")
}

/** The line, closed down to the lower edge. */
export const areaPath = (points: ReadonlyArray<Point>, frame: Frame): string => {
  const [first, last] = [points[0], points.at(-1)]
  if (first === undefined || last === undefined) return ""
  return `${linePath(points, frame)}V${frame.height}H${xOf(frame, first.at)}Z`
}

/** Where a number that only grows has grown, and by how much. */
export const growthOf = (points: ReadonlyArray<Point>): ReadonlyArray<Point> =>
  points.flatMap(({ at, value }, index) => {
    const before = points[index - 1]
    return before !== undefined && value > before.value ? [{ at, value: value - before.value }] : []
  })
