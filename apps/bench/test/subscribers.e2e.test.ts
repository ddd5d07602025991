import { describe, expect, it } from "vitest"
import { launch } from "../src/react/browser.ts"
import { bundlePage } from "../src/react/bundle.ts"
import type { BenchPage } from "../src/react/BenchPage.ts"
import type { ReactWork } from "../src/react/work.ts"
import { form } from "../src/react/works/form.ts"
import { liveFor } from "../src/react/works/live.ts"
import { mount } from "../src/react/works/mount.ts"
import { rows } from "../src/react/works/rows.ts"

// What a step does checks itself, also while it is measured; here it is checked of a kind each.
const checked: ReadonlyArray<string> = [
  "React hooks",
  "useReducer + context",
  "jotai",
  "Sluice, concurrent={false}",
  "Sluice"
]

/** Each contender's page, alone, through `body`. */
const inPages = async (work: ReactWork, body: (page: BenchPage) => Promise<void>): Promise<void> => {
  const sources = []
  for (const { contender, entry } of work.pages.filter((page) => checked.includes(page.contender))) {
    const { script } = await bundlePage(entry, { minify: true })
    sources.push({ contender, script, style: work.style })
  }
  const browser = await launch(sources, work)
  try {
    for (const { contender } of sources) {
      const page = await browser.open(contender)
      await browser.traced(() => body(page))
      await page.close()
    }
  } finally {
    await browser.close()
  }
}

/** The figures of each contender that are no laps, after each step was done once. */
const countsOf = async (work: ReactWork, named: string) => {
  const counts: Record<string, number | object | undefined> = {}
  await inPages(work, async (page) => {
    for (const { run } of work.steps) {
      const values = await run(page)
      for (const [figure, value] of Object.entries(values)) {
        if (figure.startsWith(named)) counts[`${page.contender}: ${figure}`] = value
      }
    }
  })
  return counts
}

describe("React works", () => {
  // 10
  it("rows: one change renders one component, but where all of them read one context", async () => {
    for (const [name, count] of Object.entries(await countsOf(rows, "components"))) {
      expect(count, name).toBe(name.startsWith("useReducer") ? 10_000 : 1)
    }
  })

  it("form: what is typed is in the input, and renders its field alone, but where all read one object", async () => {
    const counts = await countsOf(form, "components")
    expect(Object.keys(counts)).toHaveLength(checked.length)
    for (const [name, count] of Object.entries(counts)) {
      expect(count, name).toBe(name.startsWith("useReducer") ? 50 : 1)
    }
  })

  it("mount: rows are shown while they are mounted", async () => {
    await inPages(mount, async (page) => {
      for (const { run } of mount.steps.slice(0, 2)) await run(page)
    })
  })

  it("live: every row shows what was written last", async () => {
    const counts = await countsOf(liveFor(1), "frames")
    expect(Object.keys(counts)).toHaveLength(2 * checked.length)
  })
})
