/** What a panel costs, and how soon it answers: in the page, and in Chromium's developer tools. */
import { type CDPSession, chromium, type Frame, type Page } from "playwright-core"
import { chromiumArgs, ensureChromium } from "../../../../../scripts/chromium.ts"
import { RealDevtools } from "@sluice/extension/test/realDevtools.ts"
import type { Samples } from "../../harness.ts"
import { benchArgs } from "../../run/chromium.ts"
import type { Site } from "../../run/serve.ts"
import { quantile } from "../../statistics.ts"

export const contenders = {
  none: "no devtools",
  closed: "recorded, no panel",
  open: "panel in the page",
  extension: "panel in the developer tools"
} as const
export type ContenderKey = keyof typeof contenders

export interface PanelPlan {
  /** Commits before the panel is opened. */
  readonly commits: number
  readonly travels: number
  readonly perSecond: number
  readonly seconds: number
}

export const figures = {
  opened: "the panel is opened",
  travel: "a click to travel",
  script: "scripting in a second",
  task: "busy in a second",
  frames: "between frames, p99",
  panelScript: "scripting in a second, in the panel's process",
  panelTask: "busy in a second, in the panel's process",
  panelFrames: "between frames, p99, in the panel's process"
} as const

type Figure = Omit<Samples, "contender">

const ms = (name: string, values: ReadonlyArray<number>): Figure => ({
  name,
  unit: "ns",
  values: values.map((value) => value * 1e6)
})

/** A page with its panel, wherever that is. Clocks are in milliseconds since 1970. */
interface Opened {
  readonly page: Page
  readonly panel: Page | Frame
  /** Where the panel's mouse is. */
  readonly mouse: Page["mouse"]
  /** From the click that opens it to when its first entries were drawn. */
  readonly openedIn: number
}

interface Host {
  readonly page: Page
  readonly open: () => Promise<Opened>
  readonly close: () => Promise<void>
}

/** Resolves when entries are drawn in the panel of this document, with the time. */
const entriesDrawn = (): Promise<number> =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel()
    port1.addEventListener("message", () => resolve(performance.timeOrigin + performance.now()))
    port1.start()
    const look = () => {
      const host = document.querySelector("sluice-devtools, #panel")
      const drawn = host?.shadowRoot?.querySelector("[role=option]:not(.unknown)") ?? null
      if (drawn === null) requestAnimationFrame(look)
      else port2.postMessage(undefined)
    }
    requestAnimationFrame(look)
  })

/** When the next event of this type comes. */
const eventAt = (type: string): Promise<number> =>
  new Promise((resolve) => {
    const onEvent = ({ timeStamp }: Event) => resolve(performance.timeOrigin + timeStamp)
    addEventListener(type, onEvent, { capture: true, once: true })
  })

const inPage = async (): Promise<Host> => {
  const browser = await chromium.launch({
    executablePath: ensureChromium(),
    headless: true,
    args: [...chromiumArgs, ...benchArgs]
  })
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
  return {
    page,
    open: async () => {
      const button = page.getByRole("button", { name: "Open Sluice devtools for bench" })
      await button.waitFor()
      const clicked = page.evaluate(eventAt, "click")
      await page.evaluate(() => undefined)
      await button.click()
      const drawn = await page.evaluate(entriesDrawn)
      return { page, panel: page, mouse: page.mouse, openedIn: drawn - (await clicked) }
    },
    close: () => browser.close()
  }
}

const inDevtools = async (): Promise<Host> => {
  const devtools = await RealDevtools.launch({ width: 1280, height: 900 })
  const page = devtools.tab
  return {
    page,
    open: async () => {
      const frontend = await devtools.frontend()
      await frontend.getByRole("tab", { name: "Elements" }).first().waitFor()
      const clicked = performance.timeOrigin + performance.now()
      const panel = await devtools.showPanel()
      const drawn = await panel.evaluate(entriesDrawn)
      return { page, panel, mouse: frontend.mouse, openedIn: drawn - clicked }
    },
    close: () => devtools.close()
  }
}

