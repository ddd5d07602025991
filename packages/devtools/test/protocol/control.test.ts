/** What a panel does to the runtime besides travel: commit, revert, reset, pause, lock on a condition. */
import { Module, Runtime } from "@sluice/core"
import * as Schema from "effect/Schema"
import { describe, expect, onTestFinished, test } from "vitest"
import type { Condition } from "../../src/protocol/index.ts"
import { type AppOptions, makeApp, openPanel, serving, takeRows } from "./remote.ts"

const r = "r1"

const setup = async (options?: AppOptions, history?: number) => {
  const app = makeApp(options)
  const served = serving(app.runtime, history === undefined ? {} : { history })
  const panel = await openPanel(served)
  const write = (line: string) => app.log.unsafe.dispatch({ _tag: "write", payload: line })
  const lines = () => app.log.unsafe.getState().lines
  const tags = async () => {
    const { rows } = await panel.ask("Page", { runtime: r, limit: 500 })
    return rows.map(({ origin, passed }) => (passed === undefined ? origin.name : `${passed} passed`))
  }
  const counts = async () => (await panel.ask("Counts", { runtime: r })).history
  return { ...app, served, ...panel, panel, write, lines, tags, counts }
}

describe("commit, revert, reset", () => {
  test("commit: the present is the history's base; nothing is done to the states", async () => {
    const { add, ask, count, counts, refused, tags, write } = await setup()
    for (let at = 0; at < 3; at++) add(1)
    write("a")
    expect(await ask("Commit", { runtime: r })).toMatchObject({ travelling: false })
    expect([count(), await tags(), await counts()]).toMatchObject([
      3,
      [],
      { oldest: 4, latest: 4, length: 0 }
    ])
    expect(await refused("Travel", { runtime: r, moment: 3 })).toMatchObject({
      _tag: "OutOfReach",
      oldest: 4
    })
    add(10)
    expect([await tags(), await counts()]).toMatchObject([["add"], { oldest: 4, latest: 5 }])
    expect(await ask("Travel", { runtime: r, moment: 4 })).toMatchObject({
      shown: ["Desk#1", "Log#1"],
      next: { moment: 5 }
    })
    expect(count()).toBe(3)
    await ask("Live", { runtime: r })
    expect(count()).toBe(13)
  })

  test("commit while travelled: what is shown is the instances' own, and what has waited enters after the base", async () => {
    const { add, ask, count, counts, tags } = await setup()
    for (let at = 0; at < 3; at++) add(1)
    await ask("Travel", { runtime: r, moment: 1 })
    add(100)
    await ask("Commit", { runtime: r })
    expect([count(), await tags(), (await counts()).length]).toEqual([101, ["add"], 1])
    await ask("Travel", { runtime: r, moment: (await counts()).oldest })
    expect(count()).toBe(1)
  })

  test("revert: the states of the base, by an entry of devtools that the history keeps; what has waited enters after", async () => {
    const { add, ask, count, counts, lines, tags, write } = await setup(undefined, 3)
    for (let at = 0; at < 4; at++) add(1)
    write("a")
    await ask("Lock", { runtime: r })
    add(10)
    const { moment, shown } = await ask("Revert", { runtime: r })
    expect([moment, shown, count(), lines()]).toEqual([2, ["Desk#1", "Log#1"], 2, []])
    await ask("Unlock", { runtime: r })
    expect([count(), await tags()]).toEqual([12, ["revert", "revert", "add"]])
    const { latest } = await counts()
    await ask("Travel", { runtime: r, moment: latest - 3 })
    expect([count(), lines()]).toEqual([4, ["a"]])
  })

  test("reset: the states that they were made with", async () => {
    const { add, ask, count, lines, tags, write } = await setup()
    add(5)
    write("a")
    await ask("Travel", { runtime: r, moment: 1 })
    write("b")
    await ask("Reset", { runtime: r })
    expect([count(), lines()]).toEqual([0, ["b"]])
    expect(await tags()).toEqual(["add", "write", "jump", "jump", "live", "reset", "reset", "write"])
    // It stayed: the replay goes on from there.
    expect(await ask("Replay", { runtime: r })).toMatchObject({ compared: 3, given: 4 })
  })
})

