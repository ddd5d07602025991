/**
 * The ten tests of "Will this React global state work in concurrent rendering?" by Daishi Kato
 * (https://github.com/dai-shi/will-this-react-global-state-work-in-concurrent-rendering), written anew.
 *
 * Tests that do the same and look at something else share a page here. Where the original sleeps until all
 * must be over, this waits for it to be; the pace of what is clicked is the original's.
 */
import { type Browser, errors, type Page } from "playwright-core"

export const tests = [
  { when: "useTransition", level: 1, what: "no tearing finally on update" },
  { when: "useTransition", level: 1, what: "no tearing finally on mount" },
  { when: "useTransition", level: 2, what: "no tearing temporarily on update" },
  { when: "useTransition", level: 2, what: "no tearing temporarily on mount" },
  { when: "useTransition", level: 3, what: "can interrupt render (time slicing)" },
  { when: "useTransition", level: 3, what: "can branch state (wip state)" },
  { when: "useDeferredValue", level: 1, what: "no tearing finally on update" },
  { when: "useDeferredValue", level: 1, what: "no tearing finally on mount" },
  { when: "useDeferredValue", level: 2, what: "no tearing temporarily on update" },
  { when: "useDeferredValue", level: 2, what: "no tearing temporarily on mount" }
] as const

/** The place in `tests`, from 1. */
export type TestNumber = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10

/** Why a test failed, or nothing if it passed. */
export type Verdict = string | undefined

type Verdicts = Partial<Record<TestNumber, Verdict>>

const counters = 50 + 1

/** Milliseconds in which all is over also on a busy machine. Nothing is measured by it. */
const timeout = 60_000

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

type Click = (id: string) => Promise<void>

/** Clicks on a button where it is, whatever the page is busy with: no button moves. */
const clicker = async (page: Page): Promise<Click> => {
  const places = await page.locator("button").evaluateAll((buttons) =>
    buttons.map((button) => {
      const { height, left, top, width } = button.getBoundingClientRect()
      return [button.id, { x: left + width / 2, y: top + height / 2 }] as const
    })
  )
  const placeOf = new Map(places)
  return async (id) => {
    const place = placeOf.get(id)
    if (place === undefined) throw new Error(`There is no button ${id}`)
    await page.mouse.click(place.x, place.y)
  }
}

const shown = (page: Page): Promise<ReadonlyArray<string | null>> =>
  page.locator(".count").evaluateAll((all) => all.map(({ textContent }) => textContent))

/** Whether all components come to show a count; if not, what they show. */
const allShow = async (page: Page, count: number): Promise<Verdict> => {
  const isShown = (count: string) => globalThis.tearing.shown.at(-1) === count
  try {
    await page.waitForFunction(isShown, String(count), { timeout })
    return undefined
  } catch (error) {
    if (!(error instanceof errors.TimeoutError)) throw error
    const now = await shown(page)
    return `${now.length} of ${counters} show ${[...new Set(now)].join(", ")}, not ${count}`
  }
}

/** The effects of a commit run in a task of their own: after two frames they have. */
const untornAfterEffects = async (page: Page): Promise<Verdict> => {
  const torn = await page.evaluate(async () => {
    for (let frame = 0; frame < 2; frame++) {
      await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)))
    }
    return globalThis.tearing.torn
  })
  return torn === 0 ? undefined : `two counts differed after ${torn} commits`
}

const mean = (values: ReadonlyArray<number>) => values.reduce((sum, each) => sum + each, 0) / values.length

const update = async (page: Page, click: Click, show: string, increment: string) => {
  await click(show)
  const mounted = await allShow(page, 0)
  await page.evaluate(() => void (globalThis.tearing.waits = []))
  for (let time = 0; time < 5; time++) {
    await click(increment)
    await sleep(100)
  }
  const finally_ = mounted ?? (await allShow(page, 5))
  const temporarily = mounted ?? (await untornAfterEffects(page))
  const waited = mean(await page.evaluate(() => globalThis.tearing.waits))
  // The original's 300 ms are 15 components of 20 ms.
  const late = waited < 15 ? undefined : `a click waited for ${waited} components, not for less than 15`
  return { finally: finally_, temporarily, interrupts: mounted ?? late }
}

