/** A thousand rows that are written to five thousand times a second, while keys are pressed. */
import { median, quantile } from "../../statistics.ts"
import type { BenchPage } from "../BenchPage.ts"
import type { ReactWork, Step } from "../work.ts"
import { everyone, pagesOf } from "./contenders.ts"

const count = 1000
const perSecond = 5000
/** A display of 60 frames a second has one every 16.67 ms. One more, and a frame was left out. */
const frameMs = 16.7
/** As of someone who types fast. */
const betweenKeysMs = 120

const ns = (ms: number): number => ms * 1e6

/** Total CPU time of the page's main thread so far, in seconds. */
const busy = async ({ cdp }: BenchPage): Promise<number> => {
  const { metrics } = await cdp.send("Performance.getMetrics")
  return metrics.find(({ name }) => name === "ThreadTime")?.value ?? Number.NaN
}

/** Until it has ended. */
const pressing = async ({ page }: BenchPage, until: Promise<unknown>): Promise<void> => {
  const ended = until.then(() => true)
  for (;;) {
    await page.keyboard.press("x")
    const pause = new Promise<false>((resolve) => void setTimeout(() => resolve(false), betweenKeysMs))
    if (await Promise.race([ended, pause])) return
  }
}

const running = (slower: number, seconds: number): Step => {
  const named = (figure: string): string => (slower === 1 ? figure : `${figure}, ${slower}x slower`)
  const figures = {
    between: named("between frames"),
    long: named("frames over 16.7 ms"),
    veryLong: named("long animation frames"),
    delay: named("input delay"),
    worstDelay: named("input delay, p95"),
    paint: named("key to paint, p95"),
    busy: named("busy in a second"),
    written: named("writes in a second")
  }
  return {
    figures: {
      [figures.between]: "ns",
      [figures.long]: "count",
      [figures.veryLong]: "count",
      [figures.delay]: "ns",
      [figures.worstDelay]: "ns",
      [figures.paint]: "ns",
      [figures.busy]: "ns",
      [figures.written]: "count"
    },
    run: (page) =>
      page.slowed(slower, async () => {
        const { page: it } = page
        await it.bringToFront()
        await page.cdp.send("Performance.enable", { timeDomain: "threadTicks" })
        await page.collect("major")
        await page.settled()
        await it.evaluate(() => document.querySelector<HTMLInputElement>("#typed")!.focus())
        const before = await busy(page)
        const run = it.evaluate((run) => globalThis.sluiceLive.run(run), { perSecond, seconds })
        await pressing(page, run)
        const { delays, frames, long, paints, typed, written } = await run
        const spent = (await busy(page)) - before
        if (delays.length === 0 || typed.length < delays.length)
          throw new Error(`${page.contender}: of ${delays.length} keys ${typed.length} were typed`)
        return {
          [figures.between]: ns(frames.reduce((sum, ms) => sum + ms, 0) / frames.length),
          [figures.long]: frames.filter((ms) => ms > frameMs + 0.1).length,
          [figures.veryLong]: long.length,
          [figures.delay]: ns(median(delays)),
          [figures.worstDelay]: ns(quantile(delays, 0.95)),
          // Those that are not reported took less than 16 ms.
          [figures.paint]: ns(quantile([...paints, ...delays.slice(paints.length).map(() => 16)], 0.95)),
          [figures.written]: written / seconds,
          [figures.busy]: (spent * 1e9) / seconds
        }
      })
  }
}

export const liveFor = (seconds: number): ReactWork => ({
  pages: pagesOf(everyone, "subscribers", "live", (name) => `openLive(${name}, ${count})`),
  style: `ul { display: grid; grid-template-columns: repeat(40, 1fr); margin: 0; padding: 0; font: 11px sans-serif }
li { list-style: none; border: 1px solid #ddd; height: 24px }`,
  display: true,
  steps: [running(1, seconds), running(4, seconds)],
  baselines: ["React hooks"]
})

export const live: ReactWork = liveFor(10)