describe("pause", () => {
  test("what passes is counted and stands in the history as one entry of each instance, in one moment", async () => {
    const { add, ask, count, counts, fail, lines, tags, write } = await setup()
    add(1)
    expect(await ask("Pause", { runtime: r })).toMatchObject({ paused: { commits: 0, events: 0 } })
    add(10)
    write("a")
    fail("passed, too")
    add(10)
    expect(await ask("Unlock", { runtime: r })).toMatchObject({ paused: { commits: 3, events: 1 } })
    expect([await tags(), (await counts()).latest]).toEqual([["add"], 1])
    expect(await ask("Resume", { runtime: r })).not.toHaveProperty("paused")
    fail("recorded")
    add(100)
    expect(await tags()).toEqual(["add", "1 passed", "2 passed", "fail", "add"])
    // What is lost is the entry without a commit, which nothing stands for.
    const found = await ask("Find", { runtime: r, filter: {}, from: 0, to: 100 })
    expect(found.counts).toEqual([1, -1, 1, 1, 1, 1])

    // Nothing between is known, so no moment is there.
    expect((await ask("Travel", { runtime: r, moment: 3 })).moment).toBe(4)
    expect([count(), lines()]).toEqual([21, ["a"]])
    expect((await ask("Step", { runtime: r, by: -1 })).moment).toBe(1)
    expect([count(), lines()]).toEqual([1, []])
    await ask("Live", { runtime: r })
    expect([count(), lines()]).toEqual([121, ["a"]])
    expect(await ask("Replay", { runtime: r })).toMatchObject({ compared: 2 })
  })

  test("travel is recorded also meanwhile, and comes back to what has passed", async () => {
    const { add, ask, count, tags } = await setup()
    add(1)
    await ask("Pause", { runtime: r })
    add(1)
    await ask("Travel", { runtime: r, moment: 1 })
    expect(count()).toBe(1)
    add(1)
    await ask("Live", { runtime: r })
    expect(count()).toBe(3)
    await ask("Resume", { runtime: r })
    expect(await tags()).toEqual(["add", "1 passed", "jump", "live", "1 passed"])
  })

  test("without a panel it goes on by itself", async () => {
    const { add, ask, end, served } = await setup()
    await ask("Pause", { runtime: r })
    for (let at = 0; at < 5; at++) add(1)
    await end()
    await expect.poll(served.panels, { interval: 1 }).toBe(0)
    add(1)
    const next = await openPanel(served)
    const { rows } = await next.ask("Page", { runtime: r, limit: 10 })
    expect(rows.map(({ passed, tags }) => passed ?? tags[0])).toEqual([5, "add"])
  })

  test.each([true, false])("for the next panel the order is the same (resumed: %s)", async (isResumed) => {
    const { add, ask, end, fail, served, tags } = await setup()
    add(1)
    await ask("Pause", { runtime: r })
    add(1)
    if (isResumed) {
      await ask("Resume", { runtime: r })
      expect(await tags()).toEqual(["add", "1 passed"])
    }
    await end()
    await expect.poll(served.panels, { interval: 1 }).toBe(0)
    fail("no")
    const next = await openPanel(served)
    const { rows } = await takeRows(next, r, { seq: 1, n: 0 }, 2)
    expect(rows.map(({ origin, passed }) => passed ?? origin.name)).toEqual([1, "fail"])
    // Also for who has had the first of them.
    expect((await takeRows(next, r, { seq: 2, n: 0 }, 1)).rows).toMatchObject([{ origin: { name: "fail" } }])
  })
})

describe("lock on a condition", () => {
  const conditions: ReadonlyArray<readonly [string, Condition, met: string, count: number]> = [
    ["the next commit", {}, "add", 1],
    ["an action", { tag: "write" }, "write", 3],
    ["an instance", { instanceId: "Log#1" }, "write", 3],
    ["a module", { moduleId: "Log" }, "write", 3],
    ["a path that changes", { path: ["lines"] }, "write", 3],
    ["a value that is compared", { path: ["count"], is: { operator: ">=", value: 5 } }, "add", 5],
    [
      "an element that comes to be",
      {
        path: ["lines", 1],
        is: { operator: "=", value: "b" }
      },
      "write",
      7
    ]
  ]

  test.each(conditions)(
    "of %s: locked at that moment, and told what met it",
    async (_, condition, name, at) => {
      const { add, ask, count, lines, write } = await setup()
      await ask("LockWhen", { runtime: r, condition })
      for (let each = 0; each < 4; each++) {
        for (let i = 0; i < 3; i++) add(1)
        write("abcd".charAt(each))
      }
      const { locked, met, waiting } = await ask("LockWhen", { runtime: r, condition })
      expect([count(), locked]).toEqual([at === 7 ? 6 : at, ["Desk#1", "Log#1"]])
      const { rows } = await ask("Page", { runtime: r, limit: 100 })
      expect(rows.at(-1)).toMatchObject({ origin: { name }, at: met?.at, txnId: met?.txnId })
      expect(waiting.reduce((sum, { entries }) => sum + entries, 0)).toBe(16 - rows.length)
      await ask("LockWhen", { runtime: r })
      await ask("Unlock", { runtime: r })
      expect([count(), lines()]).toEqual([12, ["a", "b", "c", "d"]])
    }
  )

  test("what its subscribers enter waits already, on any instance; unlocked, the next one meets it again", async () => {
    const { add, ask, count, desk, lines, write } = await setup()
    desk.unsafe.subscribe(() => write(String(count())))
    await ask("LockWhen", { runtime: r, condition: { tag: "add" } })
    add(1)
    add(1)
    expect([count(), lines()]).toEqual([1, []])
    expect(await ask("Unlock", { runtime: r })).toMatchObject({
      met: { instanceId: "Desk#1" },
      locked: ["Desk#1", "Log#1"]
    })
    // Both adds were let in one after the other, and nothing between them.
    expect([count(), lines()]).toEqual([2, []])
    await ask("LockWhen", { runtime: r })
    const after = await ask("Unlock", { runtime: r })
    expect(after).not.toHaveProperty("met")
    expect(after).not.toHaveProperty("condition")
    expect([count(), lines()]).toEqual([2, ["1", "2"]])
  })

  test("what is redacted cannot be found out by it", async () => {
    const app = makeApp()
    const served = serving(app.runtime, { redact: [{ module: "Desk", state: ["count"] }] })
    const { ask } = await openPanel(served)
    const path = ["count"]
    await ask("LockWhen", { runtime: r, condition: { path, is: { operator: ">", value: 0 } } })
    app.add(1)
    expect(await ask("LockWhen", { runtime: r })).toMatchObject({ locked: [] })
  })

  test("an expression is none: it is refused", async () => {
    const { refused } = await setup()
    const condition = { tag: "add", when: "count > 3" }
    const is = { is: { operator: "matches", value: ".*" } } as unknown as Condition
    expect(await refused("LockWhen", { runtime: r, condition: is })).toMatchObject({ _tag: "InvalidRequest" })
    expect(condition).toBeDefined()
  })
})

