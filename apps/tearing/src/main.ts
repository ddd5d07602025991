/**
 * Runs the suite for the contenders named, or all, and prints which tests each passes.
 *
 *     pnpm tearing [contender...] [--react 18|19] [--rounds n] [--write]
 *
 * `--write` keeps the results in docs/benchmarks/tearing.json, beside those of contenders that were not run, and quotes them
 * in docs/tearing.md.
 */
import { parseArgs } from "node:util"
import { chromium } from "playwright-core"
import { chromiumArgs, ensureChromium } from "../../../scripts/chromium.ts"
import { type ReactMajor, reactMajors, reactVersion, serve, versionOf } from "./bundle.ts"
import { type ContenderName, contenderNames, contenders, isContender } from "./contenders.ts"
import { countPassed, quote, read, write } from "./results.ts"
import { runSuite, tests, type Verdict } from "./suite.ts"

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    react: { type: "string" },
    rounds: { type: "string", default: "1" },
    write: { type: "boolean", default: false }
  }
})

const unknown = positionals.filter((name) => !isContender(name))
if (unknown.length > 0) {
  console.error(`What is ${unknown.join(", ")}? The contenders are ${contenderNames.join(", ")}.`)
  process.exit(2)
}

const rounds = Number(values.rounds)
const names = positionals.length === 0 ? contenderNames : positionals.filter(isContender)
const majors = reactMajors.filter((major) => values.react === undefined || String(major) === values.react)

const report = (name: ContenderName, verdicts: ReadonlyArray<Verdict>) => {
  const marks = verdicts.map((verdict) => (verdict === undefined ? "ok" : "--")).join(" ")
  console.log(`${marks}  ${contenders[name].title}`)
  verdicts.forEach((verdict, index) => {
    if (verdict !== undefined) console.log(`    ${index + 1}, ${tests[index]?.what}: ${verdict}`)
  })
}

const versions = (): Readonly<Record<string, string>> => {
  const packages = contenderNames.flatMap((name) => contenders[name].packages)
  return Object.fromEntries(["effect", ...packages].map((name) => [name, versionOf(name)]))
}

const keep = (major: ReactMajor, passed: Readonly<Partial<Record<ContenderName, ReadonlyArray<number>>>>) => {
  const { runs } = read()
  const about = { react: reactVersion(major), chromium: browser.version(), rounds }
  const known = runs[major]
  const others = known?.rounds === rounds && known.react === about.react ? known.passed : {}
  write({ versions: versions(), runs: { ...runs, [major]: { ...about, passed: { ...others, ...passed } } } })
}

const site = await serve(majors, names)
const executablePath = ensureChromium()
const browser = await chromium.launch({ executablePath, headless: true, args: [...chromiumArgs] })
try {
  for (const major of majors) {
    console.log(`\nReact ${reactVersion(major)}, Chromium ${browser.version()}\n`)
    for (const name of names) {
      const runs: Array<ReadonlyArray<Verdict>> = []
      for (let round = 0; round < rounds; round++) {
        const verdicts = await runSuite(browser, site.url(major, name))
        report(name, verdicts)
        runs.push(verdicts)
      }
      if (values.write) keep(major, { [name]: countPassed(runs) })
    }
  }
} finally {
  await browser.close()
  site.close()
}
if (values.write) quote()
