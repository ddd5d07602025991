/** What was found of a work in one runtime, as it is kept under `docs/benchmarks`. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import type { Samples, Unit } from "./harness.ts"
import { type Estimate, median, quantile, ratio } from "./statistics.ts"
import { type Outcome, outcomes, targets } from "./targets.ts"
import type { Scale } from "./work.ts"
import { type WorkName, works } from "./works/index.ts"

export type RuntimeName = "node" | "chromium"
export const runtimeNames: ReadonlyArray<RuntimeName> = ["node", "chromium"]

/** What was measured of a contender in a case, with ratios of one kind. */
export interface RowOf<R> {
  readonly case: string
  readonly contender: string
  readonly unit: Unit
  /** The median over the rounds. It says nothing on another machine; the ratios do. */
  readonly median: number
  /** The middle half of the rounds lies between these. */
  readonly spread: readonly [number, number]
  /** To each baseline in the same round, with its 95 % interval. */
  readonly ratios: Readonly<Record<string, R>>
}

export interface ResultsOf<O, R> {
  readonly versions: Readonly<Record<string, string>>
  readonly rounds: number
  readonly outcomes: ReadonlyArray<O>
  readonly rows: ReadonlyArray<RowOf<R>>
}

export type Row = RowOf<Estimate>

/** The targets are about the size that they were set for: at ten times that, without outcomes. */
export type Results = ResultsOf<Outcome, Estimate>

const require = createRequire(import.meta.url)
const manifest = require("../package.json") as Readonly<
  Record<"dependencies" | "devDependencies", Readonly<Record<string, string>>>
>

/** What runs the works, and is not measured. */
const tools: ReadonlySet<string> = new Set(["playwright-core", "vite", "@types/react", "@types/react-dom"])

/** Of everything that is measured; the manifest has exact ones. */
export const versions = (runtime: RuntimeName, version: string): Results["versions"] => {
  const { effect, ...peers } = { ...manifest.dependencies, ...manifest.devDependencies }
  return {
    [runtime]: version,
    effect: effect ?? "",
    ...Object.fromEntries(
      Object.entries(peers).filter(([name, version]) => !tools.has(name) && /^\d/.test(version))
    )
  }
}

const digits = (value: number): number => Number(value.toPrecision(3))
const rounded = ({ median, low, high }: Estimate): Estimate => ({
  median: digits(median),
  low: digits(low),
  high: digits(high)
})

/** One row for each contender, with its ratios to those `baselines` that did the same work, but for `undefined` ones. */
export const rowsWith = <R>(
  all: ReadonlyArray<Samples>,
  baselines: ReadonlyArray<string>,
  ratioOf: (of: ReadonlyArray<number>, to: ReadonlyArray<number>) => R | undefined
): ReadonlyArray<RowOf<R>> =>
  all.map(({ name, contender, unit, values }) => ({
    case: name,
    contender,
    unit,
    median: digits(median(values)),
    spread: [digits(quantile(values, 0.25)), digits(quantile(values, 0.75))],
    ratios: Object.fromEntries(
      baselines.flatMap((baseline) => {
        const other = all.find((samples) => samples.name === name && samples.contender === baseline)
        const ratio = other && ratioOf(values, other.values)
        return ratio === undefined ? [] : [[baseline, ratio]]
      })
    )
  }))

export const toRows = (all: ReadonlyArray<Samples>, baselines: ReadonlyArray<string>): ReadonlyArray<Row> =>
  rowsWith(all, baselines, (of, to) => rounded(ratio(of, to)))

export const summarize = (
  work: WorkName,
  versions: Results["versions"],
  all: ReadonlyArray<Samples>,
  scale: Scale
): Results => {
  const those = targets.filter((target) => scale === 1 && target.work === work)
  return {
    versions,
    rounds: all[0]?.values.length ?? 0,
    outcomes: outcomes(those, all).map((outcome) => ({ ...outcome, ratio: rounded(outcome.ratio) })),
    rows: toRows(all, works[work].baselines)
  }
}

export const folder = new URL("../../../docs/benchmarks/", import.meta.url)
const file = (runtime: RuntimeName, work: WorkName, scale: Scale): URL =>
  new URL(`${runtime}/${work}${scale === 1 ? "" : `-x${scale}`}.json`, folder)

/** One row a line, so that a new run shows as changed rows. */
export const asText = (results: object): string => {
  const parts = Object.entries(results).map(([name, value]: [string, unknown]) => {
    const lines = Array.isArray(value) ? value.map((row) => `    ${JSON.stringify(row)}`) : undefined
    const text = lines === undefined ? JSON.stringify(value) : `[\n${lines.join(",\n")}\n  ]`
    return `  ${JSON.stringify(name)}: ${text}`
  })
  return `{\n${parts.join(",\n")}\n}\n`
}

export const write = (runtime: RuntimeName, work: WorkName, scale: Scale, results: Results): void => {
  mkdirSync(new URL(`${runtime}/`, folder), { recursive: true })
  writeFileSync(file(runtime, work, scale), asText(results))
}

export const read = (runtime: RuntimeName, work: WorkName, scale: Scale = 1): Results | undefined => {
  const path = file(runtime, work, scale)
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Results) : undefined
}
