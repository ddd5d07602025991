/**
 * Runs the works named, or all, and prints their tables.
 *
 *     pnpm bench [work...] [--runtime node|chromium] [--size 1|10] [--quick] [--write] [--profile folder]
 *     pnpm bench [react work...] [--minutes 15] [--rounds 100] [--seed n] [--only "name;name"] [--quick] [--write]
 *         [--profile folder]
 *     pnpm bench panel [--rounds 5] [--quick] [--write]
 *
 * Without `--runtime` in both, without `--size` at both: that of the targets, and ten times that. `--quick` runs
 * few rounds.
 * `--write` keeps the results under docs/benchmarks, and quotes them in docs/benchmarks.md.
 *
 * `panel` is what the devtools' panel costs, in a page and in the developer tools.
 * `react` is all React works. These run in Chromium, and in rounds until every target's interval is narrow enough,
 * or so many rounds or minutes have passed. `--only` leaves out other contenders. Its results, and
 * those of profiled runs, are not written.
 */
import { parseArgs } from "node:util"
import { summarize as summarizePanel, write as writePanel } from "./devtools/panel/results.ts"
import { runPanel } from "./devtools/panel/run.ts"
import { limitTable, plainTable as panelTable } from "./devtools/panel/table.ts"
import { quoteAll } from "./quotes.ts"
import { type RuntimeName, runtimeNames, summarize, versions, write } from "./results.ts"
import { summarize as summarizeReact, write as writeReact } from "./react/results.ts"
import { runReact } from "./react/run.ts"
import { plainTable as reactTable, targetTable as reactTargetTable } from "./react/table.ts"
import { type ReactWorkName, reactWorkNames, reactWorks } from "./react/works/index.ts"
import { bundle, type Bundle, type Ran } from "./run/bundle.ts"
import { runInChromium } from "./run/chromium.ts"
import type { Request } from "./run/entry.ts"
import { runInNode } from "./run/node.ts"
import { plainTable, targetTable, unique } from "./table.ts"
import type { Scale } from "./work.ts"
import { type WorkName, workNames, works } from "./works/index.ts"

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    runtime: { type: "string" },
    quick: { type: "boolean", default: false },
    size: { type: "string" },
    write: { type: "boolean", default: false },
    profile: { type: "string" },
    minutes: { type: "string", default: "15" },
    rounds: { type: "string" },
    seed: { type: "string" },
    only: { type: "string" }
  }
})

// Playwright only closes its browser then, and what waits for a page would wait for ever.
process.once("SIGTERM", () => process.exit(143))

const isWork = (name: string): name is WorkName => Object.hasOwn(works, name)
const isRuntime = (name: string): name is RuntimeName => name === "node" || name === "chromium"

const isReactWork = (name: string): name is ReactWorkName => Object.hasOwn(reactWorks, name)

const unknown = [
  ...positionals.filter(
    (name) => !isWork(name) && !isReactWork(name) && name !== "react" && name !== "panel"
  ),
  ...[values.runtime].filter((name) => name !== undefined && !isRuntime(name)),
  ...[values.size].filter((size) => size !== undefined && size !== "1" && size !== "10")
]
if (unknown.length > 0) {
  const [works, runtimes] = [[...workNames, "react", ...reactWorkNames, "panel"], runtimeNames].map((names) =>
    names.join(", ")
  )
  console.error(`What is ${unknown.join(", ")}? The works are ${works}; the runtimes ${runtimes}.`)
  process.exit(2)
}

const asked = positionals.length === 0 ? [...workNames, ...reactWorkNames, "panel"] : positionals
const plainNames = asked.filter(isWork)
const reactNames = asked.includes("react") ? reactWorkNames : asked.filter(isReactWork)

const built = plainNames.length === 0 ? undefined : await bundle({ minify: values.profile === undefined })

const runIn = async (built: Bundle, runtime: RuntimeName, work: WorkName, scale: Scale): Promise<Ran> => {
  const pace = values.quick ? "quick" : "full"
  const whole: Request = { work, scale, pace, shortest: runtime === "chromium" ? 5 : 0 }
  const run = (request: Request): Promise<Ran> =>
    runtime === "chromium" ? runInChromium(built, request) : runInNode(built, request, values.profile)
  const { alone = false, cases } = works[work]
  if (!alone) return run(whole)
  const samples = []
  let version = ""
  for (const contender of unique(cases(scale).map((each) => each.contender))) {
    const ran = await run({ ...whole, contender })
    samples.push(...ran.samples)
    version = ran.version
  }
  return { samples, version }
}

const sizesOf = (work: WorkName): ReadonlyArray<Scale> =>
  (works[work].sizes ?? [1, 10]).filter((each) => values.size === undefined || +values.size === each)

for (const runtime of runtimeNames.filter((name) => name === (values.runtime ?? name))) {
  for (const work of plainNames) {
    if (built === undefined) break
    for (const scale of sizesOf(work)) {
      const { samples, version } = await runIn(built, runtime, work, scale)
      const measured = summarize(work, versions(runtime, version), samples, scale)
      const { rows, rounds, outcomes } = measured
      const size = scale === 1 ? "" : ", ten times the size"
      console.log(`\n${work}, ${runtime} ${version}${size}: medians of ${rounds} interleaved rounds\n`)
      console.log(plainTable(rows))
      if (outcomes.length > 0) console.log(`\nTargets:\n\n${targetTable(outcomes)}`)
      if (values.write) write(runtime, work, scale, measured)
    }
  }
}

for (const work of values.runtime === "node" ? [] : reactNames) {
  const seed = Number(values.seed ?? Date.now() % 1_000_000)
  const { samples, version } = await runReact(work, {
    only: values.only?.split(";"),
    profile: values.profile,
    rounds: values.quick ? [3, 3] : [5, Number(values.rounds ?? 100)],
    minutes: Number(values.minutes),
    seed,
    onRound: (round, samples) => {
      console.log(`${work}: round ${round} at ${Math.round(performance.now() / 1000)} s`)
      const { outcomes } = summarizeReact(work, "", seed, samples)
      if (outcomes.length > 0) console.log(reactTargetTable(outcomes))
    }
  })
  const measured = summarizeReact(work, version, seed, samples)
  const { rows, rounds, outcomes } = measured
  console.log(`\n${work}, Chromium ${version}: ${rounds} interleaved rounds, seed ${seed}\n`)
  console.log(reactTable(rows))
  if (outcomes.length > 0) console.log(`\nTargets:\n\n${reactTargetTable(outcomes)}`)
  if (values.write && values.only === undefined && values.profile === undefined) writeReact(work, measured)
}

if (asked.includes("panel") && values.runtime !== "node") {
  const rounds = values.quick ? 1 : Number(values.rounds ?? 5)
  const { samples, version } = await runPanel({
    rounds,
    onRound: (round) => console.log(`panel: round ${round} at ${Math.round(performance.now() / 1000)} s`)
  })
  const results = summarizePanel(version, rounds, samples)
  console.log(`\npanel, Chromium ${version}: ${rounds} rounds\n`)
  console.log(panelTable(results.rows))
  console.log(`\nTargets:\n\n${limitTable(results.outcomes)}`)
  if (values.write) writePanel(results)
}
if (values.write) quoteAll()
