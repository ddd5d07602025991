/** What a page tells of a runtime's channels, its trace, its time, and what it is made of. */
import { Module, Runtime } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { describe, expect, onTestFinished, test, vi } from "vitest"
import { editorLink, isEditorLink } from "../../src/protocol/editor.ts"
import type { ServeOptions } from "../../src/protocol/index.ts"
import { sitesOf } from "../../src/protocol/stack.ts"
import { openPanel, type Panel, portsThrough, serving } from "./remote.ts"

const runtimeId = "r1"
const r = { runtime: runtimeId }

const Store = Module.make("Store", {
  state: Schema.Struct({ items: Schema.Array(Schema.String), size: Schema.Int, isFull: Schema.Boolean }),
  actions: { put: Schema.String, ping: Schema.Void, fail: Schema.Void },
  reducers: {
    put: (state, item) => ({ ...state, items: [...state.items, item] }),
    fail: () => {
      throw new Error("no")
    }
  },
  traits: (t) => ({
    size: t.computed(({ items }) => items.length),
    isFull: t.computed(({ size }) => size > 2)
  }),
  source: "file:///shop/src/Store.ts"
})

const Till = Module.make("Till", { state: Schema.Struct({ sum: Schema.Number }), actions: {} })

const setup = async (options?: ServeOptions) => {
  const gate = Promise.withResolvers<void>()
  const slow = Store.logic("slow", ($) =>
    $.onAction("put").run(() => Effect.promise(() => gate.promise), { capacity: 2 })
  )
  const runtime = Runtime.make(
    Store.implement({
      initial: { items: [] },
      logics: [slow],
      imports: [Till.implement({ initial: { sum: 0 } })]
    }),
    { label: "shop", trace: { level: "full", capacity: 8 }, onError: () => {} }
  )
  onTestFinished(() => {
    gate.resolve()
    return runtime.dispose()
  })
  const served = serving(runtime, options)
  const panel = await openPanel(served, portsThrough["the page"]())
  const store = runtime.resolve(Store.tag).unsafe
  return {
    ...panel,
    gate,
    panel,
    runtime,
    served,
    store,
    put: (item: string) => store.dispatch({ _tag: "put", payload: item })
  }
}

/** Samples until one is as asked. */
const sampled = async (
  { ask }: Pick<Panel, "ask">,
  sampling: number,
  isDone: (sample: Awaited<ReturnType<typeof ask<"Samples">>>["samples"][number]) => boolean
) => {
  for (;;) {
    const answer = await ask("Samples", { sampling, after: 0 })
    const found = answer.samples.find(isDone)
    if (found !== undefined) return { answer, found }
    await new Promise((resolve) => {
      setTimeout(resolve, 1)
    })
  }
}