const mount = async (page: Page, click: Click, show: string) => {
  const ticked = (times: number) =>
    page.waitForFunction((times) => globalThis.tearing.ticks >= times, times, { timeout })
  await click("startAutoIncrement")
  await ticked(2)
  await click(show)
  await ticked(2 + 20)
  await click("stopAutoIncrement")
  const ticks = await page.evaluate(() => globalThis.tearing.ticks)
  const finally_ = await allShow(page, ticks)
  return { finally: finally_, temporarily: await untornAfterEffects(page) }
}

const branch = async (page: Page, click: Click): Promise<Verdict> => {
  await click("transitionShowCounter")
  await click("transitionIncrement")
  const first = await allShow(page, 1)
  if (first !== undefined) return first
  await click("transitionIncrement")
  await sleep(100)
  await click("transitionIncrement")
  const pendingOrShown = () => {
    const counts = new Set(Array.from(document.querySelectorAll(".count"), ({ textContent }) => textContent))
    const isPending = document.getElementById("pending")?.textContent === "Pending..."
    return isPending || !counts.has("1") ? { isPending, counts: [...counts].join(", ") } : undefined
  }
  const handle = await page.waitForFunction(pendingOrShown, undefined, { timeout })
  const { counts, isPending } = (await handle.jsonValue())!
  if (counts !== "1") return `${counts} was shown, not 1, before the transition ended`
  if (!isPending) return "no transition is pending after two increments in one"
  await click("normalDouble")
  if (!(await page.evaluate(() => globalThis.tearing.doubledInTime))) throw new TooLate()
  const last = await allShow(page, 6)
  const history = await page.evaluate(() => globalThis.tearing.shown)
  return last ?? (history.slice(-3).join() === "1,2,6" ? undefined : `${history.join(", ")} was shown`)
}

/** The transition was over before the test could click. */
class TooLate extends Error {}

/** Each on a page of its own. */
const scenarios: ReadonlyArray<(page: Page, click: Click) => Promise<Verdicts>> = [
  async (page, click) => {
    const verdict = await update(page, click, "transitionShowCounter", "transitionIncrement")
    return { 1: verdict.finally, 3: verdict.temporarily, 5: verdict.interrupts }
  },
  async (page, click) => {
    const verdict = await mount(page, click, "transitionShowCounter")
    return { 2: verdict.finally, 4: verdict.temporarily }
  },
  async (page, click) => ({ 6: await branch(page, click) }),
  async (page, click) => {
    const verdict = await update(page, click, "transitionShowDeferred", "normalIncrement")
    return { 7: verdict.finally, 9: verdict.temporarily }
  },
  async (page, click) => {
    const verdict = await mount(page, click, "transitionShowDeferred")
    return { 8: verdict.finally, 10: verdict.temporarily }
  }
]

const run = async (
  browser: Browser,
  url: string,
  scenario: (typeof scenarios)[number]
): Promise<Verdicts> => {
  const page = await browser.newPage()
  const thrown: Array<string> = []
  page.on("pageerror", (error) => thrown.push(error.message))
  try {
    await page.goto(url)
    await page.locator("#mainCount").getByText("0", { exact: true }).waitFor({ timeout })
    await page.evaluate(() => new Promise((resolve) => requestIdleCallback(() => resolve(undefined))))
    const verdicts = await scenario(page, await clicker(page))
    if (thrown.length > 0) throw new Error(`${url} threw ${thrown.join(", ")}`)
    return verdicts
  } catch (error) {
    if (error instanceof TooLate) return await run(browser, url, scenario)
    throw error
  } finally {
    await page.close()
  }
}

/** In the order of `tests`. */
export const runSuite = async (browser: Browser, url: string): Promise<ReadonlyArray<Verdict>> => {
  const verdicts: Verdicts = {}
  for (const scenario of scenarios) Object.assign(verdicts, await run(browser, url, scenario))
  return tests.map((_, index) => verdicts[(index + 1) as TestNumber])
}
