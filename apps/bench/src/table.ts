/** Results as text: all figures for a terminal, ratios for the docs. */
import type { Results, Row } from "./results.ts"

const times = (ratio: number): string =>
  `${ratio < 0.1 ? ratio.toPrecision(1) : ratio < 10 ? ratio.toFixed(2) : Math.round(ratio)}x`

const nanoseconds = (ns: number): string =>
  ns < 1000
    ? `${ns.toPrecision(3)} ns`
    : ns < 1e6
      ? `${(ns / 1e3).toPrecision(3)} us`
      : `${(ns / 1e6).toPrecision(3)} ms`

const unique = (all: ReadonlyArray<string>): ReadonlyArray<string> => [...new Set(all)]

const baselinesOf = (results: Results): ReadonlyArray<string> =>
  unique(results.rows.flatMap(({ ratios }) => Object.keys(ratios)))

const aligned = (lines: ReadonlyArray<ReadonlyArray<string>>): string => {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => line[column]!.length)))
  return lines
    .map((line) =>
      line
        .map((cell, column) => (column < 2 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
        .join("  ")
        .trimEnd()
    )
    .join("\n")
}

/** One line for each row: median, middle half, and ratios. */
export const plainTable = (results: Results): string => {
  const baselines = baselinesOf(results)
  const head = ["work", "contender", "median", "middle half", ...baselines.map((name) => `to ${name}`)]
  const lines = results.rows.map((row) => [
    row.work,
    row.contender,
    nanoseconds(row.ns),
    row.spread.map(nanoseconds).join(" to "),
    ...baselines.map((name) => {
      const ratio = row.ratios[name]
      return ratio === undefined ? "" : times(ratio)
    })
  ])
  return aligned([head, ...lines])
}

/** Ratios to one baseline as Markdown: contenders down, work across. */
export const ratioTable = (results: Results, baseline: string): string => {
  const works = unique(results.rows.map(({ work }) => work))
  const contenders = unique(results.rows.map(({ contender }) => contender))
  const find = (work: string, contender: string): Row | undefined =>
    results.rows.find((row) => row.work === work && row.contender === contender)
  const line = (cells: ReadonlyArray<string>) => `| ${cells.join(" | ")} |`
  return [
    line([`time / ${baseline}`, ...works]),
    line(["---", ...works.map(() => "---:")]),
    ...contenders.map((contender) =>
      line([
        contender,
        ...works.map((work) => {
          const ratio = find(work, contender)?.ratios[baseline]
          return ratio === undefined ? "" : times(ratio)
        })
      ])
    )
  ].join("\n")
}

/** The same with work down and contenders across, for many kinds of work. */
export const turnedRatioTable = (results: Results, baseline: string): string => {
  const cells = ratioTable(results, baseline)
    .split("\n")
    .filter((_, line) => line !== 1)
    .map((line) => line.slice(2, -2).split(" | "))
  const turned = (cells[0] ?? []).map((_, column) => cells.map((line) => line[column] ?? ""))
  const line = (row: ReadonlyArray<string>) => `| ${row.join(" | ")} |`
  const [head = [], ...body] = turned
  return [head, head.map((_, column) => (column === 0 ? "---" : "---:")), ...body].map(line).join("\n")
}
