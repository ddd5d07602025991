/** What was found of the panel, as it is kept under `docs/benchmarks/devtools`. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import type { Samples } from "../../harness.ts"
import { asText, folder, type RowOf, rowsWith, versions } from "../../results.ts"
import { contenders, figures } from "./measure.ts"

/** What was to be reached: a time that nothing may take longer than. */
export interface Limit {
  readonly case: string
  readonly contender: string
  /** Nanoseconds. */
  readonly atMost: number
}

/** A limit with the slowest that was measured. */
export interface Outcome extends Limit {
  readonly slowest: number
}

export type Row = RowOf<never> & { readonly slowest: number }

export interface Results {
  readonly versions: Readonly<Record<string, string>>
  readonly rounds: number
  readonly outcomes: ReadonlyArray<Outcome>
  readonly rows: ReadonlyArray<Row>
}

const panels = [contenders.open, contenders.extension]

export const limits: ReadonlyArray<Limit> = panels.flatMap((contender) => [
  { case: figures.opened, contender, atMost: 1e9 },
  { case: figures.travel, contender, atMost: 100e6 }
])

export const isReached = ({ atMost, slowest }: Outcome): boolean => slowest <= atMost

/** One for each figure and contender, of all rounds. */
const together = (all: ReadonlyArray<Samples>): ReadonlyArray<Samples> => {
  const found = new Map<string, Samples>()
  for (const each of all) {
    const key = `${each.name}: ${each.contender}`
    found.set(key, { ...each, values: [...(found.get(key)?.values ?? []), ...each.values] })
  }
  return [...found.values()]
}

const slowestOf = (all: ReadonlyArray<Samples>, name: string, contender: string): number | undefined => {
  const found = all.find((each) => each.name === name && each.contender === contender)
  return found && Number(Math.max(...found.values).toPrecision(3))
}

export const summarize = (chromium: string, rounds: number, all: ReadonlyArray<Samples>): Results => {
  const samples = together(all)
  return {
    versions: versions("chromium", chromium),
    rounds,
    outcomes: limits.flatMap((limit) => {
      const slowest = slowestOf(samples, limit.case, limit.contender)
      return slowest === undefined ? [] : [{ ...limit, slowest }]
    }),
    rows: rowsWith<never>(samples, [], () => undefined).map((row) => ({
      ...row,
      slowest: slowestOf(samples, row.case, row.contender) ?? Number.NaN
    }))
  }
}

const devtools = new URL("devtools/", folder)
const file = new URL("panel.json", devtools)

export const write = (results: Results): void => {
  mkdirSync(devtools, { recursive: true })
  writeFileSync(file, asText(results))
}

export const read = (): Results | undefined =>
  existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Results) : undefined
