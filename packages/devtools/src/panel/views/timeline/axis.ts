/** A time axis through the entries in view, and what of each is drawn on it. */
import type { Row } from "../../../protocol/index.ts"

/** Epoch milliseconds; `until` is later than `from`. */
export interface Axis {
  readonly from: number
  readonly until: number
}

export interface Bar {
  readonly kind: "wait" | "entry" | "handlers" | "load"
  /** In percent of the axis. */
  readonly start: number
  readonly width: number
  /** It goes on. */
  readonly open: boolean
  readonly failed: boolean
}

const waitedOf = ({ waited }: Row): number => waited?.ms ?? 0

/** Where it ends, as far as that is known. */
const endOf = ({ durationMs = 0, loads = [], runs, time }: Row): number =>
  Math.max(
    time + durationMs,
    time + (runs?.ms ?? 0),
    ...loads.map(({ ms = 0, phase }) => (phase === "begins" ? time + ms : time))
  )

export const axisOf = (rows: ReadonlyArray<Row>): Axis => {
  const from = Math.min(...rows.map((row) => row.time - waitedOf(row)))
  const until = Math.max(...rows.map(endOf))
  return rows.length === 0 ? { from: 0, until: 1 } : { from, until: Math.max(until, from + 1) }
}

export const barsOf = (row: Row, { from, until }: Axis): ReadonlyArray<Bar> => {
  const { durationMs = 0, loads = [], runs, time } = row
  const at = (ms: number) => Math.min(100, Math.max(0, ((ms - from) / (until - from)) * 100))
  const bar = (kind: Bar["kind"], begin: number, end: number, open = false, failed = false): Bar => {
    const start = at(begin)
    return { kind, start, width: (open ? 100 : at(end)) - start, open, failed }
  }
  return [
    ...loads.map(({ ms = 0, outcome, phase }) =>
      phase === "begins"
        ? bar("load", time, time + ms, outcome === "running", outcome === "failure")
        : bar("load", time - ms, time, false, outcome === "failure")
    ),
    ...(runs === undefined ? [] : [bar("handlers", time, time + runs.ms, runs.waiting > 0, runs.failed > 0)]),
    ...(row.waited === undefined ? [] : [bar("wait", time - row.waited.ms, time)]),
    bar("entry", time, time + durationMs, false, row.outcome === "rollback")
  ]
}
