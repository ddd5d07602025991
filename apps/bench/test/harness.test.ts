import { describe, expect, it } from "vitest"
import { type Case, measure } from "../src/harness.ts"

const few = { rounds: 3, warmUps: 1, sample: { times: 5 } }

describe("measure", () => {
  it("runs every case once a round, as many times as planned", async () => {
    const calls: Array<string> = []
    const recording = (contender: string): Case => ({
      name: "work",
      contender,
      run: (times) => void calls.push(`${contender} ${times}`),
      verify: () => {}
    })
    await measure([recording("a"), recording("b")], few)
    const rounds = [0, 2, 4, 6].map((at) => calls.slice(at, at + 2).sort())
    expect(rounds).toEqual(Array.from({ length: 4 }, () => ["a 5", "b 5"]))
  })

  it("prepares and clears away around each sample", async () => {
    const calls: Array<string> = []
    const step = (name: string) => async (times: number) => {
      await Promise.resolve()
      calls.push(`${name} ${times}`)
    }
    const verify = (times: number) => void calls.push(`verify ${times}`)
    const contender: Case = {
      name: "work",
      contender: "a",
      before: step("before"),
      run: step("run"),
      after: step("after"),
      verify
    }
    await measure([contender], { rounds: 2, warmUps: 0, sample: { times: 5 } })
    expect(calls.join(", ")).toBe("before 5, run 5, verify 5, after 5, before 5, run 5, verify 10, after 5")
  })

  it("calibrates by time, and verifies the total over warm-up and rounds", async () => {
    let ran = 0
    let verified = 0
    const spinning: Case = {
      name: "spin",
      contender: "a",
      run: (times) => {
        ran += times
        for (const end = performance.now() + times * 0.05; performance.now() < end;) continue
      },
      verify: (times) => void (verified = times)
    }
    const [samples] = await measure([spinning], { rounds: 2, warmUps: 1, sample: { ms: 1 } })
    expect(samples?.values).toHaveLength(2)
    expect(verified).toBe(ran)
    expect(ran).toBeGreaterThan(20)
  })

  it("gives the figure for one unit of the work", async () => {
    const spin = (per: number): Case => ({
      name: `${per}`,
      contender: "a",
      per,
      run: (times) => {
        for (const end = performance.now() + times; performance.now() < end;) continue
      },
      verify: () => {}
    })
    const [one, thousand] = await measure([spin(1), spin(1000)], few)
    // What is spun is a lower bound of the time, and of nothing else.
    expect(Math.min(...one!.values)).toBeGreaterThanOrEqual(1e6)
    expect(Math.min(...thousand!.values)).toBeGreaterThanOrEqual(1e3)
    expect(Math.min(...thousand!.values)).toBeLessThan(Math.min(...one!.values))
  })
})
