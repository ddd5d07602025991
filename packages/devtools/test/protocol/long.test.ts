/** What looks at a whole session: in steps, with progress, and until it is not wanted any more. */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { expect, test } from "vitest"
import { download, upload, version } from "../../src/protocol/index.ts"
import {
  exporting,
  History,
  type KeepStorage,
  makeRedaction,
  makingTest,
  record,
  reducersOf
} from "../../src/session/index.ts"
import { makeApp, openPanel, portsThrough, serving } from "./remote.ts"

const r = "r1"

const many = async (count: number) => {
  const app = makeApp({ trace: { level: "off" } })
  const panel = await openPanel(serving(app.runtime, { history: Math.max(count, 100) }))
  for (let at = 0; at < count; at++) app.add(1)
  return { ...app, ...panel }
}

test("the page goes on while 5,000 entries are exported, and the panel is told how far it is", async () => {
  const { ask, remote } = await many(5000)
  const told: Array<number> = []
  let turns = 0
  const turn = setInterval(() => turns++)
  const request = remote.request(
    "Export",
    { runtime: r },
    {
      onProgress: ({ done, of }) => {
        expect(of).toBe(5000)
        told.push(done)
      }
    }
  )
  const { text } = await Effect.runPromise(request)
  clearInterval(turn)
  expect(turns).toBeGreaterThan(0)
  expect(told).toEqual(told.toSorted((a, b) => a - b))

  const file = await Effect.runPromise(download(remote, text))
  const imported = await ask("Import", { upload: await Effect.runPromise(upload(remote, file)) })
  expect(imported).toMatchObject({ entries: 5000, partial: false })
  const again = await ask("Export", { runtime: r, session: imported.session })
  expect(await Effect.runPromise(download(remote, again.text))).toBe(file)
})

test("progress never goes back, however short the steps are", async () => {
  const app = makeApp()
  const history = new History()
  const end = record(app.runtime, history)
  for (let at = 1; at <= 5; at++) app.add(at)
  end()
  const modules = { Desk: "/desk.ts", Log: "/log.ts" }
  for (const steps of [
    exporting(history.recording(), { redact: makeRedaction([]) }),
    makingTest(history.recording(), { reducers: reducersOf(app.runtime), file: "/a.test.ts", modules })
  ]) {
    const shares: Array<number> = []
    for (let next = steps.next(); next.done !== true; next = steps.next())
      shares.push(next.value.done / next.value.of)
    expect(shares).toEqual(shares.toSorted((a, b) => a - b))
    expect(shares.at(-1)).toBe(1)
  }
})

test("what is asked for meanwhile is answered first, and what is cancelled never", async () => {
  const { ask, count, remote } = await many(20_000)
  const order: Array<string> = []
  const replay = Effect.runFork(
    Effect.tap(remote.request("Replay", { runtime: r }), () => Effect.sync(() => order.push("replay")))
  )
  const travel = ask("Travel", { runtime: r, moment: 1 }).then(() => order.push(`at ${count()}`))
  await travel
  expect(order).toEqual(["at 1"])
  const dropped = Effect.runFork(
    Effect.tap(remote.request("Export", { runtime: r }), () => Effect.sync(() => order.push("export")))
  )
  await ask("Counts", { runtime: r })
  await Effect.runPromise(Fiber.interrupt(dropped))
  expect(await Effect.runPromise(Fiber.join(replay))).toMatchObject({ compared: 20_000 })
  expect(order).toEqual(["at 1", "replay"])
  expect(remote.refused().messages).toBe(0)
})