const goto = async (page: Page, site: Site, key: ContenderKey): Promise<void> => {
  page.setDefaultTimeout(120_000)
  await page.goto(`${site.url}?devtools=${key === "open" ? "closed" : key}`)
  await page.waitForFunction(() => document.querySelectorAll("li").length > 0)
}

// ---------------------------------------------------------------------------------------------------------
// Opened on many commits, and travelled

/** Brings another part of the list into view, and gives the middle of a row there. */
const scrollTo = async (panel: Page | Frame, share: number) => {
  const list = panel.getByRole("listbox", { name: "Transactions" })
  await list.evaluate((list, share) => {
    list.scrollTop = (list.scrollHeight - list.clientHeight) * share
  }, share)
  // The list draws what is in view some time after it was scrolled, and asks for it then.
  const isReady = (list: Element) => {
    const { height, top } = list.getBoundingClientRect()
    const middle = top + height / 2
    return [...list.querySelectorAll("[role=option]:not(.unknown)")].some((option) => {
      const box = option.getBoundingClientRect()
      return box.top <= middle && middle < box.bottom
    })
  }
  while (!(await list.evaluate(isReady))) continue
  const box = await list.boundingBox()
  if (box === null) throw new Error("The list of transactions is not shown")
  return { x: box.x + 60, y: box.y + box.height / 2 }
}

/** Another entry than the one before, there; its number among the raises. No part of what is measured. */
const select = async ({ mouse, panel }: Opened, share: number): Promise<string> => {
  const name = () => panel.locator(".details .subject small").first().textContent({ timeout: 1000 })
  const isFirst = (await panel.locator(".details .subject small").count()) === 0
  const last = isFirst ? undefined : await name()
  // The list may still move beneath the mouse.
  for (;;) {
    const at = await scrollTo(panel, share)
    await mouse.click(at.x, at.y)
    const jump = panel.getByRole("button", { name: "Jump here" })
    const isThere = await jump.waitFor({ timeout: 1000 }).then(
      () => true,
      () => false
    )
    const chosen = isThere ? await name() : last
    const raise = /::t(\d+)$/.exec(chosen ?? "")?.[1]
    if (chosen !== last && raise !== undefined) return raise
  }
}

/** How long it took from the click until the page had drawn the state after the selected entry. */
const travel = async (opened: Opened, share: number): Promise<number> => {
  const { mouse, page, panel } = opened
  const raise = await select(opened, share)
  const box = await panel.getByRole("button", { name: "Jump here" }).boundingBox()
  if (box === null) throw new Error("The panel has no button to travel by")
  const clicked = panel.evaluate(eventAt, "click")
  const drawn = page.evaluate(() => globalThis.sluicePanelBench.drawn())
  // Both wait by the time that something else is answered.
  await panel.evaluate(() => undefined)
  await page.evaluate(() => undefined)
  await mouse.click(box.x + box.width / 2, box.y + box.height / 2)
  const ms = (await drawn) - (await clicked)
  // Each raise is a transaction, and there are no others.
  const raises = await page.evaluate(() => document.querySelector("#raises")?.textContent)
  if (raises !== raise) throw new Error(`${raises} raises are shown after the one of number ${raise}`)
  return ms
}

/** Of the shares of the list, another one each time, and none twice. */
const shareAt = (time: number, times: number): number => 0.02 + (0.96 * ((time * 7) % times)) / times

const openedOnMany = async (
  site: Site,
  key: "open" | "extension",
  { commits, travels }: PanelPlan
): Promise<ReadonlyArray<Figure>> => {
  const host = await (key === "open" ? inPage() : inDevtools())
  try {
    await goto(host.page, site, key)
    await host.page.evaluate((commits) => globalThis.sluicePanelBench.raise(commits), commits)
    const opened = await host.open()
    const times: Array<number> = []
    for (let time = 0; time < travels; time++) times.push(await travel(opened, shareAt(time, travels)))
    return [ms(figures.opened, [opened.openedIn]), ms(figures.travel, times)]
  } finally {
    await host.close()
  }
}

