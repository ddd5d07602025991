/** What a timeline asks: places, what became of an entry, what caused it, and when sources loaded. */
import { Module, Runtime } from "@sluice/core"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as AsyncResult from "effect/reactivity/AsyncResult"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { expect, onTestFinished, test } from "vitest"
import type { Row } from "../../src/protocol/index.ts"
import { makeApp, openPanel, type Panel, serving } from "./remote.ts"

const runtime = "r1"

const rowsAt = async ({ ask }: Panel): Promise<ReadonlyArray<Row>> => {
  const { places } = await ask("Counts", { runtime })
  const { first, last } = places
  const all = Array.from({ length: last - first + 1 }, (_, index) => first + index)
  return (await ask("RowsAt", { runtime, places: all })).rows
}

/** `gate` opens what the handlers of `click` wait for; `answer` ends the newest load of a query. */
const makeSearch = (capacity = 8) => {
  const gate = Deferred.makeUnsafe<void>()
  const loads = new Map<string, Deferred.Deferred<number, string>>()
  const Search = Module.make("Search", {
    state: Schema.Struct({
      query: Schema.NullOr(Schema.String),
      hits: AsyncResult.Schema({ success: Schema.Int, error: Schema.String }),
      clicks: Schema.Int
    }),
    actions: {
      search: Schema.NullOr(Schema.String),
      click: Schema.Int,
      counted: Schema.Int,
      noted: Schema.Int
    },
    reducers: {
      search: (state, query) => ({ ...state, query }),
      click: (state) => ({ ...state, clicks: state.clicks + 1 }),
      counted: (state) => ({ ...state, clicks: state.clicks + 1 })
    },
    traits: (t) => ({
      hits: t.source({
        key: ({ query }) => query,
        load: (query) => {
          const answer = Deferred.makeUnsafe<number, string>()
          loads.set(query, answer)
          return Deferred.await(answer)
        }
      })
    })
  })
  const logic = Search.logic("count", ($) =>
    Effect.all([
      $.onAction("click").run((n) => Effect.andThen(Deferred.await(gate), $.actions.counted(n)), {
        name: "counting",
        capacity
      }),
      $.onAction("click").run((n) => (n === 13 ? Effect.fail("unlucky") : Effect.void), { name: "luck" }),
      $.onAction("counted")
        .filter((n) => n > 1)
        .run((n) => $.actions.noted(n), { name: "noting" })
    ])
  )
  const app = Runtime.make(Search.implement({ initial: { query: null, clicks: 0 }, logics: [logic] }), {
    trace: { level: "full" },
    onError: () => {}
  })
  onTestFinished(() => app.dispose())
  const settle = async (query: string, exit: Effect.Effect<number, string>) => {
    await expect.poll(() => loads.has(query)).toBe(true)
    const load = loads.get(query)
    if (load !== undefined) await Effect.runPromise(Deferred.complete(load, exit))
  }
  return { app, search: app.resolve(Search.tag), gate, settle }
}

test("a row is found by its place, and its place by its transaction, as long as the page knows it", async () => {
  const { add, fail, runtime: app } = makeApp({ trace: { level: "light", capacity: 4 } })
  const panel = await openPanel(serving(app, { history: 3 }))
  for (let n = 1; n <= 5; n++) add(n)
  fail("on purpose")
  const rows = await rowsAt(panel)
  expect(rows.map(({ outcome, place }) => [place, outcome])).toEqual([
    [3, "commit"],
    [4, "commit"],
    [5, "commit"],
    [6, "rollback"]
  ])
  for (const { place, txnId } of rows)
    expect(await panel.ask("Locate", { runtime, txnId })).toEqual({ place })
  expect(await panel.ask("Locate", { runtime, txnId: "Desk#1::t1" })).toEqual({})
  expect((await panel.ask("RowsAt", { runtime, places: [1, 4, 99] })).rows.map(({ place }) => place)).toEqual(
    [4]
  )
})

