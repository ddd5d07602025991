/** Results of the panel as text. */
import { aligned, figure, markdown, unique } from "../../table.ts"
import { isReached, type Outcome, type Row } from "./results.ts"

/** One line for each row: median, middle half and slowest. */
export const plainTable = (rows: ReadonlyArray<Row>): string =>
  aligned(
    [
      ["case", "contender", "median", "middle half", "slowest"],
      ...rows.map((row) => [
        row.case,
        row.contender,
        figure(row.median, row.unit),
        row.spread.map((value) => figure(value, row.unit)).join(" to "),
        figure(row.slowest, row.unit)
      ])
    ],
    2
  )

const cellsOf = (outcome: Outcome): ReadonlyArray<string> => [
  outcome.case,
  outcome.contender,
  figure(outcome.atMost, "ns"),
  `${figure(outcome.slowest, "ns")} ${isReached(outcome) ? "reached" : "missed"}`
]

export const limitTable = (outcomes: ReadonlyArray<Outcome>): string =>
  aligned([["case", "contender", "at most", "slowest"], ...outcomes.map(cellsOf)], 2)

export const limitMarkdown = (outcomes: ReadonlyArray<Outcome>): string =>
  markdown([["case", "panel", "at most", "slowest"], ...outcomes.map(cellsOf)], 2)

/** Cases down, contenders across: the median, and in parentheses the slowest. */
export const rowMarkdown = (rows: ReadonlyArray<Row>): string => {
  const contenders = unique(rows.map(({ contender }) => contender))
  return markdown([
    ["", ...contenders],
    ...unique(rows.map((row) => row.case)).map((name) => [
      name,
      ...contenders.map((contender) => {
        const row = rows.find((each) => each.case === name && each.contender === contender)
        return row === undefined ? "" : `${figure(row.median, row.unit)} (${figure(row.slowest, row.unit)})`
      })
    ])
  ])
}