describe("samples", () => {
  test("C8 each is exact at its moment: depth, in flight, overflow and ingress of each consumer", async () => {
    const { ask, put } = await setup()
    const { sampling } = await ask("Sample", { ...r, everyMs: 10, keep: 100 })
    for (const item of ["a", "b", "c", "d", "e"]) put(item)
    const { answer, found } = await sampled({ ask }, sampling, ({ readings: [one] }) => one?.inFlight === 1)
    expect(answer.consumers).toEqual([
      {
        consumer: 1,
        instanceId: "Store#1",
        name: "slow: put",
        tags: ["put"],
        capacity: 2,
        skipped: {},
        closed: false
      }
    ])
    expect(found.readings).toEqual([
      { consumer: 1, depth: 2, inFlight: 1, waiting: 0, overflow: 0, skipped: 0 }
    ])
    expect(found.ingress).toEqual([{ instanceId: "Store#1", count: 2 }])
  })

  test("tell why something was skipped", async () => {
    const picky = Store.logic("picky", ($) =>
      $.onAction("put")
        .filter(() => false)
        .run(() => Effect.void)
    )
    const runtime = Runtime.make(Store.implement({ initial: { items: [] }, logics: [picky] }))
    onTestFinished(() => runtime.dispose())
    const { ask } = await openPanel(serving(runtime), portsThrough["the page"]())
    const { sampling } = await ask("Sample", { ...r, everyMs: 10, keep: 100 })
    for (const payload of ["a", "b", "c"])
      runtime.resolve(Store.tag).unsafe.dispatch({ _tag: "put", payload })
    const { answer } = await sampled({ ask }, sampling, ({ readings: [one] }) => one?.skipped === 3)
    expect(answer.consumers).toMatchObject([{ name: "picky: put", skipped: { filter: 3 } }])
  })

  test("are kept up to the number asked for, and given after the one that a panel has", async () => {
    const { ask } = await setup()
    const { sampling } = await ask("Sample", { ...r, everyMs: 10, keep: 3 })
    const { answer } = await sampled({ ask }, sampling, ({ n }) => n > 4)
    expect(answer.samples).toHaveLength(3)
    expect(answer.missed).toBe((answer.samples[0]?.n ?? 0) - 1)
    const last = answer.samples.at(-1)?.n ?? 0
    const next = await ask("Samples", { sampling, after: last - 1 })
    expect(next.samples[0]?.n).toBe(last)
    expect(next.missed).toBe(0)
  })

  test("are taken only between begin and end, also where the panel just goes", async () => {
    const clear = vi.spyOn(globalThis, "clearInterval")
    const set = vi.spyOn(globalThis, "setInterval")
    onTestFinished(() => void vi.restoreAllMocks())
    const { ask, end, refused } = await setup()
    const timersOf = ({
      mock
    }: {
      readonly mock: { readonly results: ReadonlyArray<{ readonly value: unknown }> }
    }) => mock.results.map(({ value }) => value)
    const first = await ask("Sample", { ...r, everyMs: 1000, keep: 10 })
    await ask("Sample", { ...r, everyMs: 1000, keep: 10 })
    const timers = timersOf(set).slice(-2)
    await ask("EndSample", first)
    expect(clear.mock.calls.map(([timer]) => timer)).toContain(timers[0])
    expect(await refused("Samples", { ...first, after: 0 })).toMatchObject({ error: "UnknownSampling" })
    await end()
    expect(clear.mock.calls.map(([timer]) => timer)).toContain(timers[1])
  })

  test("end with the runtime, where the page serves it no longer", async () => {
    const { runtime } = await setup()
    const served = serving([])
    const { ask, refused } = await openPanel(served, portsThrough["the page"]())
    const remove = served.add(runtime)
    const begun = await ask("Sample", { ...r, everyMs: 1000, keep: 10 })
    remove()
    expect(await refused("Samples", { ...begun, after: 0 })).toMatchObject({ error: "UnknownSampling" })
  })

  test("a panel has a limited number of them, at a limited rate", async () => {
    const { ask, refused } = await setup()
    for (let n = 0; n < 8; n++) await ask("Sample", { ...r, everyMs: 1000, keep: 1 })
    expect(await refused("Sample", { ...r, everyMs: 1000, keep: 1 })).toMatchObject({
      error: "TooManySamplings"
    })
    expect(await refused("Sample", { ...r, everyMs: 1, keep: 1 })).toMatchObject({ _tag: "InvalidRequest" })
  })
})

test("O1 the ring tells what it holds by kind, outcome and instance, and what it lost", async () => {
  const { ask, put, store } = await setup()
  for (const item of ["a", "b", "c"]) put(item)
  store.dispatch({ _tag: "ping" })
  expect(() => store.dispatch({ _tag: "fail" })).toThrow("no")
  const ring = await ask("Ring", r)
  expect(ring).toMatchObject({ level: "full", capacity: 8, sampledOut: 0, transactions: 5 })
  expect(ring.kept).toEqual(
    expect.arrayContaining([
      { kind: "entry", detail: "commit", count: 3 },
      { kind: "entry", detail: "unchanged", count: 1 },
      { kind: "entry", detail: "rollback", count: 1 }
    ])
  )
  const held = ring.kept.reduce((sum, { count }) => sum + count, 0)
  expect(held).toBe(ring.recorded - ring.dropped)
  expect(ring.instances).toEqual([{ instanceId: "Store#1", count: held }])
})

