import { expect, test } from "vitest"
import { axisOf, barsOf } from "../../src/panel/views/timeline/axis.ts"
import type { Row } from "../../src/protocol/index.ts"

const row = (time: number, more: Partial<Row> = {}): Row => ({
  at: { seq: time, n: 0 },
  place: time,
  txnId: `Desk#1::t${time}`,
  instanceId: "Desk#1",
  moduleId: "Desk",
  origin: { kind: "action", name: "add" },
  tags: ["add"],
  actions: 1,
  outcome: "commit",
  time,
  ...more
})

test("an axis goes from the first wait to the last end", () => {
  const loads = [{ field: "hits", phase: "begins", outcome: "success", ms: 40 }] as const
  const rows = [
    row(100, { waited: { ms: 20, consumers: ["x"] } }),
    row(110, { loads }),
    row(120, { runs: { all: 1, waiting: 0, failed: 0, ms: 90 }, durationMs: 1 })
  ]
  expect(axisOf(rows)).toEqual({ from: 80, until: 210 })
  expect(axisOf([row(5)])).toEqual({ from: 5, until: 6 })
  expect(axisOf([])).toEqual({ from: 0, until: 1 })
})

test("each has its bars in percent, cut off where the axis ends, and open where it goes on", () => {
  const axis = { from: 100, until: 200 }
  const running = { all: 2, waiting: 1, failed: 1, ms: 10 }
  const ended = [{ field: "hits", phase: "ends", outcome: "failure", ms: 80 }] as const
  const bars = barsOf(
    row(150, {
      waited: { ms: 25, consumers: ["x"] },
      runs: running,
      loads: ended,
      durationMs: 25,
      outcome: "rollback"
    }),
    axis
  )
  expect(bars).toEqual([
    { kind: "load", start: 0, width: 50, open: false, failed: true },
    { kind: "handlers", start: 50, width: 50, open: true, failed: true },
    { kind: "wait", start: 25, width: 25, open: false, failed: false },
    { kind: "entry", start: 50, width: 25, open: false, failed: true }
  ])
})
