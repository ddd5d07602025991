/** Ten thousand mounted rows, each selecting its own; one changes. */
import type { BenchPage } from "../BenchPage.ts"
import type { ReactWork, Step } from "../work.ts"
import { everyone, pagesOf } from "./contenders.ts"

const count = 10_000
type Way = "message" | "click"
const ways: ReadonlyArray<Way> = ["message", "click"]

let laps = 0

const change = async (page: BenchPage, way: Way, lap: string | undefined) => {
  const args = { way, ...(lap === undefined ? {} : { lap }) }
  return page.page.evaluate(({ way, lap }) => globalThis.sluiceRows.change(way, lap), args)
}

const warmUp: Step = {
  figures: {},
  run: async (page) => {
    await page.page.evaluate((count) => globalThis.sluiceRows.mount(count), count)
    // Compiled code, but for the one whose every change renders every row.
    const times = page.contender === "useReducer + context" ? 5 : 100
    for (const way of ways) {
      await page.page.evaluate(
        async ({ times, way }) => {
          for (let time = 0; time < times; time++) await globalThis.sluiceRows.change(way)
        },
        { times, way }
      )
    }
    await page.collect("major")
    await page.settled()
    return {}
  }
}

const changing = (way: Way): Step => {
  const cpu = `one row, by a ${way}`
  return {
    figures: { [cpu]: "ns", [`${cpu}, waiting included`]: "ns", [`components, by a ${way}`]: "count" },
    times: 12,
    run: async (page) => {
      const lap = `row ${++laps}`
      const { ms, rendered } = await change(page, way, lap)
      return { [cpu]: { lap }, [`${cpu}, waiting included`]: ms * 1e6, [`components, by a ${way}`]: rendered }
    }
  }
}

export const rows: ReactWork = {
  pages: pagesOf(
    everyone,
    "subscribers",
    "page",
    (name) => `openRows(${name}, { count: ${count}, rows: "hidden" })`
  ),
  style: "",
  steps: [warmUp, ...ways.map(changing)],
  baselines: ["React hooks", "jotai"]
}
