import { describe, expect, it } from "vitest"
import { summarize } from "../src/results.ts"
import { median, quantile, ratio } from "../src/statistics.ts"
import { plainTable, ratioTable, turnedRatioTable } from "../src/table.ts"

const samples = (contender: string, ns: ReadonlyArray<number>, work = "one") => ({ work, contender, ns })

describe("statistics", () => {
  it("finds quantiles in any order of the values, between two of them where it must", () => {
    expect(median([3, 1, 2])).toBe(2)
    expect(median([4, 1, 2, 3])).toBe(2.5)
    expect(quantile([5, 4, 3, 2, 1], 0.25)).toBe(2)
  })

  it("takes ratios within a round, so that a slow round does not count twice", () => {
    expect(ratio(samples("a", [10, 2, 2]), samples("b", [20, 1, 4]))).toBe(0.5)
  })
})

describe("results", () => {
  const results = summarize(
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
    expect(results.rows.map(({ ratios }) => ratios["a"])).toEqual([1, 0.5, 1, 0.25, undefined])
    expect(results.rounds).toBe(3)
  })

  it("become tables", () => {
    expect(ratioTable(results, "a").split("\n")).toEqual([
      "| time / a | one | two | three |",
      "| --- | ---: | ---: | ---: |",
      "| a | 1.00x | 1.00x |  |",
      "| b | 0.50x | 0.25x |  |"
    ])
    expect(turnedRatioTable(results, "a").split("\n")).toEqual([
      "| time / a | a | b |",
      "| --- | ---: | ---: |",
      "| one | 1.00x | 0.50x |",
      "| two | 1.00x | 0.25x |",
      "| three |  |  |"
    ])
    expect(plainTable(results).split("\n")[2]).toMatch(/^one +b +5.00 ns +5.00 ns to 5.00 ns +0.50x$/)
  })
})
