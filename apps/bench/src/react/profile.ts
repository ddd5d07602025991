/** CPU profiles of pages, for Chromium's developer tools. */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { BenchBrowser } from "./browser.ts"

/** Each page leaves `<contender>-<n>.cpuprofile` in the folder. */
export const profiling = (browser: BenchBrowser, folder: string): BenchBrowser => {
  let opened = 0
  mkdirSync(folder, { recursive: true })
  return {
    ...browser,
    open: async (contender) => {
      const page = await browser.open(contender)
      const file = join(folder, `${contender.replaceAll(/\W+/g, "-")}-${++opened}.cpuprofile`)
      await page.cdp.send("Profiler.enable")
      await page.cdp.send("Profiler.setSamplingInterval", { interval: 100 })
      await page.cdp.send("Profiler.start")
      return {
        ...page,
        close: async () => {
          const { profile } = await page.cdp.send("Profiler.stop")
          writeFileSync(file, JSON.stringify(profile))
          await page.close()
        }
      }
    }
  }
}
