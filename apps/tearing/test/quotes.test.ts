import { expect, it } from "vitest"
import { isCurrent } from "../src/results.ts"

it("docs/tearing.md says what docs/benchmarks/tearing.json does; else run node apps/tearing/src/quote.ts", () => {
  expect(isCurrent()).toBe(true)
})
