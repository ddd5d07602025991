/**
 * Runs the works named, or all, and prints their tables.
 *
 *     pnpm bench [work...] [--runtime node|chromium] [--quick] [--tenfold] [--write] [--profile folder]
 *
 * Without `--runtime` in both. `--tenfold` also measures ten times the size. `--quick` runs few rounds.
 * `--write` keeps the results under docs/benchmarks, and quotes them in docs/benchmarks.md.
 */
import { parseArgs } from "node:util"
import { quoteAll } from "./quotes.ts"
import { type RuntimeName, runtimeNames, summarize, versions, write } from "./results.ts"
import { bundle, type Ran } from "./run/bundle.ts"
import { runInChromium } from "./run/chromium.ts"
import type { Request } from "./run/entry.ts"
import { runInNode } from "./run/node.ts"
import { plainTable, targetTable } from "./table.ts"
import type { Scale } from "./work.ts"
import { type WorkName, workNames, works } from "./works/index.ts"

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    runtime: { type: "string" },
    quick: { type: "boolean", default: false },
    tenfold: { type: "boolean", default: false },
    write: { type: "boolean", default: false },
    profile: { type: "string" }
  }
})

const isWork = (name: string): name is WorkName => Object.hasOwn(works, name)
const isRuntime = (name: string): name is RuntimeName => name === "node" || name === "chromium"

const unknown = [
  ...positionals.filter((name) => !isWork(name)),
  ...(values.runtime === undefined || isRuntime(values.runtime) ? [] : [values.runtime])
]
if (unknown.length > 0) {
  const [works, runtimes] = [workNames, runtimeNames].map((names) => names.join(", "))
  console.error(`What is ${unknown.join(", ")}? The works are ${works}; the runtimes ${runtimes}.`)
  process.exit(2)
}

const built = await bundle({ minify: values.profile === undefined })

const runIn = async (runtime: RuntimeName, work: WorkName, scale: Scale): Promise<Ran> => {
  const pace = values.quick ? "quick" : "full"
  const request: Request = { work, scale, pace, shortest: runtime === "chromium" ? 5 : 0 }
  if (runtime === "chromium") return runInChromium(built, request)
  return runInNode(built, request, values.profile)
}

for (const runtime of runtimeNames.filter((name) => name === (values.runtime ?? name))) {
  for (const work of positionals.length === 0 ? workNames : positionals.filter(isWork)) {
    const { samples, version } = await runIn(runtime, work, 1)
    const tenfold = values.tenfold ? (await runIn(runtime, work, 10)).samples : []
    const results = summarize(work, works[work].baselines, versions(runtime, version), samples, tenfold)
    console.log(`\n${work}, ${runtime} ${version}: medians of ${results.rounds} interleaved rounds\n`)
    console.log(plainTable(results.rows))
    if (tenfold.length > 0) console.log(`\nTen times the size:\n\n${plainTable(results.tenfold)}`)
    if (results.outcomes.length > 0) console.log(`\nTargets:\n\n${targetTable(results.outcomes)}`)
    if (values.write) write(runtime, work, results)
  }
}
if (values.write) quoteAll()