// ---------------------------------------------------------------------------------------------------------
// Written to while the panel is open

/** Seconds that the main thread has run scripts, and anything. */
const metricsOf = async (cdp: CDPSession) => {
  const { metrics } = await cdp.send("Performance.getMetrics")
  const of = (name: string) => metrics.find((metric) => metric.name === name)?.value ?? Number.NaN
  return { script: of("ScriptDuration"), task: of("TaskDuration") }
}

const watched = async (
  target: Page | Frame,
  page: Page
): Promise<() => Promise<Awaited<ReturnType<typeof metricsOf>>>> => {
  const cdp = await page.context().newCDPSession(target)
  await cdp.send("Performance.enable", { timeDomain: "threadTicks" })
  const before = await metricsOf(cdp)
  return async () => {
    const after = await metricsOf(cdp)
    return { script: after.script - before.script, task: after.task - before.task }
  }
}

/** Milliseconds between one frame of this document and the next, for so long. */
const framesFor = (ms: number): Promise<Array<number>> =>
  new Promise((resolve) => {
    const frames: Array<number> = []
    const end = performance.now() + ms
    let last: number | undefined
    const watch = (now: number) => {
      if (last !== undefined) frames.push(now - last)
      last = now
      if (now < end) requestAnimationFrame(watch)
      else resolve(frames)
    }
    requestAnimationFrame(watch)
  })

const writtenTo = async (
  site: Site,
  key: ContenderKey,
  { perSecond, seconds }: PanelPlan
): Promise<ReadonlyArray<Figure>> => {
  const host = await (key === "extension" ? inDevtools() : inPage())
  try {
    const { page } = host
    await goto(page, site, key)
    await page.evaluate(() => globalThis.sluicePanelBench.raise(1000))
    const opened = key === "open" || key === "extension" ? await host.open() : undefined
    // Compiled, and what has been opened has settled.
    await page.evaluate((perSecond) => globalThis.sluicePanelBench.run(perSecond, 2), perSecond)
    const elsewhere = opened === undefined || opened.panel === page ? undefined : opened.panel
    const spent = await watched(page, page)
    const spentElsewhere = elsewhere && (await watched(elsewhere, page))
    const framesElsewhere = elsewhere?.evaluate(framesFor, seconds * 1000)
    const { frames, raises } = await page.evaluate(
      ([perSecond, seconds]) => globalThis.sluicePanelBench.run(perSecond, seconds),
      [perSecond, seconds] as const
    )
    if (raises !== perSecond * seconds) throw new Error(`${raises} rows were raised`)
    const { script, task } = await spent()
    const inSecond = (of: number) => [(of * 1000) / seconds]
    const own = [
      ms(figures.script, inSecond(script)),
      ms(figures.task, inSecond(task)),
      ms(figures.frames, [quantile(frames, 0.99)])
    ]
    if (spentElsewhere === undefined || framesElsewhere === undefined) return own
    const panel = await spentElsewhere()
    return [
      ...own,
      ms(figures.panelScript, inSecond(panel.script)),
      ms(figures.panelTask, inSecond(panel.task)),
      ms(figures.panelFrames, [quantile(await framesElsewhere, 0.99)])
    ]
  } finally {
    await host.close()
  }
}

// ---------------------------------------------------------------------------------------------------------

/** One round of everything, each in a browser of its own. */
export const measurePanels = async (
  site: Site,
  plan: PanelPlan,
  keys: ReadonlyArray<ContenderKey>
): Promise<ReadonlyArray<Samples>> => {
  const samples: Array<Samples> = []
  for (const key of keys) {
    const contender = contenders[key]
    if (key === "open" || key === "extension")
      for (const figure of await openedOnMany(site, key, plan)) samples.push({ ...figure, contender })
    for (const figure of await writtenTo(site, key, plan)) samples.push({ ...figure, contender })
  }
  return samples
}
