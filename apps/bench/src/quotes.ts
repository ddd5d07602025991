/** Holds docs/benchmarks.md to the results: each quote stands between its two markers. */
import { readFileSync, writeFileSync } from "node:fs"
import { read as readPanel } from "./devtools/panel/results.ts"
import { limitMarkdown, rowMarkdown } from "./devtools/panel/table.ts"
import { read as readReact } from "./react/results.ts"
import { ratioMarkdown, targetMarkdown as reactTargetMarkdown } from "./react/table.ts"
import { type ReactWorkName, reactWorkNames, reactWorks } from "./react/works/index.ts"
import { read, type Row, runtimeNames } from "./results.ts"
import { ratioTable, targetMarkdown, turnedRatioTable } from "./table.ts"
import { type WorkName, workNames, works } from "./works/index.ts"

const page = new URL("../../../docs/benchmarks.md", import.meta.url)

const title = { node: "Node", chromium: "Chromium" } as const

/** Works of many cases and few contenders. */
const turned: ReadonlySet<WorkName> = new Set(["collection"])

const tables = (work: WorkName, rows: ReadonlyArray<Row>): ReadonlyArray<string> => {
  const table = turned.has(work) ? turnedRatioTable : ratioTable
  return works[work].baselines
    .filter((baseline) => rows.some(({ ratios }) => ratios[baseline] !== undefined))
    .map((baseline) => table(rows, baseline))
}

const sizes = [
  [1, ""],
  [10, ", ten times the size"]
] as const

/** For each runtime and size what was run, and a table for each baseline. */
const quote = (work: WorkName): string =>
  runtimeNames
    .flatMap((runtime) =>
      sizes.flatMap(([scale, size]) => {
        const results = read(runtime, work, scale)
        if (results === undefined) return []
        const { rows, rounds, versions } = results
        const what = `**${title[runtime]} ${versions[runtime]}**${size}, medians of ${rounds} rounds:`
        return [what, ...tables(work, rows)]
      })
    )
    .join("\n\n")

const quoteTargets = (): string =>
  targetMarkdown(
    Object.fromEntries(
      runtimeNames.map((runtime) => [
        title[runtime],
        workNames.flatMap((work) => read(runtime, work)?.outcomes ?? [])
      ])
    )
  )

/** What was run in React apps, and a table for each baseline. */
const quoteReact = (work: ReactWorkName): string => {
  const results = readReact(work)
  if (results === undefined) return ""
  const { rows, rounds, seed, versions } = results
  const what = `**Chromium ${versions["chromium"]}**, ${rounds} rounds, seed ${seed}:`
  return [what, ...reactWorks[work].baselines.map((baseline) => ratioMarkdown(rows, baseline))].join("\n\n")
}

const quoteReactTargets = (): string =>
  reactTargetMarkdown(reactWorkNames.flatMap((work) => readReact(work)?.outcomes ?? []))

/** What was run of the panel, and what was to be reached. */
const quotePanel = (): string => {
  const results = readPanel()
  if (results === undefined) return ""
  const { outcomes, rounds, rows, versions } = results
  const what = `**Chromium ${versions["chromium"]}**, ${rounds} rounds, medians, and the slowest in parentheses:`
  return [limitMarkdown(outcomes), what, rowMarkdown(rows)].join("\n\n")
}

const quoteVersions = (): string => {
  const all = Object.entries(read("node", "dispatch")?.versions ?? {})
  return all.map(([name, version]) => `${name} ${version}`).join(", ")
}

const quotes: Readonly<Record<string, () => string>> = {
  versions: quoteVersions,
  targets: quoteTargets,
  ...Object.fromEntries(workNames.map((work) => [work, () => quote(work)])),
  "react targets": quoteReactTargets,
  ...Object.fromEntries(reactWorkNames.map((work) => [`react ${work}`, () => quoteReact(work)])),
  panel: quotePanel
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
