/**
 * Runs the works named, or all, and prints their tables.
 *
 *     pnpm bench [work...] [--runtime node|chromium] [--size 1|10] [--quick] [--write] [--profile folder]
 *
 * Without `--runtime` in both, without `--size` at both: that of the targets, and ten times that. `--quick` runs
 * few rounds.
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
    size: { type: "string" },
    write: { type: "boolean", default: false },
    profile: { type: "string" }
  }
})

const isWork = (name: string): name is WorkName => Object.hasOwn(works, name)
const isRuntime = (name: string): name is RuntimeName => name === "node" || name === "chromium"

const unknown = [
  ...positionals.filter((name) => !isWork(name)),
  ...[values.runtime].filter((name) => name !== undefined && !isRuntime(name)),
  ...[values.size].filter((size) => size !== undefined && size !== "1" && size !== "10")
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
    for (const scale of ([1, 10] as const).filter(
      (each) => values.size === undefined || +values.size === each
    )) {
      const { samples, version } = await runIn(runtime, work, scale)
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
if (values.write) quoteAll()
