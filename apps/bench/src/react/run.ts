/** Bundles a work's pages, measures them in one Chromium, and gives all that was found. */
import type { Samples } from "../harness.ts"
import { launch, type PageSource } from "./browser.ts"
import { bundlePage } from "./bundle.ts"
import { measure, type Pace } from "./measure.ts"
import { profiling } from "./profile.ts"
import { isKnown, outcomes, targets } from "./targets.ts"
import { type ReactWorkName, workOf } from "./works/index.ts"

export interface Options extends Pick<Pace, "rounds" | "minutes" | "seed" | "times" | "onRound"> {
  /** Only these contenders. Default all. */
  readonly only?: ReadonlyArray<string> | undefined
  /** Where to leave a profile of each page. Then scripts are not minified. */
  readonly profile?: string | undefined
}

export interface Ran {
  readonly samples: ReadonlyArray<Samples>
  /** Of Chromium. */
  readonly version: string
}

export const runReact = async (
  name: ReactWorkName,
  { only, profile, rounds, minutes, seed, times, onRound }: Options
): Promise<Ran> => {
  const whole = workOf(name)
  const pages = whole.pages.filter(({ contender }) => only === undefined || only.includes(contender))
  const work = { ...whole, pages }
  const sources: Array<PageSource> = []
  const sizes: Array<Samples> = []
  for (const { contender, entry } of pages) {
    const { script, gzip, brotli } = await bundlePage(entry, { minify: profile === undefined })
    sources.push({ contender, script, style: work.style })
    const size = { contender, unit: "bytes" } as const
    sizes.push(
      { ...size, name: "script, min+gzip", values: [gzip] },
      { ...size, name: "script, min+brotli", values: [brotli] }
    )
  }
  sizes.sort((a, b) => (a.name === b.name ? 0 : a.name === "script, min+gzip" ? -1 : 1))
  const asked = targets.filter((target) => target.work === name)
  const settled: Pace["settled"] = (samples) => {
    const known = outcomes(asked, samples)
    return known.length > 0 && known.every(isKnown)
  }
  const browser = await launch(sources, work)
  try {
    const pace: Pace = {
      rounds,
      minutes,
      seed,
      settled,
      ...(times === undefined ? {} : { times }),
      ...(onRound === undefined ? {} : { onRound })
    }
    const samples = await measure(profile === undefined ? browser : profiling(browser, profile), work, pace)
    return { samples: [...samples, ...sizes], version: browser.version }
  } finally {
    await browser.close()
  }
}
