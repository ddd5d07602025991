import { describe, expect, it } from "vitest"
import type { Samples } from "../src/harness.ts"
import type { BenchPage } from "../src/react/BenchPage.ts"
import type { BenchBrowser } from "../src/react/browser.ts"
import { measure, type Pace } from "../src/react/measure.ts"
import { randomFrom, shuffled } from "../src/react/random.ts"
import { geometricMean, ratioOf, widthOf } from "../src/react/ratio.ts"
import { outcomes, type Target, verdict } from "../src/react/targets.ts"
import type { ReactWork, Step } from "../src/react/work.ts"

const samples = (contender: string, values: ReadonlyArray<number>, name = "one"): Samples => ({
  name,
  contender,
  unit: "ns",
  values
})

describe("ratios", () => {
  it("are geometric means of those within a round", () => {
    expect(ratioOf([10, 40], [5, 5]).mean).toBeCloseTo(4)
    expect(ratioOf([1, 100, 7], [2, 200, 14])).toEqual({ mean: 0.5, low: 0.5, high: 0.5 })
  })

  // Student's t at 97.5 %, from its table.
  it.each([
    [4, 3.182],
    [5, 2.776],
    [11, 2.228],
    [31, 2.042],
    [121, 1.98]
  ])("of %i rounds have the interval of Student's t, %f", (rounds, t) => {
    const logs = Array.from({ length: rounds }, (_, i) => (i * 7) % rounds)
    const mean = logs.reduce((sum, log) => sum + log, 0) / rounds
    const deviation = Math.sqrt(logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / (rounds - 1))
    const { low, high } = ratioOf(
      logs.map((log) => Math.exp(log)),
      logs.map(() => 1)
    )
    const found = (Math.log(high) - Math.log(low)) / 2 / (deviation / Math.sqrt(rounds))
    expect(Math.abs(found / t - 1)).toBeLessThan(0.01)
  })

  it("of one round, or of none of something, say nothing", () => {
    expect(ratioOf([3], [2])).toEqual({ mean: 1.5, low: 0, high: Number.POSITIVE_INFINITY })
    expect(widthOf(ratioOf([0, 0], [0, 0]))).toBeNaN()
  })

  it("of several figures are taken together by round", () => {
    const mean = geometricMean("both", [samples("a", [1, 2]), samples("a", [4, 8], "two")])
    expect(mean).toEqual({ name: "both", contender: "a", unit: "ns", values: [2, 4] })
  })
})

describe("the order of contenders", () => {
  const all = [1, 2, 3, 4, 5]

  it("is repeated by its seed, and leaves nobody out", () => {
    const orders = (seed: number) => {
      const random = randomFrom(seed)
      return Array.from({ length: 20 }, () => shuffled(all, random))
    }
    expect(orders(7)).toEqual(orders(7))
    expect(orders(7)).not.toEqual(orders(8))
    for (const order of orders(7)) expect(order.toSorted((a, b) => a - b)).toEqual(all)
    expect(new Set(orders(7).map((order) => order[0])).size).toBe(all.length)
  })
})

describe("targets", () => {
  const target: Target = { work: "ops", figure: "one", of: "Sluice", to: ["a", "b"], atMost: 1 }
  const measured = (of: ReadonlyArray<number>) =>
    outcomes(
      [target],
      [samples("Sluice", of), samples("a", [20, 20, 20, 20]), samples("b", [10, 10, 10, 10])]
    )[0]!

  it("of several are beside the best of them", () => {
    expect(measured([10, 10, 10, 10])).toMatchObject({ to: "b", ratio: { mean: 1 } })
  })

  it.each([
    [[9.9, 9.9, 9.9, 9.9], "reached"],
    [[10.04, 10.06, 9.98, 10.04], "reached"],
    [[10.04, 10.06, 10.04, 10.06], "missed"],
    [[11, 14, 12, 16], "missed"],
    [[5, 7, 6, 8], "reached"],
    [[5, 10, 8, 12], "too few rounds"],
    [[0, 0, 0, 0], "too few rounds"]
  ])("%j beside 10 are %s", (of, expected) => {
    expect(verdict(measured(of))).toBe(expected)
  })

  it("of contenders that took no part are left out", () => {
    expect(outcomes([target], [samples("a", [1]), samples("b", [1])])).toEqual([])
  })
})

