/**
 * Writes the kept results into docs/benchmarks.md.
 *
 *     node apps/bench/src/quote.ts [--check]
 *
 * `--check` writes nothing, and fails if the page says something else than the results.
 */
import { parseArgs } from "node:util"
import { isCurrent, quoteAll } from "./quotes.ts"

const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } })

if (!values.check) quoteAll()
else if (!isCurrent()) {
  console.error("docs/benchmarks.md differs from docs/benchmarks/*.json. Run: node apps/bench/src/quote.ts")
  process.exitCode = 1
}
