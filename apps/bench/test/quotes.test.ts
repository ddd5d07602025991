import { readFileSync } from "node:fs"
import { expect, it } from "vitest"
import { isCurrent, quoted } from "../src/quotes.ts"

const page = readFileSync(new URL("../../../docs/benchmarks.md", import.meta.url), "utf8")

it("docs/benchmarks.md says what docs/benchmarks/*.json do; else run node apps/bench/src/quote.ts", () => {
  expect(isCurrent()).toBe(true)
})

it("a changed figure in a quote is noticed, and put right", () => {
  const changed = page.replaceAll("effect 4", "effect 5")
  expect(changed).not.toBe(page)
  expect(quoted(changed)).toBe(page)
})

it("a page without a marker is refused", () => {
  expect(() => quoted(page.replace("<!-- /bench fiber -->", ""))).toThrow("<!-- /bench fiber -->")
})
