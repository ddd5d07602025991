import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ensureChromium } from "./chromium.ts"
import { consumeTarballs } from "./consumer.ts"
import { pack, publicPackages, tarballOf } from "./packages.ts"
import { run } from "./run.ts"

/** What a step adds to the count: one for itself, or vitest's own. */
interface Outcome {
  readonly passed: number
  readonly failed: number
}

interface VitestReport {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly testResults: ReadonlyArray<{
    readonly name: string
    readonly status: string
    readonly assertionResults: ReadonlyArray<unknown>
  }>
}

const temporary = mkdtempSync(join(tmpdir(), "sluice-test-"))
process.once("exit", () => rmSync(temporary, { recursive: true, force: true }))

const summary: Array<string> = []
let passed = 0
let failed = 0

const one = (ok: boolean): Outcome => ({ passed: ok ? 1 : 0, failed: ok ? 0 : 1 })

/** Runs a step, whatever it does, to the end of the list: one run shows everything that is wrong. */
const step = async (name: string, body: () => Promise<Outcome>): Promise<boolean> => {
  console.log(`\n== ${name}`)
  const startedAt = performance.now()
  const outcome = await body().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error)
    return one(false)
  })
  passed += outcome.passed
  failed += outcome.failed
  const ok = outcome.failed === 0
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  const line = `${ok ? "ok  " : "FAIL"} ${seconds.padStart(6)} s  ${name}`
  console.log(line)
  summary.push(line)
  return ok
}

const command = (name: string, ...words: ReadonlyArray<string>): Promise<boolean> =>
  step(name, async () => one((await run(words)) === 0))

const vitest = async (): Promise<Outcome> => {
  const chromium = ensureChromium()
  const reportPath = join(temporary, "vitest.json")
  const code = await run(
    [
      "vitest",
      "run",
      "--reporter=default",
      "--reporter=json",
      "--reporter=./scripts/skipped-reporter.ts",
      `--outputFile.json=${reportPath}`,
      ...filters
    ],
    { env: { CHROME_PATH: chromium } }
  )
  const report = JSON.parse(readFileSync(reportPath, "utf8")) as VitestReport
  // A file that could not be loaded has no test to count, and neither has an error outside of any test
  const broken = report.testResults.filter(
    (file) => file.status === "failed" && file.assertionResults.length === 0
  )
  const failures = report.numFailedTests + broken.length
  return { passed: report.numPassedTests, failed: failures === 0 && code !== 0 ? 1 : failures }
}

const [, , ...args] = process.argv
const filters = args.filter((argument) => argument !== "--")

if (filters.length > 0) {
  await step(`tests of ${filters.join(" ")}`, vitest)
} else {
  const folders = publicPackages().map(({ folder }) => folder)
  // A source that was renamed would leave its old output to be packed
  for (const folder of folders) rmSync(join(folder, "dist"), { recursive: true, force: true })
  const built = (await command("types", "tsc", "-b")) || (await run(["tsc", "-b", ...folders])) === 0
  await command("format", "oxfmt", "--check")
  await command("lint", "oxlint")
  await command("import order", process.execPath, "scripts/import-order.ts")
  await command("unused code and dependencies", "knip")
  await command("size", process.execPath, "scripts/size.ts")
  await step("tests", vitest)
  await command("memory", process.execPath, "--expose-gc", "packages/core/test/memory.ts")
  await command("what a module costs the type checker", process.execPath, "scripts/types-budget.ts")

  let packed = built
  if (!built)
    console.log("\nThe packages do not build, so what follows is counted as failed without being run")
  for (const entry of publicPackages()) {
    const { name } = entry.manifest
    const tarball = tarballOf(entry, temporary)
    const ok = await step(`pack ${name}`, async () => one(built && (await pack(entry, temporary)) === 0))
    packed &&= ok
    await step(`publint ${name}`, async () =>
      one(ok && (await run(["publint", "run", tarball, "--strict"])) === 0)
    )
    await step(`attw ${name}`, async () =>
      one(ok && (await run(["attw", tarball, "--profile", "esm-only"])) === 0)
    )
  }
  await step("a project made of the tarballs", async () =>
    one(packed && (await consumeTarballs(temporary)) === 0)
  )
}

console.log(`\n${summary.join("\n")}\n`)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
