/** What was found of a work in React apps, as it is kept under `docs/benchmarks/react`. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import type { Samples, Unit } from "../harness.ts"
import { asText, digits, folder, type Results as OtherResults, versions } from "../results.ts"
import { median, quantile } from "../statistics.ts"
import { type Ratio, ratioOf } from "./ratio.ts"
import { type Outcome, outcomes, targets } from "./targets.ts"
import { type ReactWorkName, workOf } from "./works/index.ts"

export interface Row {
  readonly case: string
  readonly contender: string
  readonly unit: Unit
  /** The median over the rounds. It says nothing on another machine; the ratios do. */
  readonly median: number
  /** The middle half of the rounds lies between these. */
  readonly spread: readonly [number, number]
  /** To each baseline in the same round. Empty for what is no quantity in some round. */
  readonly ratios: Readonly<Record<string, Ratio>>
}

export interface Results {
  readonly versions: OtherResults["versions"]
  readonly rounds: number
  /** Of the order in which contenders were run. */
  readonly seed: number
  readonly outcomes: ReadonlyArray<Outcome>
  readonly rows: ReadonlyArray<Row>
}

/** To a hundredth of a percent: limits are given to a percent. */
const rounded = ({ mean, low, high }: Ratio): Ratio => {
  const four = (value: number) => Number(value.toFixed(4))
  return { mean: four(mean), low: four(low), high: four(high) }
}

const toRows = (all: ReadonlyArray<Samples>, baselines: ReadonlyArray<string>): ReadonlyArray<Row> =>
  all.map(({ name, contender, unit, values }) => ({
    case: name,
    contender,
    unit,
    median: digits(median(values)),
    spread: [digits(quantile(values, 0.25)), digits(quantile(values, 0.75))],
    ratios: Object.fromEntries(
      baselines.flatMap((baseline) => {
        const other = all.find((samples) => samples.name === name && samples.contender === baseline)
        if (other === undefined) return []
        const ratio = rounded(ratioOf(values, other.values))
        return Number.isFinite(ratio.mean) ? [[baseline, ratio]] : []
      })
    )
  }))

export const summarize = (
  work: ReactWorkName,
  chromium: string,
  seed: number,
  all: ReadonlyArray<Samples>
): Results => ({
  versions: versions("chromium", chromium),
  rounds: Math.max(0, ...all.map(({ values }) => values.length)),
  seed,
  outcomes: outcomes(
    targets.filter((target) => target.work === work),
    all
  ).map((outcome) => ({ ...outcome, ratio: rounded(outcome.ratio) })),
  rows: toRows(all, workOf(work).baselines)
})

const file = (work: ReactWorkName): URL => new URL(`react/${work}.json`, folder)

export const write = (work: ReactWorkName, results: Results): void => {
  mkdirSync(new URL("react/", folder), { recursive: true })
  writeFileSync(file(work), asText(results))
}

export const read = (work: ReactWorkName): Results | undefined =>
  existsSync(file(work)) ? (JSON.parse(readFileSync(file(work), "utf8")) as Results) : undefined
