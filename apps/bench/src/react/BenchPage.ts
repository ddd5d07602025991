/** A page of one contender, in a renderer process of its own, with what measures it. */
import type { CDPSession, Page } from "playwright-core"

declare global {
  /** Resolves once what was clicked is painted. Written by `arm`. */
  var sluicePainted: Promise<void>
}

/**
 * A stretch of the page's main thread, between two marks, in the trace of the round. Its CPU time is known
 * when the trace has ended.
 */
export interface Lap {
  readonly lap: string
  /** Where it is so many stretches, of which the mean counts: `<lap>.0` is the first. */
  readonly parts?: number
}

/** Milliseconds after which what was asked for is taken not to come. */
const patience = 30_000

export interface BenchPage {
  readonly contender: string
  readonly page: Page
  readonly cdp: CDPSession
  /**
   * Clicks, and resolves when the page shows what `done` asks for: in the page, without its surroundings,
   * once a frame. The lap starts before the click's first listener and ends when the frame is committed.
   */
  readonly click: <A>(selector: string, done: (asked: A) => boolean, asked: A) => Promise<Lap>
  /** Frames later: nothing of what was done before is left to do. */
  readonly settled: () => Promise<void>
  /** Collects garbage: the young, or all. */
  readonly collect: (type: "minor" | "major") => Promise<void>
  /** Bytes of the page's JavaScript and DOM after a full collection. */
  readonly memory: () => Promise<number>
  /** So many times slower while `body` runs. */
  readonly slowed: <A>(times: number, body: () => Promise<A>) => Promise<A>
  readonly close: () => Promise<void>
}

/** Runs in the page. */
const arm = (lap: string, isDone: () => boolean, patience: number): void => {
  globalThis.sluicePainted = new Promise((resolve, reject) => {
    const onClick = () => {
      performance.mark(`${lap}:start`)
      const channel = new MessageChannel()
      // A frame is styled, laid out, painted and committed in one task with its callbacks; the message is the next.
      channel.port1.onmessage = () => {
        performance.mark(`${lap}:end`)
        resolve()
      }
      const deadline = performance.now() + patience
      const onFrame = () => {
        if (isDone()) channel.port2.postMessage(undefined)
        else if (performance.now() < deadline) requestAnimationFrame(onFrame)
        else reject(new Error(`Not shown: ${isDone.toString()}`))
      }
      requestAnimationFrame(onFrame)
    }
    addEventListener("click", onClick, { capture: true, once: true })
  })
}

let laps = 0

export const benchPage = (
  contender: string,
  page: Page,
  cdp: CDPSession,
  close: () => Promise<void>
): BenchPage => {
  let hovered: string | undefined

  const settled = () =>
    page.evaluate(
      () =>
        new Promise<void>((resolve) => {
          requestAnimationFrame(() => requestAnimationFrame(() => requestIdleCallback(() => resolve())))
        })
    )

  const hover = async (selector: string) => {
    const at = await page.evaluate((selector) => {
      const box = document.querySelector(selector)?.getBoundingClientRect()
      return box === undefined ? undefined : { x: box.x + box.width / 2, y: box.y + box.height / 2 }
    }, selector)
    if (at === undefined) throw new Error(`${contender} has no ${selector}`)
    const place = `${at.x} ${at.y}`
    if (place === hovered) return
    hovered = place
    await page.mouse.move(at.x, at.y)
    await settled()
  }

  return {
    contender,
    page,
    cdp,
    close,
    settled,
    click: async (selector, done, asked) => {
      await hover(selector)
      const lap = `lap ${++laps}`
      // As text: of what is serialized, functions are left out.
      const isDone = `() => (${done.toString()})(${JSON.stringify(asked)})`
      await page.evaluate(`(${arm.toString()})(${JSON.stringify(lap)}, ${isDone}, ${patience})`)
      await page.mouse.down()
      await page.mouse.up()
      await page.evaluate(() => globalThis.sluicePainted)
      await settled()
      return { lap }
    },
    collect: (type) => page.evaluate((type) => globalThis.gc?.({ type }), type),
    memory: async () => {
      await page.evaluate(() => globalThis.gc?.())
      await settled()
      await page.evaluate(() => globalThis.gc?.())
      return page.evaluate(async () => {
        // Not in TypeScript's library. Blink has it for isolated pages, at once with ForceEagerMeasureMemory.
        const measuring = performance as unknown as {
          readonly measureUserAgentSpecificMemory: () => Promise<{ readonly bytes: number }>
        }
        return (await measuring.measureUserAgentSpecificMemory()).bytes
      })
    },
    slowed: async (times, body) => {
      if (times === 1) return body()
      await cdp.send("Emulation.setCPUThrottlingRate", { rate: times })
      try {
        return await body()
      } finally {
        await cdp.send("Emulation.setCPUThrottlingRate", { rate: 1 })
      }
    }
  }
}
