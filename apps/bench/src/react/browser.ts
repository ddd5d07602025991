/** A Chromium with a page for each contender, and its trace. */
import { chromium } from "playwright-core"
import { chromiumArgs, ensureChromium } from "../../../../scripts/chromium.ts"
import { benchArgs } from "../run/chromium.ts"
import { serve, type Served } from "../run/serve.ts"
import { type BenchPage, benchPage, type Lap } from "./BenchPage.ts"
import type { ReactWork } from "./work.ts"

/** What a page loads: a script made by `bundlePage`, and what surrounds it. */
export interface PageSource {
  readonly contender: string
  readonly script: string
  readonly style: string
}

/** Nanoseconds of the main thread's CPU time in a lap. */
export type CpuTime = (lap: Lap) => number

export interface BenchBrowser {
  readonly version: string
  /** A fresh page in a context, and so a process, of its own. */
  readonly open: (contender: string) => Promise<BenchPage>
  /** Runs the body while marks are traced, and gives the CPU time of the laps in it. */
  readonly traced: (body: () => Promise<void>) => Promise<CpuTime>
  readonly close: () => Promise<void>
}

// measureUserAgentSpecificMemory answers at once.
const reactArgs = ["--enable-blink-features=ForceEagerMeasureMemory"]

// Not waiting for a display that is not there.
const atOnce = "--disable-frame-rate-limit"

const pathOf = (contender: string): string => `/${contender.replaceAll(/\W+/g, "-").toLowerCase()}`

const siteOf = (sources: ReadonlyArray<PageSource>): ReadonlyMap<string, Served> =>
  new Map(
    sources.flatMap(({ contender, script, style }): ReadonlyArray<[string, Served]> => {
      const path = pathOf(contender)
      const body = `<!doctype html><html lang="en"><meta charset="utf-8"><title>${contender}</title>
<link rel="icon" href="data:,"><style>${style}</style>
<body><div id="main"></div><script type="module" src="${path}.js"></script></body></html>`
      return [
        [path, { type: "text/html", body }],
        [`${path}.js`, { type: "text/javascript", body: script }]
      ]
    })
  )

/** A mark of performance.mark in a trace, with the time of its thread's own clock, in microseconds. */
interface Mark {
  readonly name: string
  readonly tts?: number
}

const cpuTimeIn = (marks: ReadonlyMap<string, number>): CpuTime => {
  const at = (name: string) => {
    const found = marks.get(name)
    if (found === undefined) throw new Error(`The trace has no mark ${name}`)
    return found
  }
  const timeOf = (lap: string) => (at(`${lap}:end`) - at(`${lap}:start`)) * 1000
  return ({ lap, parts }) => {
    if (parts === undefined) return timeOf(lap)
    return (
      Array.from({ length: parts }, (_, i) => timeOf(`${lap}.${i}`)).reduce((sum, ns) => sum + ns) / parts
    )
  }
}

export const launch = async (
  sources: ReadonlyArray<PageSource>,
  { display }: Pick<ReactWork, "display">
): Promise<BenchBrowser> => {
  const site = await serve(siteOf(sources))
  const browser = await chromium.launch({
    executablePath: ensureChromium(),
    headless: true,
    args: [...chromiumArgs, ...benchArgs, ...reactArgs, ...(display === true ? [] : [atOnce])]
  })
  const cdp = await browser.newBrowserCDPSession()

  const open = async (contender: string): Promise<BenchPage> => {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
    const page = await context.newPage()
    const errors: Array<Error> = []
    page.on("pageerror", (error) => errors.push(error))
    await page.goto(new URL(pathOf(contender), site.url).href)
    await page.waitForSelector("#main > *")
    return benchPage(contender, page, await context.newCDPSession(page), async () => {
      await context.close()
      if (errors.length > 0) throw new AggregateError(errors, `Errors in the page of ${contender}`)
    })
  }

  const traced = async (body: () => Promise<void>): Promise<CpuTime> => {
    const marks = new Map<string, number>()
    const collect = ({ value }: { readonly value: ReadonlyArray<object> }) => {
      // What a trace holds is not typed; of its events only the marks have been asked for.
      for (const { name, tts } of value as ReadonlyArray<Mark>) if (tts !== undefined) marks.set(name, tts)
    }
    cdp.on("Tracing.dataCollected", collect)
    await cdp.send("Tracing.start", {
      traceConfig: { includedCategories: ["blink.user_timing"], excludedCategories: ["*"] },
      transferMode: "ReportEvents"
    })
    try {
      await body()
    } finally {
      const complete = new Promise<void>((resolve) => cdp.once("Tracing.tracingComplete", () => resolve()))
      await cdp.send("Tracing.end")
      await complete
      cdp.off("Tracing.dataCollected", collect)
    }
    return cpuTimeIn(marks)
  }

  return {
    version: browser.version(),
    open,
    traced,
    close: async () => {
      await browser.close()
      site.close()
    }
  }
}
