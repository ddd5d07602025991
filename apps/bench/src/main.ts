/**
 * Runs the suites named, or all, and prints their tables.
 *
 *     pnpm bench [dispatch] [fiber] [collection] [channel] [--write]
 *
 * `--write` also keeps the results under docs/benchmarks, and quotes them in docs/benchmarks.md.
 */
import { parseArgs } from "node:util"
import { quoteAll } from "./quotes.ts"
import { write } from "./results.ts"
import { isSuite, runSuite, suites } from "./suites.ts"
import { plainTable } from "./table.ts"

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { write: { type: "boolean", default: false } }
})

const unknown = positionals.filter((name) => !isSuite(name))
if (unknown.length > 0) {
  console.error(`No suite ${unknown.join(", ")}. There are: ${Object.keys(suites).join(", ")}.`)
  process.exit(2)
}

const chosen = positionals.length === 0 ? Object.keys(suites) : positionals
for (const name of chosen.filter(isSuite)) {
  const results = await runSuite(suites[name])
  console.log(
    `\n${name}: medians of ${results.rounds} interleaved rounds, node ${results.versions["node"]}\n`
  )
  console.log(plainTable(results))
  if (values.write) write(name, results)
}
if (values.write) quoteAll()
