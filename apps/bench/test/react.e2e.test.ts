import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { BenchPage } from "../src/react/BenchPage.ts"
import { type BenchBrowser, launch } from "../src/react/browser.ts"
import { bundlePage } from "../src/react/bundle.ts"
import { measure } from "../src/react/measure.ts"
import { ops } from "../src/react/works/ops.ts"

let browser: BenchBrowser

beforeAll(async () => {
  const sources = []
  for (const { contender, entry } of ops.pages) {
    const { script } = await bundlePage(entry, { minify: true })
    sources.push({ contender, script, style: ops.style })
  }
  browser = await launch(sources, ops)
})

afterAll(() => browser.close())

const measured = ops.steps.filter(
  ({ figures, fresh }) => fresh === undefined && Object.keys(figures).length > 0
)

const tableOf = ({ page }: BenchPage): Promise<string> =>
  page.evaluate(() => document.querySelector("#main")!.innerHTML)

/** The page after each of the steps, done once. */
const shownBy = async (contender: string): Promise<ReadonlyArray<string>> => {
  const page = await browser.open(contender)
  const shown = [await tableOf(page)]
  await browser.traced(async () => {
    for (const { run } of measured) {
      await run(page)
      shown.push(await tableOf(page))
    }
  })
  await page.close()
  return shown
}

describe("operations on a table", () => {
  let expected: ReadonlyArray<string>

  beforeAll(async () => {
    expected = await shownBy("React hooks")
  })

  it("make another table each", () => {
    expect(expected).toHaveLength(measured.length + 1)
    // But the empty one, which clearing gives back.
    expect(new Set(expected).size).toBe(expected.length - 1)
  })

  it.each(ops.pages.map(({ contender }) => contender))("%s shows the same after each", async (contender) => {
    const shown = await shownBy(contender)
    shown.forEach((table, step) => expect(table === expected[step], `after step ${step}`).toBe(true))
  })

  it("are measured in rounds of all contenders", async () => {
    const pace = { rounds: [2, 2] as const, minutes: 10, times: 1, settled: () => true, seed: 1 }
    const pages = ops.pages.slice(0, 2)
    const [create, replace] = measured
    const names = ["create 1,000", "replace 1,000"]
    const steps = [create!, replace!]
    const samples = await measure(browser, { ...ops, pages, steps, mean: { name: "both", of: names } }, pace)
    expect(samples.map(({ name, contender }) => [name, contender])).toEqual(
      ["both", ...names].flatMap((name) => pages.map(({ contender }) => [name, contender]))
    )
    for (const { values } of samples) {
      expect(values).toHaveLength(2)
      expect(Math.min(...values)).toBeGreaterThan(0)
    }
  })
})