describe("a profile", () => {
  test("measures between begin and end, by instance and name, and says who called what", async () => {
    const { ask, put } = await setup()
    put("before")
    await ask("BeginProfile", r)
    for (const item of ["a", "b", "c"]) put(item)
    await ask("EndProfile", r)
    put("after")
    const { calls, leftOut, measures, running } = await ask("Profile", r)
    expect(running).toBe(false)
    expect(leftOut).toBe(0)
    const counts = measures.map(({ count, instanceId, kind, name }) => [instanceId, kind, name, count])
    expect(counts).toEqual(
      expect.arrayContaining([
        ["Store#1", "entry", "put", 3],
        ["Store#1", "reducer", "put", 3],
        ["Store#1", "computed", "size", 3],
        ["Store#1", "computed", "isFull", 3]
      ])
    )
    const called = calls.map(({ count, measure, parent }) => ({
      what: measures[measure]?.kind,
      within: parent === undefined ? undefined : measures[calls[parent]?.measure ?? -1]?.kind,
      count
    }))
    expect(called).toEqual(
      expect.arrayContaining([
        { what: "entry", within: undefined, count: 3 },
        { what: "reducer", within: "entry", count: 3 }
      ])
    )
  })

  test("ends with the last panel, and then nothing is known of it", async () => {
    const { ask, end, put, served } = await setup()
    await ask("BeginProfile", r)
    put("a")
    expect(await ask("Profile", r)).toMatchObject({ running: true })
    await end()
    const next = await openPanel(served, portsThrough["the page"]())
    expect(await next.ask("Profile", r)).toEqual({
      running: false,
      durationMs: 0,
      measures: [],
      calls: [],
      leftOut: 0
    })
  })
})

test("the modules tell their file, with a link, what they import, and how often derived fields ran", async () => {
  const { ask, put } = await setup({ editor: "vscode://file/{path}:{line}" })
  await ask("Modules", r)
  put("a")
  put("b")
  const { instances, modules } = await ask("Modules", r)
  expect(modules).toEqual([
    { moduleId: "Till", actions: [], logics: [], imports: [], layers: 0, capacity: 256 },
    {
      moduleId: "Store",
      source: { file: "file:///shop/src/Store.ts", href: "vscode://file/shop/src/Store.ts:1" },
      actions: [{ tag: "put", by: "reducer" }, { tag: "ping" }, { tag: "fail", by: "reducer" }],
      logics: ["slow"],
      imports: ["Till"],
      layers: 0,
      capacity: 256
    }
  ])
  expect(instances[1]).toMatchObject({
    instanceId: "Store#1",
    label: "shop",
    commits: 2,
    transactions: 2,
    traits: [
      { field: "size", kind: "computed", reads: [{ field: "items" }], recomputations: 2 },
      { field: "isFull", kind: "computed", reads: [{ field: "size" }], recomputations: 2 }
    ]
  })
})

test("without a document, no component reads anything", async () => {
  const { ask } = await setup()
  expect(await ask("Readers", r)).toEqual({ readers: [], complete: true })
})