test("a session that was kept is there after a reload, as an earlier one, and can be replayed", async () => {
  const items = new Map<string, string>()
  const storage: KeepStorage = {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, text) => void items.set(key, text),
    removeItem: (key) => void items.delete(key)
  }
  const load = async () => {
    const app = makeApp()
    const panel = await openPanel(serving(app.runtime, { keep: { storage } }))
    return { ...app, ...panel }
  }
  const before = await load()
  expect(await before.ask("Earlier", { runtime: r })).toEqual({})
  for (let at = 0; at < 3; at++) before.add(at + 1)
  await expect.poll(() => items.size).toBeGreaterThan(1)

  const after = await load()
  const { found } = await after.ask("Earlier", { runtime: r })
  expect(found).toMatchObject({ label: "desk", entries: 3, partial: false })
  const session = found?.session ?? 0
  expect(await after.ask("Replay", { runtime: r, session })).toMatchObject({ compared: 3 })
  const { recomputed } = await after.ask("Recompute", { runtime: r, session })
  const { entries } = await after.ask("Outcomes", { recomputed, from: 0, to: 10 })
  expect(entries.map(({ origin }) => origin.name)).toEqual(["add", "add", "add"])
  expect(after.count()).toBe(0)
})

test("more is left out of a file, and what would leave nothing out is refused", async () => {
  const { add, ask, refused, remote } = await many(1)
  add(432_100)
  const exported = async (redact: Parameters<typeof ask<"Export">>[1]["redact"] & {}) => {
    const { text } = await ask("Export", { runtime: r, redact })
    return Effect.runPromise(download(remote, text))
  }
  expect(await exported([])).toContain("432101")
  const without = await exported([{ module: "Desk", state: ["count"], payload: { add: [""] } }])
  expect(without).not.toMatch(/43210[01]/)
  expect(without).toContain('"partial":"actions"')
  for (const rule of [
    { module: "Dsk", state: ["count"] },
    { module: "Desk", payload: { ad: [""] } }
  ])
    expect(await refused("Export", { runtime: r, redact: [rule] })).toMatchObject({
      error: "NothingToRedact"
    })
})

test("a panel is told where a session will not survive", async () => {
  const app = makeApp()
  const storage: KeepStorage = {
    getItem: () => null,
    setItem: () => {
      throw new Error("it is full")
    },
    removeItem: () => {}
  }
  const { ask } = await openPanel(serving(app.runtime, { keep: { storage } }))
  app.add(1)
  await expect.poll(async () => (await ask("Earlier", { runtime: r })).problem).toBe("it is full")
})

test("a panel is told of which modules a test is, and which file it has to name", async () => {
  const { add, ask, log } = await many(1)
  log.unsafe.dispatch({ _tag: "write", payload: "a" })
  add(1)
  expect(await ask("TestModules", { runtime: r })).toEqual({
    modules: [{ moduleId: "Desk" }, { moduleId: "Log" }]
  })
  expect(await ask("TestModules", { runtime: r, txnIds: ["Log#1::t1"] })).toEqual({
    modules: [{ moduleId: "Log" }]
  })
})

test("a panel has a few at once, each under a number of its own", async () => {
  const app = makeApp({ trace: { level: "off" } })
  const served = serving(app.runtime)
  for (let at = 0; at < 3000; at++) app.add(1)
  const [page, panel] = portsThrough["the page"]()
  served.accept(page)
  const answers = new Map<number, Array<unknown>>()
  panel.onMessage((message) => {
    if (typeof message !== "object" || message === null || !("id" in message)) return
    const id = Number(message.id)
    const { _tag, error } = { error: undefined, _tag: undefined, ...message }
    if (_tag !== "Progress") answers.set(id, [...(answers.get(id) ?? []), _tag, error])
  })
  panel.send({ _tag: "Hello", version })
  const ask = (id: number) => panel.send({ _tag: "Request", id, call: { _tag: "Export", runtime: r } })
  for (let id = 1; id <= 9; id++) ask(id)
  ask(1)
  await expect.poll(() => answers.size).toBe(9)
  await expect.poll(() => answers.get(1)?.length).toBe(4)
  expect(answers.get(9)).toMatchObject(["Failure", { _tag: "Refused", error: "TooManyJobs" }])
  expect(answers.get(8)).toEqual(["Reply", undefined])
  expect(answers.get(1)).toMatchObject(["Failure", { _tag: "InvalidRequest" }, "Reply", undefined])
})
