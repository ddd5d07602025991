import { describe, expect, it } from "vitest"
import { toRows } from "../src/results.ts"
import { estimate, median, quantile, ratio } from "../src/statistics.ts"
import { plainTable, ratioTable, targetMarkdown, targetTable, turnedRatioTable } from "../src/table.ts"
import { outcomes, targets } from "../src/targets.ts"

const samples = (contender: string, values: ReadonlyArray<number>, name = "one") =>
  ({ name, contender, unit: "ns", values }) as const

describe("statistics", () => {
  it("finds quantiles in any order of the values, between two of them where it must", () => {
    expect(median([3, 1, 2])).toBe(2)
    expect(median([4, 1, 2, 3])).toBe(2.5)
    expect(quantile([5, 4, 3, 2, 1], 0.25)).toBe(2)
  })

  it("takes ratios within a round, so that a slow round does not count twice", () => {
    expect(ratio([10, 2, 2], [20, 1, 4])).toEqual({ median: 0.5, low: 0.5, high: 2 })
  })

  // The ranks are those of the table for the sign test at 5 %, two-sided.
  it.each([
    [5, 0],
    [6, 0],
    [9, 1],
    [11, 1],
    [20, 5],
    [41, 13],
    [101, 40]
  ])("of %i values the interval of the median leaves out %i at either end", (n, out) => {
    const values = Array.from({ length: n }, (_, i) => i)
    expect(estimate(values)).toEqual({ median: (n - 1) / 2, low: out, high: n - 1 - out })
  })

  it("the interval holds the true median in about 95 of 100 series", () => {
    // A generator with a seed, so that the share is the same each time.
    let state = 42
    const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
    const series = Array.from({ length: 2000 }, () =>
      estimate(Array.from({ length: 25 }, () => random() ** 3))
    )
    const holding = series.filter(({ low, high }) => low <= 0.125 && 0.125 <= high).length / series.length
    expect(holding).toBeGreaterThan(0.94)
    expect(holding).toBeLessThan(0.98)
  })
})

describe("tables", () => {
  const rows = toRows(
    [
      samples("a", [10, 10, 10]),
      samples("b", [5, 5, 5]),
      samples("a", [8, 8, 8], "two"),
      samples("b", [2, 2, 2], "two"),
      samples("b", [9, 9, 9], "three")
    ],
    ["a"]
  )

  it("have a ratio where the baseline did the same work", () => {
    expect(rows.map(({ ratios }) => ratios["a"]?.median)).toEqual([1, 0.5, 1, 0.25, undefined])
  })

  it("are written both ways round", () => {
    expect(ratioTable(rows, "a").split("\n")).toEqual([
      "| / a | one | two | three |",
      "| --- | ---: | ---: | ---: |",
      "| a | 1.00x | 1.00x |  |",
      "| b | 0.50x | 0.25x |  |"
    ])
    expect(turnedRatioTable(rows, "a").split("\n")).toEqual([
      "| / a | a | b |",
      "| --- | ---: | ---: |",
      "| one | 1.00x | 0.50x |",
      "| two | 1.00x | 0.25x |",
      "| three |  |  |"
    ])
    expect(plainTable(rows).split("\n")[2]).toMatch(
      /^one +b +5.00 ns +5.00 ns to 5.00 ns +0.50x \(0.50x to 0.50x\)$/
    )
  })
})

describe("targets", () => {
  const measured = [
    samples("Sluice", [6, 6, 6], "0 subscribers"),
    samples("zustand", [5, 5, 5], "0 subscribers"),
    samples("five lines by hand", [4, 4, 4], "0 subscribers")
  ]

  const measuredOutcomes = outcomes(targets.slice(0, 2), measured)

  it("say what was reached and what was missed", () => {
    expect(targetTable(measuredOutcomes).split("\n").slice(1)).toEqual([
      "0 subscribers  Sluice / zustand                  1x  1.20x (1.20x to 1.20x)   missed",
      "0 subscribers  Sluice / five lines by hand       2x  1.50x (1.50x to 1.50x)  reached"
    ])
    const [, , first] = targetMarkdown({ Node: measuredOutcomes, Chromium: [] }).split("\n")
    expect(first).toBe(
      "| dispatch | 0 subscribers | Sluice / zustand | 1x | 1.20x (1.20x to 1.20x) missed |  |"
    )
  })

  it("must have been measured", () => {
    expect(() => outcomes(targets.slice(0, 3), measured)).toThrow("Nobody measured 1 subscriber: Sluice")
  })
})
