import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { ensureChromium } from "./chromium.ts"
import { consumeTarballs } from "./consumer.ts"
import { pack, publicPackages, tarballOf } from "./packages.ts"
import { type Failure, type FileTime, reportVariable, type RunReport } from "./run-reporter.ts"
import { run } from "./run.ts"

/** What a step adds to the count: one for itself, or vitest's own. */
interface Outcome {
  readonly passed: number
  readonly failed: number
}

const temporary = mkdtempSync(join(tmpdir(), "sluice-test-"))
process.once("exit", () => rmSync(temporary, { recursive: true, force: true }))

const summary: Array<string> = []
const failures: Array<Failure> = []
let passed = 0
let failed = 0

const one = (ok: boolean): Outcome => ({ passed: ok ? 1 : 0, failed: ok ? 0 : 1 })

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1).padStart(6)} s`

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
  const line = `${ok ? "ok  " : "FAIL"} ${seconds(performance.now() - startedAt)}  ${name}`
  console.log(line)
  summary.push(line)
  return ok
}

const command = (name: string, ...words: ReadonlyArray<string>): Promise<boolean> =>
  step(name, async () => one((await run(words)) === 0))

/** Where the time went: each project, and the slowest files. */
const timeTable = (times: ReadonlyArray<FileTime>): string => {
  const projects = new Map<string, { readonly files: number; readonly ms: number }>()
  for (const { ms, project } of times) {
    const before = projects.get(project) ?? { files: 0, ms: 0 }
    projects.set(project, { files: before.files + 1, ms: before.ms + ms })
  }
  const slowest = times.toSorted((a, b) => b.ms - a.ms).slice(0, 10)
  return [
    ...[...projects].map(([project, { files, ms }]) => `${seconds(ms)}  ${project} (${files} files)`),
    "The slowest files:",
    ...slowest.map(({ file, ms, project }) => `${seconds(ms)}  ${project}: ${file}`)
  ].join("\n")
}

const vitest = async (): Promise<Outcome> => {
  const chromium = ensureChromium()
  const reportPath = join(temporary, "run.json")
  const code = await run(
    [
      "vitest",
      "run",
      "--reporter=default",
      "--reporter=./scripts/skipped-reporter.ts",
      "--reporter=./scripts/run-reporter.ts",
      ...filters
    ],
    { env: { CHROME_PATH: chromium, [reportVariable]: reportPath } }
  )
  const report = JSON.parse(readFileSync(reportPath, "utf8")) as RunReport
  failures.push(...report.failures)
  console.log(`\n${timeTable(report.times)}`)
  const failed = report.failures.length
  return { passed: report.passed, failed: failed === 0 && code !== 0 ? 1 : failed }
}

/** How many failures are told of once more at the end: of a long output, readers may have no more than that. */
const retold = 15

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
for (const { error, where } of failures.slice(0, retold)) console.log(`FAIL ${where}\n     ${error}`)
if (failures.length > retold) console.log(`and ${failures.length - retold} more`)
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