describe("call sites", () => {
  test("are told of an entry where the page keeps them", async () => {
    const { ask, store } = await setup({ callSites: true, editor: "http://localhost/open?at={file}:{line}" })
    const putFromHere = () => store.dispatch({ _tag: "put", payload: "a" })
    putFromHere()
    const { rows } = await ask("Page", { ...r, limit: 1 })
    const { sites } = await ask("Entry", { ...r, at: rows[0]?.at ?? { seq: 0, n: 0 } })
    expect(sites?.[0]).toMatchObject({
      name: "putFromHere"
    })
    expect(sites?.[0]?.line).toBeGreaterThan(0)
    expect(sites?.[0]?.file).toMatch(/insight\.test\.ts$/)
    expect(sites?.[0]?.href).toMatch(/^http:\/\/localhost\/open\?at=.*insight\.test\.ts:\d+$/)
  })

  test("are not kept unless that is asked for", async () => {
    const { ask, put } = await setup()
    put("a")
    const { rows } = await ask("Page", { ...r, limit: 1 })
    expect(await ask("Entry", { ...r, at: rows[0]?.at ?? { seq: 0, n: 0 } })).not.toHaveProperty("sites")
  })
})

test.each([
  [
    "V8",
    `Error: call site
    at Sites.capture (http://localhost:5173/@fs/w/node_modules/@sluice/core/dist/CallSites.js:66:18)
    at dispatchSync (http://localhost:5173/@fs/w/node_modules/@sluice/core/dist/CallSites.js:120:34)
    at Object.delay (http://localhost:5173/src/ui/Row.tsx?t=17:12:9)
    at async load (http://localhost:5173/src/load.ts:3:4)
    at http://localhost:5173/src/main.ts:1:2
    at runLoop (http://localhost:5173/@fs/cache/deps/effect-CTxEt-Jr.js?v=0a1b2c3d:591:91)
    at commitRoot (http://localhost:5173/node_modules/.vite/deps/react-dom.js?v=1:100:1)`
  ],
  [
    "Firefox and Safari",
    `capture@http://localhost:5173/@fs/w/node_modules/@sluice/core/dist/CallSites.js:66:18
Object.delay@http://localhost:5173/src/ui/Row.tsx?t=17:12:9
load@http://localhost:5173/src/load.ts:3:4
@http://localhost:5173/src/main.ts:1:2`
  ]
])("a stack as %s writes it gives the app's own places", (_, stack) => {
  expect(sitesOf(stack)).toEqual([
    { name: "Object.delay", file: "http://localhost:5173/src/ui/Row.tsx?t=17", line: 12, column: 9 },
    { name: "load", file: "http://localhost:5173/src/load.ts", line: 3, column: 4 },
    { file: "http://localhost:5173/src/main.ts", line: 1, column: 2 }
  ])
})

describe("a link to an editor", () => {
  const site = { file: "file:///my%20shop/src/Store.ts", line: 3, column: 7 }
  test("is the plugin's by default, of the page that it is in", () => {
    expect(editorLink(site, undefined, "http://localhost:5173/desk?x")).toBe(
      "http://localhost:5173/__sluice/open?file=file%3A%2F%2F%2Fmy%2520shop%2Fsrc%2FStore.ts&line=3&column=7"
    )
    expect(editorLink(site, undefined, undefined)).toBeUndefined()
  })

  test("can be an editor's own, where there is a path", () => {
    const template = "vscode://file/{path}:{line}:{column}"
    expect(editorLink(site, template)).toBe("vscode://file/my%20shop/src/Store.ts:3:7")
    expect(editorLink({ file: "http://localhost/src/Store.ts" }, template)).toBeUndefined()
    expect(editorLink({ file: "file:///50%/Store.ts" }, template)).toBeUndefined()
    expect(editorLink({ file: "C:\\shop\\Store.ts" }, template)).toBe("vscode://file/C%3A/shop/Store.ts:1:1")
  })

  test("is followed only where its scheme is an editor's", () => {
    expect(["vscode://file/a", "HTTP://localhost/x"].map(isEditorLink)).toEqual([true, true])
    const others = [
      "javascript:alert(1)",
      "data:text/html,x",
      " javascript:x",
      "file:///etc/passwd",
      "/x",
      ""
    ]
    expect(others.map(isEditorLink)).toEqual(others.map(() => false))
  })
})
