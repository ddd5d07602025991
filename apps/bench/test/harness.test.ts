import { describe, expect, it } from "vitest"
import { channelCases } from "../src/channel.ts"
import { collectionCases } from "../src/collection.ts"
import type { Contender } from "../src/contenders/store.ts"
import { casesOf, inFiber, plain, toCase } from "../src/dispatch.ts"
import { type Case, measure } from "../src/harness.ts"

const few = { rounds: 3, warmUps: 1, sample: { times: 5 } }

const suites: Readonly<Record<string, () => ReadonlyArray<Case>>> = {
  dispatch: () => casesOf(plain),
  fiber: () => casesOf(inFiber),
  collection: collectionCases,
  channel: channelCases
}

/** Counts right, and tells only the first of its subscribers. */
const forgetful: Contender = {
  name: "forgetful",
  make: () => {
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

const lazy: Contender = {
  name: "lazy",
  make: () => ({ watch: () => {}, run: () => {}, count: () => 0 })
}

describe("measure", () => {
  it.each(Object.keys(suites))(
    "gives each case of %s a time for each round, all work verified",
    async (name) => {
      const cases = suites[name]?.() ?? []
      const samples = await measure(cases, few)
      expect(samples.map(({ work, contender }) => `${work}: ${contender}`)).toEqual(
        cases.map(({ work, contender }) => `${work}: ${contender}`)
      )
      for (const { ns } of samples) {
        expect(ns).toHaveLength(few.rounds)
        expect(ns.every((each) => each >= 0)).toBe(true)
      }
    }
  )

  it("runs every case once a round, as many times as planned", async () => {
    const calls: Array<string> = []
    const recording = (contender: string): Case => ({
      work: "work",
      contender,
      run: (times) => void calls.push(`${contender} ${times}`),
      verify: () => {}
    })
    await measure([recording("a"), recording("b")], few)
    const rounds = [0, 2, 4].map((at) => calls.slice(at, at + 2).sort())
    expect(rounds).toEqual([
      ["a 5", "b 5"],
      ["a 5", "b 5"],
      ["a 5", "b 5"]
    ])
  })

  it("calibrates by time, and verifies the total over warm-up and rounds", async () => {
    let ran = 0
    let verified = 0
    const spinning: Case = {
      work: "spin",
      contender: "a",
      run: (times) => {
        ran += times
        for (const end = performance.now() + times * 0.05; performance.now() < end;) continue
      },
      verify: (times) => void (verified = times)
    }
    const [samples] = await measure([spinning], { rounds: 2, warmUps: 1, sample: { ms: 1 } })
    expect(samples?.ns).toHaveLength(2)
    expect(verified).toBe(ran)
    expect(ran).toBeGreaterThan(20)
  })

  it("refuses a contender that does not do the work", async () => {
    await expect(measure([toCase(lazy, 0)], few)).rejects.toThrow(
      "lazy with 0 subscribers: after 5 increments"
    )
  })

  it("refuses a contender that leaves out a subscriber", async () => {
    await expect(measure([toCase(forgetful, 1)], few)).resolves.toHaveLength(1)
    await expect(measure([toCase(forgetful, 2)], few)).rejects.toThrow("something counts 0")
  })
})
