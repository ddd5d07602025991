import { type Browser, chromium } from "playwright-core"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { chromiumArgs, ensureChromium } from "../../../scripts/chromium.ts"
import { type ReactMajor, reactMajors, reactVersion, serve, type Site } from "../src/bundle.ts"
import type { ContenderName } from "../src/contenders.ts"
import { runSuite, type TestNumber, tests } from "../src/suite.ts"

const all: ReadonlyArray<TestNumber> = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]

/** What each passes at least. */
const passes: ReadonlyArray<readonly [ContenderName, ReadonlyArray<TestNumber>]> = [
  ["sluiceConcurrent", all],
  // Not 5 and 6: an update of useSyncExternalStore is always urgent.
  ["sluiceDefault", all.filter((number) => number !== 5 && number !== 6)]
]

let browser: Browser
let site: Site

beforeAll(async () => {
  site = await serve(reactMajors, ["listener", ...passes.map(([name]) => name)])
  const executablePath = ensureChromium()
  browser = await chromium.launch({ executablePath, headless: true, args: [...chromiumArgs] })
})

afterAll(async () => {
  await browser?.close()
  site?.close()
})

const failures = async (major: ReactMajor, name: ContenderName): Promise<ReadonlyArray<TestNumber>> => {
  const verdicts = await runSuite(browser, site.url(major, name))
  for (const [index, verdict] of verdicts.entries()) {
    if (verdict !== undefined) console.log(`${name}: ${index + 1}, ${tests[index]?.what}: ${verdict}`)
  }
  return all.filter((number) => verdicts[number - 1] !== undefined)
}

// At once, because each mostly waits for its 20 ms to pass
describe.concurrent.each(reactMajors.map((major) => ({ major, version: reactVersion(major) })))(
  "React $version",
  ({ major }) => {
    it.each(passes)("%s passes %j", async (name, passed) => {
      const failed = await failures(major, name)
      expect(failed.filter((number) => passed.includes(number))).toEqual([])
    })
  }
)

it.concurrent("the suite finds what a listener and a read in render do", async () => {
  expect(await failures(19, "listener")).toEqual(expect.arrayContaining([4, 6]))
})
