/** What was found of a work in React apps, as it is kept under `docs/benchmarks/react`. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import type { Samples } from "../harness.ts"
import { asText, folder, type ResultsOf, type RowOf, rowsWith, versions } from "../results.ts"
import { type Ratio, ratioOf } from "./ratio.ts"
import { type Outcome, outcomes, targets } from "./targets.ts"
import { type ReactWorkName, workOf } from "./works/index.ts"

/** Without a ratio to what is no quantity in some round. */
export type Row = RowOf<Ratio>

export interface Results extends ResultsOf<Outcome, Ratio> {
  /** Of the order in which contenders were run. */
  readonly seed: number
}

/** To a hundredth of a percent: limits are given to a percent. */
const rounded = ({ mean, low, high }: Ratio): Ratio => {
  const four = (value: number) => Number(value.toFixed(4))
  return { mean: four(mean), low: four(low), high: four(high) }
}

const finite = (ratio: Ratio): Ratio | undefined => (Number.isFinite(ratio.mean) ? ratio : undefined)

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
  rows: rowsWith(all, workOf(work).baselines, (of, to) => finite(rounded(ratioOf(of, to))))
})

const file = (work: ReactWorkName): URL => new URL(`react/${work}.json`, folder)

export const write = (work: ReactWorkName, results: Results): void => {
  mkdirSync(new URL("react/", folder), { recursive: true })
  writeFileSync(file(work), asText(results))
}

export const read = (work: ReactWorkName): Results | undefined =>
  existsSync(file(work)) ? (JSON.parse(readFileSync(file(work), "utf8")) as Results) : undefined
