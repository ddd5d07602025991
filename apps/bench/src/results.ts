/** What a suite found, as it is kept under `docs/benchmarks`. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { createRequire } from "node:module"
import type { Samples } from "./harness.ts"
import { median, quantile, ratio } from "./statistics.ts"

export interface Row {
  readonly work: string
  readonly contender: string
  /** The median. It says nothing on another machine; the ratios do. */
  readonly ns: number
  /** The middle half of the rounds lies between these. */
  readonly spread: readonly [number, number]
  /** The median ratio to each baseline in the same round. */
  readonly ratios: Readonly<Record<string, number>>
}

export interface Results {
  readonly versions: Readonly<Record<string, string>>
  readonly rounds: number
  readonly rows: ReadonlyArray<Row>
}

const require = createRequire(import.meta.url)
const versionOf = (name: string): string =>
  (require(`${name}/package.json`) as { readonly version: string }).version

const versions = (): Results["versions"] => ({
  node: process.versions.node,
  ...Object.fromEntries(["effect", "redux", "zustand"].map((name) => [name, versionOf(name)]))
})

const digits = (value: number): number => Number(value.toPrecision(3))

/** One row for each contender, with its ratios to those `baselines` that did the same work. */
export const summarize = (all: ReadonlyArray<Samples>, baselines: ReadonlyArray<string>): Results => ({
  versions: versions(),
  rounds: all[0]?.ns.length ?? 0,
  rows: all.map((samples) => ({
    work: samples.work,
    contender: samples.contender,
    ns: digits(median(samples.ns)),
    spread: [digits(quantile(samples.ns, 0.25)), digits(quantile(samples.ns, 0.75))],
    ratios: Object.fromEntries(
      baselines.flatMap((baseline) => {
        const other = all.find(({ work, contender }) => work === samples.work && contender === baseline)
        return other === undefined ? [] : [[baseline, digits(ratio(samples, other))]]
      })
    )
  }))
})

export type SuiteName = "dispatch" | "fiber" | "collection" | "channel"

const folder = new URL("../../../docs/benchmarks/", import.meta.url)
const file = (suite: SuiteName): URL => new URL(`${suite}.json`, folder)

/** One row a line, so that a new run shows as changed rows. */
export const write = (suite: SuiteName, { rows, ...rest }: Results): void => {
  mkdirSync(folder, { recursive: true })
  const lines = rows.map((row) => `    ${JSON.stringify(row)}`)
  const head = JSON.stringify(rest, undefined, 2).replace(/\n\}$/, "")
  writeFileSync(file(suite), `${head},\n  "rows": [\n${lines.join(",\n")}\n  ]\n}\n`)
}

export const read = (suite: SuiteName): Results => JSON.parse(readFileSync(file(suite), "utf8")) as Results
