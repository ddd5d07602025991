/** Holds docs/benchmarks.md to the results: each quote stands between its two markers. */
import { readFileSync, writeFileSync } from "node:fs"
import { queueName } from "./channel.ts"
import { collectionBaselines } from "./collection.ts"
import { fiberBaselines, plainBaselines } from "./dispatch.ts"
import { read, type Results, type SuiteName } from "./results.ts"
import { ratioTable, turnedRatioTable } from "./table.ts"

const page = new URL("../../../docs/benchmarks.md", import.meta.url)

type Table = (results: Results, baseline: string) => string

/** A table for each baseline, then what was run. */
const quote = (suite: SuiteName, table: Table, baselines: ReadonlyArray<string>): string => {
  const results = read(suite)
  const versions = Object.entries(results.versions).map(([name, version]) => `${name} ${version}`)
  return [
    ...baselines.map((baseline) => table(results, baseline)),
    `Medians of ${results.rounds} rounds, with ${versions.join(", ")}.`
  ].join("\n\n")
}

const quotes: Readonly<Record<SuiteName, () => string>> = {
  dispatch: () => quote("dispatch", ratioTable, plainBaselines),
  fiber: () => quote("fiber", ratioTable, fiberBaselines),
  collection: () => quote("collection", turnedRatioTable, collectionBaselines),
  channel: () => quote("channel", ratioTable, [queueName])
}

/** The page with every quote as the results have it now. */
export const quoted = (text: string): string =>
  Object.entries(quotes).reduce((before, [name, quote]) => {
    const [open, close] = [`<!-- bench ${name} -->`, `<!-- /bench ${name} -->`]
    const [start, end] = [before.indexOf(open), before.indexOf(close)]
    if (start < 0 || end < start) throw new Error(`docs/benchmarks.md lacks ${open} or ${close}`)
    return `${before.slice(0, start + open.length)}\n${quote()}\n${before.slice(end)}`
  }, text)

export const isCurrent = (): boolean => {
  const text = readFileSync(page, "utf8")
  return text === quoted(text)
}

export const quoteAll = (): void => writeFileSync(page, quoted(readFileSync(page, "utf8")))