describe("rounds", () => {
  /** Opens pages that do nothing, and writes down what is done to them. */
  const fakeBrowser = (calls: Array<string>): BenchBrowser => ({
    version: "0",
    open: async (contender) => {
      calls.push(`open ${contender}`)
      // Of a page, the steps below use nothing else.
      return {
        contender,
        close: async () => {
          calls.push(`close ${contender}`)
        }
      } as BenchPage
    },
    traced: async (body) => {
      await body()
      return ({ lap }) => lap.length
    },
    close: async () => {}
  })

  const workOf = (steps: ReadonlyArray<Step>): ReactWork => ({
    pages: ["a", "b"].map((contender) => ({ contender, entry: "" })),
    style: "",
    steps,
    baselines: []
  })

  const pace: Pace = { rounds: [2, 5], minutes: 1, seed: 1, settled: () => true }

  it("open a page for each, run a step in all of them before it is run again, and close them", async () => {
    const calls: Array<string> = []
    const step = (name: string, times: number): Step => ({
      figures: {},
      times,
      run: async ({ contender }) => {
        calls.push(`${name} ${contender}`)
        return {}
      }
    })
    await measure(fakeBrowser(calls), workOf([step("first", 2), step("second", 1)]), {
      ...pace,
      rounds: [1, 1]
    })
    const turns = Array.from({ length: calls.length / 2 }, (_, at) => calls.slice(at * 2, at * 2 + 2).sort())
    expect(turns).toEqual([
      ["open a", "open b"],
      ["first a", "first b"],
      ["first a", "first b"],
      ["second a", "second b"],
      expect.arrayContaining(["close a", "close b"])
    ])
  })

  it("record for each page the median of what a step gave, and the time of a lap", async () => {
    let given = 0
    const step: Step = {
      figures: { value: "count", lap: "ns" },
      times: 3,
      run: async ({ contender }) => ({
        value: contender === "a" ? [5, 1, 3][given++ % 3]! : 2,
        lap: { lap: contender.repeat(4) }
      })
    }
    const found = await measure(fakeBrowser([]), workOf([step]), pace)
    expect(found).toEqual([
      { name: "value", contender: "a", unit: "count", values: [3, 3] },
      { name: "value", contender: "b", unit: "count", values: [2, 2] },
      { name: "lap", contender: "a", unit: "ns", values: [4, 4] },
      { name: "lap", contender: "b", unit: "ns", values: [4, 4] }
    ])
  })

  it("end when enough is known, but not before the least of them, nor after the most", async () => {
    const rounds = async (settledAt: number): Promise<number> => {
      let round = 0
      const settled = () => round >= settledAt
      await measure(fakeBrowser([]), workOf([]), { ...pace, settled, onRound: (at) => (round = at) })
      return round
    }
    expect(await rounds(1)).toBe(2)
    expect(await rounds(4)).toBe(4)
    expect(await rounds(9)).toBe(5)
  })

  it("come after the steps that want fresh pages", async () => {
    const calls: Array<string> = []
    const memory: Step = { figures: { memory: "bytes" }, fresh: 3, run: async () => ({ memory: 1 }) }
    const found = await measure(fakeBrowser(calls), workOf([memory]), { ...pace, rounds: [1, 1] })
    expect(found.map(({ values }) => values)).toEqual([
      [1, 1, 1],
      [1, 1, 1]
    ])
    expect(calls.filter((call) => call === "open a")).toHaveLength(4)
  })

  it("fail where a page does not give what it was to", async () => {
    const silent: Step = { figures: { value: "ns" }, run: async () => ({}) }
    await expect(measure(fakeBrowser([]), workOf([silent]), pace)).rejects.toThrow("gave no value")
  })
})
