import { describe, expect, it } from "vitest"
import type { Able } from "../src/contender.ts"
import { measure } from "../src/harness.ts"
import { checking } from "../src/run/entry.ts"
import { toCase } from "../src/works/dispatch.ts"
import { workNames, works } from "../src/works/index.ts"

describe("works", () => {
  it.each(workNames)("%s is done by everyone, at a tenth of the size", { timeout: 60_000 }, async (name) => {
    const cases = works[name].cases(0.1)
    const contenders = new Set(cases.map(({ contender }) => contender))
    expect(works[name].baselines.filter((baseline) => !contenders.has(baseline))).toEqual([])
    const samples = await measure(cases, checking)
    expect(samples.map(({ name, contender }) => `${name}: ${contender}`)).toEqual(
      cases.map(({ name, contender }) => `${name}: ${contender}`)
    )
    for (const { values, unit } of samples) {
      expect(values).toHaveLength(checking.rounds)
      if (unit === "ns") expect(values.every((value) => value >= 0)).toBe(true)
    }
  })
})

/** Counts right, and tells only the first of its subscribers. */
const forgetful: Able<"counter"> = {
  name: "forgetful",
  counter: () => {
    let count = 0
    let tell: (() => void) | undefined
    return {
      watch: (probe) =>
        (tell ??= () => {
          probe.told++
          probe.count = count
        }),
      run: (times) => {
        for (let i = 0; i < times; i++) {
          count++
          tell?.()
        }
      },
      count: () => count
    }
  }
}

const lazy: Able<"counter"> = {
  name: "lazy",
  counter: () => ({ watch: () => {}, run: () => {}, count: () => 0 })
}

describe("dispatch", () => {
  it("refuses a contender that does not do the work", async () => {
    await expect(measure([toCase(lazy, 0)], checking)).rejects.toThrow(
      "lazy with 0 subscribers: after 12 increments"
    )
  })

  it("refuses a contender that leaves out a subscriber", async () => {
    await expect(measure([toCase(forgetful, 1)], checking)).resolves.toHaveLength(1)
    await expect(measure([toCase(forgetful, 2)], checking)).rejects.toThrow("something counts 0")
  })
})
