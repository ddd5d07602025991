/** Results as text: all figures for a terminal, ratios for the docs. */
import type { Unit } from "./harness.ts"
import type { Row } from "./results.ts"
import type { Estimate } from "./statistics.ts"
import { isReached, type Outcome } from "./targets.ts"

export const times = (ratio: number): string =>
  `${ratio < 0.1 ? ratio.toPrecision(1) : ratio < 10 ? ratio.toFixed(2) : Math.round(ratio)}x`

const scaled = (value: number, units: ReadonlyArray<string>): string => {
  const [unit, ...larger] = units
  return value < 1000 || larger.length === 0
    ? `${value < 1000 ? value.toPrecision(3) : Math.round(value)} ${unit}`.trimEnd()
    : scaled(value / 1000, larger)
}

const scales: Readonly<Record<Unit, ReadonlyArray<string>>> = {
  ns: ["ns", "us", "ms", "s"],
  bytes: ["B", "kB", "MB"],
  count: [""]
}

export const figure = (value: number, unit: Unit): string => scaled(value, scales[unit])

const interval = ({ median, low, high }: Estimate): string =>
  `${times(median)} (${times(low)} to ${times(high)})`

export const unique = (all: ReadonlyArray<string>): ReadonlyArray<string> => [...new Set(all)]

const baselinesOf = (rows: ReadonlyArray<Row>): ReadonlyArray<string> =>
  unique(rows.flatMap(({ ratios }) => Object.keys(ratios)))

export const aligned = (lines: ReadonlyArray<ReadonlyArray<string>>, left: number): string => {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => line[column]!.length)))
  return lines
    .map((line) =>
      line
        .map((cell, column) =>
          column < left ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)
        )
        .join("  ")
        .trimEnd()
    )
    .join("\n")
}

export const markdown = (lines: ReadonlyArray<ReadonlyArray<string>>, left = 1): string => {
  const [head = [], ...body] = lines
  const rule = head.map((_, column) => (column < left ? "---" : "---:"))
  return [head, rule, ...body].map((cells) => `| ${cells.join(" | ")} |`).join("\n")
}

/** One line for each row: median, middle half, ratios with their intervals. */
export const plainTable = (rows: ReadonlyArray<Row>): string => {
  const baselines = baselinesOf(rows)
  const head = ["case", "contender", "median", "middle half", ...baselines.map((name) => `to ${name}`)]
  const lines = rows.map((row) => [
    row.case,
    row.contender,
    figure(row.median, row.unit),
    row.spread.map((value) => figure(value, row.unit)).join(" to "),
    ...baselines.map((name) => {
      const ratio = row.ratios[name]
      return ratio === undefined ? "" : interval(ratio)
    })
  ])
  return aligned([head, ...lines], 2)
}

const describe = ({ of, to }: Outcome): string =>
  of.case === to.case ? `${of.contender} / ${to.contender}` : `${of.contender} / ${to.contender}, ${to.case}`

const allowed = ({ atMost }: Outcome): string =>
  atMost < 0.01 ? `1/${Math.round(1 / atMost)}` : `${atMost}x`

export const verdict = (outcome: Outcome): string => (isReached(outcome) ? "reached" : "missed")

/** One line for each target: what it is, what was measured, and whether it was reached. */
export const targetTable = (outcomes: ReadonlyArray<Outcome>): string =>
  aligned(
    [
      ["case", "figure", "at most", "measured", ""],
      ...outcomes.map((outcome) => [
        outcome.of.case,
        describe(outcome),
        allowed(outcome),
        interval(outcome.ratio),
        verdict(outcome)
      ])
    ],
    2
  )

/** The same for the docs, with a column for each runtime. */
export const targetMarkdown = (runtimes: Readonly<Record<string, ReadonlyArray<Outcome>>>): string => {
  const names = Object.keys(runtimes)
  const key = ({ work, of, to }: Outcome): string => JSON.stringify([work, of, to])
  const all = new Map(Object.values(runtimes).flatMap((list) => list.map((each) => [key(each), each])))
  return markdown(
    [
      ["work", "case", "figure", "at most", ...names],
      ...Array.from(all, ([id, target]) => [
        target.work,
        target.of.case,
        describe(target),
        allowed(target),
        ...names.map((name) => {
          const found = runtimes[name]?.find((each) => key(each) === id)
          return found === undefined ? "" : `${interval(found.ratio)} ${verdict(found)}`
        })
      ])
    ],
    3
  )
}

/** Ratios to one baseline: contenders down, cases across. */
export const ratioTable = (rows: ReadonlyArray<Row>, baseline: string): string => {
  const cases = unique(rows.map((row) => row.case))
  return markdown([
    [`/ ${baseline}`, ...cases],
    ...unique(rows.map(({ contender }) => contender)).map((contender) => [
      contender,
      ...cases.map((name) => {
        const ratio = rows.find((row) => row.case === name && row.contender === contender)?.ratios[baseline]
        return ratio === undefined ? "" : times(ratio.median)
      })
    ])
  ])
}

/** The same with cases down and contenders across, for many cases. */
export const turnedRatioTable = (rows: ReadonlyArray<Row>, baseline: string): string => {
  const cells = ratioTable(rows, baseline)
    .split("\n")
    .filter((_, line) => line !== 1)
    .map((line) => line.slice(2, -2).split(" | "))
  return markdown((cells[0] ?? []).map((_, column) => cells.map((line) => line[column] ?? "")))
}
