import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { defaultHistoryCapacity, History } from "../src/history.ts"
import { cut, instanceIds, sessionOf, steps } from "./commits.ts"

const sizes = fc.array(fc.nat({ max: 7 }), { maxLength: 8 })

describe("history", () => {
  test("keeps the newest commits and counts the others", () => {
    fc.assert(
      fc.property(
        steps({ maxLength: 60 }),
        sizes,
        fc.integer({ min: 1, max: 20 }),
        (steps, sizes, capacity) => {
          const { commits } = sessionOf(steps)
          const history = new History(capacity)
          for (const batch of cut(commits, sizes)) history.append(batch)
          const kept = commits.slice(Math.max(0, commits.length - capacity))
          expect(history.after(0)).toEqual(kept)
          expect(history.length).toBe(kept.length)
          expect(history.appended).toBe(commits.length)
          expect(history.dropped).toBe(commits.length - kept.length)
          expect(history.oldest).toBe(kept[0])
          expect(history.latest).toBe(kept.at(-1))
          expect(history.at(kept.length)).toBeUndefined()
          expect(history.at(-1)).toBeUndefined()
          for (const { seq } of commits)
            expect(history.after(seq)).toEqual(kept.filter((commit) => commit.seq > seq))
        }
      )
    )
  })

  test("tells the states of all instances at every moment that it reaches, back to its base", () => {
    fc.assert(
      fc.property(steps({ maxLength: 60 }), fc.integer({ min: 1, max: 20 }), (steps, capacity) => {
        const { commits, moments } = sessionOf(steps)
        const history = new History(capacity)
        history.append(commits)
        const now = moments.at(-1)
        const instances = instanceIds.map((instanceId) => ({ instanceId, state: now?.get(instanceId) }))
        for (const [seq, moment] of moments.entries()) {
          const isReached = seq >= commits.length - capacity
          expect(history.reaches(seq)).toBe(isReached)
          if (isReached) expect(history.statesAt(seq, instances)).toEqual(moment)
        }
      })
    )
  })

  test("tells the state of an instance that it has no commit of: it has not changed", () => {
    const history = new History(10)
    history.append(sessionOf([{ instance: 0, outcome: "commit" }]).commits)
    expect(history.statesAt(0, [{ instanceId: "Other#1", state: "as ever" }])).toEqual(
      new Map([["Other#1", "as ever"]])
    )
  })

  test("passes over instances that have ended", () => {
    const history = new History(10)
    const { commits } = sessionOf([0, 1, 0].map((instance) => ({ instance, outcome: "commit" as const })))
    history.append(commits)
    expect(history.statesAt(1, [{ instanceId: "M0#1", state: "M0#1 2" }])).toEqual(
      new Map([["M0#1", "M0#1 1"]])
    )
  })

  test("has a capacity of at least one, and a default", () => {
    expect(new History().capacity).toBe(defaultHistoryCapacity)
    expect(new History(0).capacity).toBe(1)
    expect(new History(2.9).capacity).toBe(2)
    expect(new History(Number.NaN).capacity).toBe(defaultHistoryCapacity)
  })

  test("tells its subscribers once a batch, until they end it", () => {
    const history = new History(2)
    let told = 0
    const end = history.subscribe(() => told++)
    const { commits } = sessionOf([0, 1, 2].map((instance) => ({ instance, outcome: "commit" as const })))
    history.append(commits)
    expect(told).toBe(1)
    end()
    history.append(commits)
    expect(told).toBe(1)
  })
})
