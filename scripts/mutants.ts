/**
 * Breaks each rule of the contract in a copy of the sources, and runs the tests against it. Each break has to be
 * caught by a test whose title names the rule.
 *
 *     pnpm mutants [rule or file ...]
 */
import { spawnSync } from "node:child_process"
import {
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { apply, type Mutant, mutants } from "./mutants/list.ts"
import { root } from "./run.ts"
import { namesRule, testFilesNaming } from "./rules.ts"

/** A test that runs longer than this has been sent round in circles by the mutant. */
const patience = 180_000

/** The workspace as it is, uncommitted changes included, with its own links between the packages. */
const copyWorkspace = (): string => {
  const copy = mkdtempSync(join(tmpdir(), "sluice-mutants-"))
  const { stdout } = spawnSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: root,
    encoding: "utf8"
  })
  for (const path of stdout.split("\0")) {
    if (path === "" || !existsSync(join(root, path))) continue
    mkdirSync(dirname(join(copy, path)), { recursive: true })
    cpSync(join(root, path), join(copy, path))
  }
  symlinkSync(join(root, "node_modules"), join(copy, "node_modules"))
  for (const folder of globSync(["packages/*/node_modules", "apps/*/node_modules", "docs/node_modules"], {
    cwd: root
  }))
    cpSync(join(root, folder), join(copy, folder), { recursive: true, verbatimSymlinks: true })
  return copy
}

interface Report {
  readonly testResults: ReadonlyArray<{
    readonly assertionResults: ReadonlyArray<{ readonly status: string; readonly fullName: string }>
  }>
}

/** The tests that fail. `undefined` if the run did not come to its end. */
const failing = (copy: string, args: ReadonlyArray<string>): ReadonlyArray<string> | undefined => {
  const output = join(copy, "report.json")
  rmSync(output, { force: true })
  const vitest = [join(root, "node_modules/vitest/vitest.mjs"), "run", "--project", "node"]
  const reporter = ["--reporter=json", `--outputFile=${output}`, "--bail=1"]
  spawnSync(process.execPath, [...vitest, ...reporter, ...args], {
    cwd: copy,
    timeout: patience,
    stdio: "ignore"
  })
  if (!existsSync(output)) return undefined
  const { testResults } = JSON.parse(readFileSync(output, "utf8")) as Report
  return testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter(({ status }) => status === "failed").map(({ fullName }) => fullName)
  )
}

/** Only the tests of the rule: its files, and in them its titles. */
const ofRule = (rule: string): ReadonlyArray<string> => [
  ...testFilesNaming(rule),
  "-t",
  namesRule(rule).source
]

type Outcome = { readonly caughtBy: string; readonly named: boolean } | "survived" | "hung"

const test = (copy: string, { rule }: Mutant): Outcome => {
  const named = failing(copy, ofRule(rule))
  if (named === undefined) return "hung"
  const [first] = named
  if (first !== undefined) return { caughtBy: first, named: true }
  const [other] = failing(copy, []) ?? []
  return other === undefined ? "survived" : { caughtBy: other, named: namesRule(rule).test(other) }
}

const main = (): void => {
  const [, , ...args] = process.argv
  const filters = args.filter((argument) => argument !== "--")
  const chosen = mutants.filter(
    ({ file, rule }) =>
      filters.length === 0 || filters.some((filter) => rule === filter || file.includes(filter))
  )
  const copy = copyWorkspace()
  process.once("exit", () => rmSync(copy, { recursive: true, force: true }))
  const rules = new Set(chosen.map(({ rule }) => rule))
  for (const rule of rules) {
    const [broken] = failing(copy, ofRule(rule)) ?? ["(it hung)"]
    if (broken !== undefined) throw new Error(`Without any mutant, a test of ${rule} fails: ${broken}`)
  }
  let bad = 0
  for (const mutant of chosen) {
    const path = join(copy, mutant.file)
    const text = readFileSync(path, "utf8")
    writeFileSync(path, apply(mutant, text))
    const outcome = test(copy, mutant)
    writeFileSync(path, text)
    const ok = typeof outcome === "object" && outcome.named
    if (!ok) bad++
    const told =
      typeof outcome === "object" ? `${outcome.named ? "" : "by another rule: "}${outcome.caughtBy}` : outcome
    console.log(`${ok ? "ok  " : "FAIL"} ${mutant.rule.padEnd(3)} ${mutant.breaks}\n         ${told}`)
  }
  console.log(`${chosen.length - bad} of ${chosen.length} mutants caught by a test that names their rule`)
  process.exitCode = bad === 0 ? 0 : 1
}

main()
