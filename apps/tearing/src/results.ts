/** What was found, as it is kept in docs/benchmarks/tearing.json and quoted in docs/tearing.md. */
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { type ReactMajor, reactMajors } from "./bundle.ts"
import { type ContenderName, contenderNames, contenders } from "./contenders.ts"
import { tests, type Verdict } from "./suite.ts"

/** Of a contender: in how many rounds each test passed, in the order of `tests`. */
export type Passed = ReadonlyArray<number>

export interface Run {
  readonly react: string
  readonly chromium: string
  readonly rounds: number
  readonly passed: Readonly<Partial<Record<ContenderName, Passed>>>
}

export interface Results {
  readonly versions: Readonly<Record<string, string>>
  readonly runs: Readonly<Partial<Record<ReactMajor, Run>>>
}

export const countPassed = (rounds: ReadonlyArray<ReadonlyArray<Verdict>>): Passed =>
  tests.map((_, index) => rounds.filter((verdicts) => verdicts[index] === undefined).length)

const docs = new URL("../../../docs/", import.meta.url)
const kept = new URL("benchmarks/tearing.json", docs)
const page = new URL("tearing.md", docs)

export const read = (): Results =>
  existsSync(kept) ? (JSON.parse(readFileSync(kept, "utf8")) as Results) : { versions: {}, runs: {} }

/** One contender a line, so that a new run shows as changed contenders. */
export const write = ({ runs, versions }: Results): void => {
  const lines = (values: Readonly<Record<string, unknown>>, indent: string) =>
    Object.entries(values)
      .map(([name, value]) => `${indent}${JSON.stringify(name)}: ${JSON.stringify(value)}`)
      .join(",\n")
  const run = ([major, { passed, ...about }]: readonly [string, Run]) =>
    `    "${major}": {\n${lines(about, "      ")},\n      "passed": {\n${lines(passed, "        ")}\n      }\n    }`
  const text = Object.entries(runs).map(run).join(",\n")
  writeFileSync(kept, `{\n  "versions": {\n${lines(versions, "    ")}\n  },\n  "runs": {\n${text}\n  }\n}\n`)
}

const mark = (passed: number, rounds: number): string => {
  if (passed === rounds) return "yes"
  return passed === 0 ? "**no**" : `${passed} of ${rounds}`
}

const row = (cells: ReadonlyArray<string>) => `| ${cells.join(" | ")} |`

/** A row a contender, a column a test. */
export const table = ({ passed, rounds }: Run): string => {
  const numbers = tests.map((_, index) => String(index + 1))
  const rows = contenderNames.flatMap((name) => {
    const counts = passed[name]
    if (counts === undefined) return []
    const sum = counts.filter((count) => count === rounds).length
    return [row([contenders[name].title, ...counts.map((count) => mark(count, rounds)), String(sum)])]
  })
  const rule = ["---", ...numbers.map(() => ":-:"), "--:"]
  return [row(["", ...numbers, "passed"]), row(rule), ...rows].join("\n")
}

const quoteRun = (major: ReactMajor, results: Results): string => {
  const run = results.runs[major]
  if (run === undefined) return ""
  const rounds = run.rounds === 1 ? "once" : `${run.rounds} times`
  return `**React ${run.react}, Chromium ${run.chromium}**, each test ${rounds}:\n\n${table(run)}`
}

const quoteTests = (): string =>
  tests.map(({ level, what, when }, index) => `${index + 1}. \`${when}\`, level ${level}: ${what}`).join("\n")

const quoteVersions = ({ versions }: Results): string =>
  Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(", ")

/** The page with every quote as the results have it now. Each stands between its two markers. */
export const quoted = (text: string): string => {
  const results = read()
  const quotes = {
    tests: quoteTests(),
    versions: quoteVersions(results),
    ...Object.fromEntries(reactMajors.map((major) => [`react ${major}`, quoteRun(major, results)]))
  }
  return Object.entries(quotes).reduce((before, [name, quote]) => {
    const [open, close] = [`<!-- tearing ${name} -->`, `<!-- /tearing ${name} -->`]
    const [start, end] = [before.indexOf(open), before.indexOf(close)]
    if (start < 0 || end < start) throw new Error(`docs/tearing.md lacks ${open} or ${close}`)
    return `${before.slice(0, start + open.length)}\n\n${quote}\n\n${before.slice(end)}`
  }, text)
}

export const isCurrent = (): boolean => {
  const text = readFileSync(page, "utf8")
  return text === quoted(text)
}

export const quote = (): void => writeFileSync(page, quoted(readFileSync(page, "utf8")))
