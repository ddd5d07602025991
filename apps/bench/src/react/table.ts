/** Results as text: all figures for a terminal, ratios for the docs. */
import { aligned, figure, markdown, times, unique } from "../table.ts"
import type { Ratio } from "./ratio.ts"
import type { Row } from "./results.ts"
import { type Outcome, verdict } from "./targets.ts"

const percent = (value: number): string => value.toFixed(value < 10 ? 3 : 1)

const interval = ({ mean, low, high }: Ratio): string => {
  if (!Number.isFinite(high)) return `${percent(mean)}x`
  return `${percent(mean)}x (${percent(low)} to ${percent(high)})`
}

const baselinesOf = (rows: ReadonlyArray<Row>): ReadonlyArray<string> =>
  unique(rows.flatMap(({ ratios }) => Object.keys(ratios)))

/** One line for each row: median, middle half, ratios with their intervals. */
export const plainTable = (rows: ReadonlyArray<Row>): string => {
  const baselines = baselinesOf(rows)
  return aligned(
    [
      ["case", "contender", "median", "middle half", ...baselines.map((name) => `to ${name}`)],
      ...rows.map((row) => [
        row.case,
        row.contender,
        figure(row.median, row.unit),
        row.spread.map((value) => figure(value, row.unit)).join(" to "),
        ...baselines.map((name) => {
          const ratio = row.ratios[name]
          return ratio === undefined ? "" : interval(ratio)
        })
      ])
    ],
    2
  )
}

const cellsOf = (outcome: Outcome): ReadonlyArray<string> => [
  outcome.figure,
  `${outcome.of} / ${outcome.to}`,
  `${outcome.atMost}x`,
  `${interval(outcome.ratio)} ${verdict(outcome)}`
]

export const targetTable = (outcomes: ReadonlyArray<Outcome>): string =>
  aligned([["case", "figure", "at most", "measured"], ...outcomes.map(cellsOf)], 2)

export const targetMarkdown = (outcomes: ReadonlyArray<Outcome>): string =>
  markdown(
    [
      ["work", "case", "figure", "at most", "measured"],
      ...outcomes.map((outcome) => [outcome.work, ...cellsOf(outcome)])
    ],
    3
  )

/** Cases down, contenders across: ratios to one baseline; of the baseline itself, and where there is none, medians. */
export const ratioMarkdown = (rows: ReadonlyArray<Row>, baseline: string): string => {
  const contenders = unique(rows.map(({ contender }) => contender))
  return markdown([
    [`/ ${baseline}`, ...contenders],
    ...unique(rows.map((row) => row.case)).map((name) => [
      name,
      ...contenders.map((contender) => {
        const row = rows.find((each) => each.case === name && each.contender === contender)
        if (row === undefined) return ""
        const ratio = row.ratios[baseline]
        return ratio === undefined || contender === baseline
          ? figure(row.median, row.unit)
          : times(ratio.mean)
      })
    ])
  ])
}