test("entries that the trace overwrote before a panel came are a gap with their number, and no commit is", async () => {
  const { add, fail, runtime: app } = makeApp({ trace: { level: "light", capacity: 8 } })
  const served = serving(app)
  add(1)
  for (let n = 0; n < 20; n++) fail("early")
  for (let n = 0; n < 6; n++) add(1)
  fail("late")
  const panel = await openPanel(served)
  await panel.ask("Page", { runtime, limit: 1 })
  const { counts, places } = await panel.ask("Find", { runtime, filter: {}, from: 0, to: 1000 })
  expect(counts).toEqual([1, -19, ...Array.from({ length: 8 }, () => 1)])
  expect(places.slice(0, 3)).toEqual([1, 20, 21])
})

test("looks at 5,000 entries at most, the newest first, and says how far it came", async () => {
  const { add, runtime: app } = makeApp({ trace: { level: "light" } })
  const panel = await openPanel(serving(app, { history: 12_000 }))
  for (let n = 0; n < 12_000; n++) add(1)
  await panel.ask("Page", { runtime, limit: 1 })
  const froms: Array<number> = []
  for (let to = 20_000; to > 1;) {
    const { from, places } = await panel.ask("Find", {
      runtime,
      filter: { text: "add -touch" },
      collapse: true,
      from: 0,
      to
    })
    expect(places).toHaveLength(1)
    froms.push(from)
    to = from
  }
  expect(froms).toEqual([7001, 2001, 1])
})

test("tells what became of each action, which handler made what, and draws the tree of causes, bounded", async () => {
  const { app, gate, search } = makeSearch()
  const panel = await openPanel(serving(app))
  search.unsafe.dispatch({ _tag: "click", payload: 13 })
  const [click] = await rowsAt(panel)
  expect(click?.runs).toMatchObject({ all: 2, waiting: 1, failed: 1 })
  await Effect.runPromise(Deferred.succeed(gate, undefined))
  await expect.poll(async () => (await rowsAt(panel)).length).toBe(3)
  const [, counted, noted] = await rowsAt(panel)
  expect([counted?.handler, noted?.handler]).toEqual(["counting", "noting"])
  expect((await rowsAt(panel))[0]?.runs).toMatchObject({ all: 2, waiting: 0, failed: 1 })

  const { more, nodes } = await panel.ask("Causes", { runtime, txnId: counted?.txnId ?? "", limit: 50 })
  expect(nodes.map(({ depth, row }) => [depth, row?.tags[0]])).toEqual([
    [0, "click"],
    [1, "counted"],
    [2, "noted"]
  ])
  expect(more).toBe(0)
  expect(nodes[0]?.runs.map(({ consumer, state }) => [consumer, state])).toEqual([
    ["counting", "success"],
    ["luck", "failure"]
  ])
  const bounded = await panel.ask("Causes", { runtime, txnId: click?.txnId ?? "", limit: 1 })
  expect([bounded.nodes.length, bounded.more]).toEqual([2, 1])
  const unknown = await panel.ask("Causes", { runtime, txnId: "Gone#1::t1", limit: 9 })
  expect(unknown).toEqual({ nodes: [{ txnId: "Gone#1::t1", depth: 0, runs: [] }], more: 0 })
})

test("what a stream's readers have is delivered, and nothing waits in an instance that has closed", async () => {
  const { app, search } = makeSearch()
  const panel = await openPanel(serving(app))
  const reading = Effect.runFork(Stream.runDrain(search.actionStream("noted")))
  search.unsafe.dispatch({ _tag: "noted", payload: 1 })
  search.unsafe.dispatch({ _tag: "click", payload: 1 })
  const [noted, click] = await rowsAt(panel)
  const statesOf = async (row: Row | undefined) => {
    const { nodes } = await panel.ask("Causes", { runtime, txnId: row?.txnId ?? "", limit: 9 })
    return nodes[0]?.runs.map(({ state }) => state)
  }
  expect([await statesOf(noted), await statesOf(click)]).toEqual([["delivered"], ["waiting", "success"]])
  reading.interruptUnsafe()
  await app.dispose()
  expect((await rowsAt(panel))[1]?.runs?.waiting).toBe(0)
})

