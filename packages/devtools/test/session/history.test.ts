import * as fc from "fast-check"
import { describe, expect, test, vi } from "vitest"
import { defaultHistoryCapacity, History } from "../../src/session/history.ts"
import { whoChanged } from "../../src/session/whoChanged.ts"
import { cut, instanceIds, sessionOf, steps } from "../commits.ts"
import { makeApp } from "./app.ts"

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

  test("a moment is never within a group, also where the ring has cut through it (T11)", () => {
    const { commits } = sessionOf(
      [0, 0, 1, 2, 0].map((instance) => ({ instance, outcome: "commit" as const }))
    )
    const grouped = commits.map((commit) =>
      commit.seq >= 2 && commit.seq <= 4 ? { ...commit, groupId: "g" } : commit
    )
    const instances = instanceIds.map((instanceId) => ({ instanceId, state: "now" }))
    for (const capacity of [5, 4, 3, 2, 1]) {
      const history = new History(capacity)
      history.append(grouped)
      for (let seq = 0; seq <= 5; seq++) {
        const moment = seq >= 2 && seq <= 4 ? 4 : seq
        if (!history.reaches(seq)) continue
        expect(history.momentOf(seq)).toBe(moment)
        expect(history.statesAt(seq, instances)).toEqual(history.statesAt(moment, instances))
      }
      expect(history.base).toBe([4, 4, 4, 4, 1, 0][capacity])
      expect(history.recording().commits.map(({ seq }) => seq)).toEqual(
        [1, 2, 3, 4, 5].filter((seq) => seq > history.base)
      )
    }
  })

  test("tells who changed a path, newest first, back to the base", () => {
    const history = new History()
    const states = [
      { a: { b: 1 }, c: 1 },
      { a: { b: 1 }, c: 2 },
      { a: { b: 2 }, c: 2 },
      { a: { b: 3 }, c: 2 }
    ]
    const { commits } = sessionOf([0, 0, 0].map((instance) => ({ instance, outcome: "commit" as const })))
    history.append(commits.map((commit, at) => ({ ...commit, previous: states[at], next: states[at + 1] })))
    const seqs = (path: ReadonlyArray<unknown>, id = "M0#1") =>
      whoChanged(history, id, path).map(({ seq }) => seq)
    expect(seqs(["a", "b"])).toEqual([3, 2])
    expect(seqs(["a"])).toEqual([3, 2])
    expect(seqs(["c"])).toEqual([1])
    expect(seqs([])).toEqual([3, 2, 1])
    expect(seqs(["c"], "M1#1")).toEqual([])
  })

  test("tells who changed a path, asked again and again as the ring moves on, as if it were asked once", () => {
    const history = new History(4)
    const fields = [0, 1, 1, 0, 1, 0, 0, 1, 1, 1]
    const { commits } = sessionOf(fields.map(() => ({ instance: 0, outcome: "commit" as const })))
    let state = { a: 0, b: 0 }
    for (const [at, commit] of commits.entries()) {
      const previous = state
      state = fields[at] === 0 ? { ...state, a: at + 1 } : { ...state, b: at + 1 }
      history.append([{ ...commit, previous, next: state }])
      const expected = commits
        .slice(Math.max(0, at - 3), at + 1)
        .filter((_, index) => fields[Math.max(0, at - 3) + index] === 0)
        .map(({ seq }) => seq)
      expect(whoChanged(history, "M0#1", ["a"]).map(({ seq }) => seq)).toEqual(expected.toReversed())
    }
  })

  test("of those that changed a path it tells the newest, however many are asked for and how often", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 2 }), { minLength: 1, maxLength: 40 }),
        fc.array(fc.nat({ max: 12 }), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 3, max: 50 }),
        (fields, limits, capacity) => {
          const history = new History(capacity)
          const { commits } = sessionOf(fields.map(() => ({ instance: 0, outcome: "commit" as const })))
          let state = { a: 0, b: 0 }
          const changing: Array<number> = []
          for (const [at, commit] of commits.entries()) {
            const previous = state
            state = fields[at] === 0 ? { ...state, a: at + 1 } : { ...state, b: at + 1 }
            if (fields[at] === 0) changing.push(commit.seq)
            history.append([{ ...commit, previous, next: state }])
            const limit = limits[at % limits.length] ?? 0
            if (limit === 0) continue
            const kept = changing.filter((seq) => seq >= (history.oldest?.seq ?? 0))
            expect(whoChanged(history, "M0#1", ["a"], limit).map(({ seq }) => seq)).toEqual(
              kept.slice(-limit).toReversed()
            )
          }
        }
      )
    )
  })

  test("of a long history it looks at no more commits than it tells", () => {
    const history = new History()
    const { commits } = sessionOf(
      Array.from({ length: 1000 }, () => ({ instance: 0, outcome: "commit" as const }))
    )
    history.append(commits)
    const at = vi.spyOn(history, "at")
    expect(whoChanged(history, "M0#1", [], 5)).toHaveLength(5)
    expect(whoChanged(history, "M0#1", [], 5)).toHaveLength(5)
    // With those that its binary searches look at.
    expect(at.mock.calls.length).toBeLessThan(100)
    expect(whoChanged(history, "M0#1", [], 500)).toHaveLength(500)
  })

  test("instances that come and go without a commit are not remembered for ever, nor looked at again", () => {
    const history = new History(10)
    const row = (n: number) => ({ instanceId: `Row#${n}`, moduleId: "Row", state: n })
    const [first] = sessionOf([{ instance: 0, outcome: "commit" }]).commits
    if (first === undefined) throw new Error("there is a commit")
    const kept = { instanceId: first.instanceId, moduleId: first.moduleId, state: first.next }
    history.observe([kept])
    history.append([first])
    const took = (from: number, to: number) => {
      const begun = performance.now()
      for (let n = from; n < to; n++) history.observe([row(n)])
      return performance.now() - begun
    }
    const [early, late] = [took(0, 2000), took(2000, 20_000)]
    expect(history.instances.length).toBeLessThan(1100)
    // One that has a commit here is known as long as that is.
    expect(history.instances[0]).toMatchObject({ instanceId: first.instanceId, endedAt: 1 })
    expect(history.instances.at(-1)).toMatchObject({ instanceId: "Row#19999", endedAt: undefined })
    expect(late).toBeLessThan(9 * early + 1000)
  })

  test("knows the instances there were since its base, and forgets those that ended before", () => {
    const history = new History(2)
    const live = (...ids: ReadonlyArray<string>) =>
      ids.map((instanceId) => ({ instanceId, moduleId: instanceId.slice(0, 2), state: "first" }))
    history.observe(live("M0#1", "M9#1"))
    const { commits } = sessionOf([0, 1, 1, 1].map((instance) => ({ instance, outcome: "commit" as const })))
    history.append(commits.slice(0, 2))
    history.observe(live("M1#1", "M9#1", "M8#1"))
    expect(history.instances).toEqual([
      { instanceId: "M0#1", moduleId: "M0", startedAt: 0, endedAt: 2 },
      { instanceId: "M9#1", moduleId: "M9", startedAt: 0, endedAt: undefined },
      { instanceId: "M1#1", moduleId: "M1", startedAt: 0, endedAt: undefined },
      { instanceId: "M8#1", moduleId: "M8", startedAt: 2, endedAt: undefined }
    ])
    expect(history.recording({ to: 1 }).base.map(({ instanceId }) => instanceId)).toEqual([
      "M0#1",
      "M9#1",
      "M1#1"
    ])
    history.append(commits.slice(2))
    expect(history.instances.map(({ instanceId }) => instanceId)).toEqual(["M9#1", "M1#1", "M8#1"])
    expect(history.recording().base).toEqual([
      { instanceId: "M9#1", moduleId: "M9", state: "first" },
      { instanceId: "M1#1", moduleId: "M1", state: "M1#1 1" },
      { instanceId: "M8#1", moduleId: "M8", state: "first" }
    ])
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

test("whoever goes back and forth loses nothing by it", async () => {
  const { history, run, runtime, states } = makeApp(3)
  for (const note of ["a", "b", "c"]) run({ _tag: "note", note })
  const instances = Array.from(states(), ([instanceId, state]) => ({ instanceId, state }))
  for (let times = 0; times < 2; times++) {
    for (const seq of [0, 2]) runtime.travel.to(history.statesAt(seq, instances))
  }
  expect([history.base, history.length]).toEqual([1, 6])
  runtime.travel.live()
  await runtime.dispose()
})
