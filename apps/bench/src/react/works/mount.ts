/** Components that each select a row, mounted and unmounted. */
import type { ReactWork, Step } from "../work.ts"
import { asking, everyone, pagesOf } from "./contenders.ts"

const sizes = [1000, 10_000, 20_000]
const most = Math.max(...sizes)

let laps = 0

const mounting = (count: number): Step => {
  const name = count.toLocaleString("en")
  return {
    figures: { [`mount ${name}`]: "ns", [`unmount ${name}`]: "ns" },
    times: 6,
    run: async (page) => {
      const lap = `mount ${++laps}`
      const result = await page.page.evaluate(
        ({ count, lap }) => {
          const page = globalThis.sluiceRows
          globalThis.gc?.({ type: "minor" })
          page.mount(count, `${lap} in`)
          const wrong = page.wrong()
          globalThis.gc?.({ type: "minor" })
          page.unmount(`${lap} out`)
          return [...wrong, ...page.wrong()]
        },
        { count, lap }
      )
      if (result.length > 0)
        throw new Error(`${page.contender}: wrong are ${result.length}, first ${result[0]}`)
      await page.settled()
      return { [`mount ${name}`]: { lap: `${lap} in` }, [`unmount ${name}`]: { lap: `${lap} out` } }
    }
  }
}

const warmUp: Step = {
  figures: {},
  times: 5,
  run: async (page) => {
    await page.page.evaluate((count) => {
      globalThis.sluiceRows.mount(count)
      globalThis.sluiceRows.unmount()
    }, sizes[0]!)
    await page.collect("major")
    await page.settled()
    return {}
  }
}

export const mount: ReactWork = {
  pages: pagesOf(
    [...everyone, asking],
    "subscribers",
    "page",
    (name) => `openRows(${name}, { count: ${most}, rows: "text" })`
  ),
  style: "",
  steps: [warmUp, ...sizes.map(mounting)],
  baselines: ["React hooks", "zustand"]
}
