/** Rounds of all that is measured of the panel. */
import { chromium } from "playwright-core"
import { chromiumArgs, ensureChromium } from "../../../../../scripts/chromium.ts"
import type { Samples } from "../../harness.ts"
import { contenders, type ContenderKey, measurePanels, type PanelPlan } from "./measure.ts"
import { openSite } from "./site.ts"

export const fullPlan: PanelPlan = { commits: 100_000, travels: 10, perSecond: 1000, seconds: 10 }

// Its own order: of the keys of a record nothing else is told.
const allKeys = Object.keys(contenders) as ReadonlyArray<ContenderKey>

export interface Options {
  readonly plan?: PanelPlan
  readonly rounds: number
  readonly keys?: ReadonlyArray<ContenderKey>
  readonly onRound?: (round: number) => void
}

export const runPanel = async ({
  keys = allKeys,
  onRound,
  plan = fullPlan,
  rounds
}: Options): Promise<{ readonly samples: ReadonlyArray<Samples>; readonly version: string }> => {
  const site = await openSite()
  const browser = await chromium.launch({ executablePath: ensureChromium(), args: [...chromiumArgs] })
  const version = browser.version()
  await browser.close()
  const samples: Array<Samples> = []
  for (let round = 1; round <= rounds; round++) {
    samples.push(...(await measurePanels(site, plan, keys)))
    onRound?.(round)
  }
  site.close()
  return { samples, version }
}