describe("end travel first", () => {
  test("an entry that comes while travelled ends the travel, and enters; none waits", async () => {
    const { add, ask, count, lines, runtime, write } = await setup()
    add(1)
    add(1)
    write("a")
    await ask("EndTravelFirst", { runtime: r, on: true })
    await ask("Travel", { runtime: r, moment: 1 })
    expect([count(), lines()]).toEqual([1, []])
    write("b")
    expect([count(), lines(), runtime.travel.active()]).toEqual([2, ["a", "b"], false])
    expect(await ask("EndTravelFirst", { runtime: r, on: false })).toMatchObject({
      ended: "entry",
      waiting: []
    })
    await ask("Travel", { runtime: r, moment: 1 })
    write("c")
    expect([count(), lines()]).toEqual([1, []])
    expect(await ask("EndTravelFirst", { runtime: r, on: true })).toMatchObject({
      waiting: [{ instanceId: "Log#1", entries: 1 }]
    })
    write("d")
    expect(lines()).toEqual(["a", "b", "c", "d"])
  })

  test("also one on several instances, and one of a caller that waits; a lock holds them all the same", async () => {
    const { add, ask, count, desk, lines, log, runtime } = await setup()
    add(1)
    add(1)
    await ask("EndTravelFirst", { runtime: r, on: true })
    await ask("Travel", { runtime: r, moment: 1 })
    await runtime.runPromise(desk.actions.add(5))
    expect(count()).toBe(7)
    await ask("Travel", { runtime: r, moment: 1 })
    runtime.unsafe.transact([desk, log], "both", (a, b) => {
      a.update((state) => ({ ...state, count: state.count + 1 }))
      b.update(() => ({ lines: ["both"] }))
    })
    expect([count(), lines()]).toEqual([8, ["both"]])
    await ask("Travel", { runtime: r, moment: 1 })
    await ask("Lock", { runtime: r })
    add(1)
    expect(count()).toBe(1)
    await ask("Live", { runtime: r })
    await ask("Unlock", { runtime: r })
    expect(count()).toBe(9)
  })

  test("it is over with the last panel", async () => {
    const { add, ask, count, end, runtime, served } = await setup()
    add(1)
    await ask("EndTravelFirst", { runtime: r, on: true })
    await end()
    await expect.poll(served.panels, { interval: 1 }).toBe(0)
    runtime.travel.to(new Map([["Desk#1", runtime.list()[0]?.runtime.unsafe.getState()]]))
    add(1)
    expect([count(), runtime.travel.active()]).toEqual([1, true])
  })
})

test("a hot reload, or the app itself, ends travel and locks, and the panel is told so", async () => {
  const make = (by: number) =>
    Module.make("Reloaded", {
      state: Schema.Struct({ n: Schema.Number }),
      actions: { add: Schema.Void },
      reducers: { add: ({ n }) => ({ n: n + by }) }
    }).implement({ initial: { n: 0 } })
  const [before, after] = [make(1), make(10)]
  const runtime = Runtime.make(before, { onError: () => {} })
  onTestFinished(() => runtime.dispose())
  const { unsafe } = runtime.resolve(before.tag)
  const { ask } = await openPanel(serving(runtime))
  unsafe.dispatch({ _tag: "add" })
  await ask("Lock", { runtime: r })
  await ask("Travel", { runtime: r, moment: 0 })
  unsafe.dispatch({ _tag: "add" })
  await runtime.replace(after)
  const told = await ask("LockWhen", { runtime: r })
  expect(told).toMatchObject({ travelling: false, locked: [], ended: "elsewhere", waiting: [] })
  expect(unsafe.getState()).toEqual({ n: 2 })
  expect(await ask("Lock", { runtime: r })).not.toHaveProperty("ended")
  runtime.travel.live()
  expect(await ask("LockWhen", { runtime: r })).toMatchObject({ ended: "elsewhere" })
})