test("C3 tells for whom an entry waited, and how long", async () => {
  const { app, gate, search } = makeSearch(1)
  const panel = await openPanel(serving(app))
  const both = Promise.all([1, 2].map((n) => app.runPromise(search.actions.click(n))))
  await Effect.runPromise(Effect.yieldNow)
  await app.runPromise(Deferred.succeed(gate, undefined))
  await both
  const clicks = (await rowsAt(panel)).filter(({ tags }) => tags[0] === "click")
  expect(clicks.map(({ waited }) => waited?.consumers)).toEqual([undefined, ["counting"]])
  expect(clicks[1]?.waited?.ms).toBeGreaterThanOrEqual(0)
})

test("tells when sources loaded by the commits alone: begun, ended, failed, interrupted by another key", async () => {
  const { app, search, settle } = makeSearch()
  const panel = await openPanel(serving(app))
  const dispatch = (query: string | null) => search.unsafe.dispatch({ _tag: "search", payload: query })
  dispatch("one")
  expect((await rowsAt(panel))[0]?.loads).toEqual([{ field: "hits", phase: "begins", outcome: "running" }])
  await settle("one", Effect.succeed(1))
  await expect.poll(() => search.unsafe.getState().hits._tag).toBe("Success")
  dispatch("two")
  dispatch("three")
  await settle("three", Effect.fail("no"))
  await expect.poll(() => search.unsafe.getState().hits._tag).toBe("Failure")
  dispatch("four")
  dispatch(null)
  const loads = (await rowsAt(panel)).map(({ loads = [] }) =>
    loads.map(({ outcome, phase }) => `${phase} ${outcome}`)
  )
  expect(loads).toEqual([
    ["begins success"],
    ["ends success"],
    ["begins interrupted"],
    ["ends interrupted", "begins failure"],
    ["ends failure"],
    ["begins interrupted"],
    ["ends interrupted"]
  ])
  const [begun] = await rowsAt(panel)
  expect(begun?.loads?.[0]?.ms).toBeGreaterThanOrEqual(0)
})

test("a panel that takes no rows is told the counts whenever there is more to read", async () => {
  const { add, fail, runtime: app } = makeApp({ trace: { level: "light" } })
  const panel = await openPanel(serving(app))
  const told: Array<number> = []
  const reading = Effect.runPromise(
    Stream.runForEachWhile(panel.remote.progress(runtime), ({ places }) =>
      Effect.sync(() => {
        told.push(places.last)
        if (told.length === 1) add(1)
        else if (told.length === 2) fail("x")
        return places.last < 2
      })
    )
  )
  await reading
  expect([told[0], told.at(-1)]).toEqual([0, 2])
})

test("payloads are in rows and found by their words, but for what is redacted", async () => {
  const { log, runtime: app } = makeApp()
  const panel = await openPanel(serving(app, { redact: [{ module: "Log", payload: { write: [""] } }] }))
  const open = await openPanel(serving(app))
  log.unsafe.dispatch({ _tag: "write", payload: "a secret" })
  for (const [{ ask }, seen] of [
    [open, [1]],
    [panel, []]
  ] as const) {
    await ask("Page", { runtime, limit: 1 })
    const { places } = await ask("Find", { runtime, filter: { text: "secret" }, from: 0, to: 10 })
    expect(places).toEqual(seen)
  }
  expect((await rowsAt(open))[0]?.payload).toBe('"a secret"')
  expect((await rowsAt(panel))[0]?.payload).toBe("{~redacted: true}")
})

test("where the trace is sampled, the entries of an instance are in their order, also within a millisecond", async () => {
  const app = makeApp({ trace: { level: { sample: 1 } } })
  const panel = await openPanel(serving(app.runtime))
  for (let at = 0; at < 20; at++) {
    app.fail("no")
    app.add(1)
  }
  const { rows } = await panel.ask("Page", { runtime: "r1", limit: 100 })
  const numbers = rows.map(({ txnId }) => Number(txnId.split("::t")[1]))
  expect(numbers).toEqual(Array.from({ length: 40 }, (_, at) => at + 1))
})
