import { Collection, Module, Runtime } from "@sluice/core"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as AsyncResult from "effect/reactivity/AsyncResult"
import { spawn } from "node:child_process"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { pathToFileURL } from "node:url"
import { describe, expect, onTestFinished, test } from "vitest"
import * as app from "./app.ts"
import { Search, SearchLive } from "./search.ts"
import { edit, literal, type Writing } from "../../src/session/literal.ts"
import {
  History,
  makeRedaction,
  makeTest,
  ModuleFileUnknown,
  ModuleNotExported,
  recompute,
  record,
  redactRecording,
  reducersOf,
  replay,
  startAlone,
  TestNotMade
} from "../../src/session/index.ts"

const { recorded } = app
const here = new URL("./app.ts", import.meta.url).href
const vitest = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs")

const given: ReadonlyArray<app.Step> = [
  { _tag: "put", id: "b", qty: 2 },
  { _tag: "note", note: "x" },
  { _tag: "batch", ids: ["a", "c"] },
  { _tag: "relabel", id: "a", qty: 7 },
  { _tag: "both", note: "y" },
  { _tag: "date", at: 2 },
  { _tag: "widen", by: 3 },
  { _tag: "take", id: "c" },
  { _tag: "clear" }
]

const sample = async (steps = given) => {
  const made = await recorded(steps)
  onTestFinished(() => made.runtime.dispose())
  return { ...made, reducers: reducersOf(made.runtime) }
}

/** Runs the text as a test file in a folder of its own, and gives what vitest says. */
const run = async (text: (file: string) => string) => {
  const folder = await mkdtemp(join(import.meta.dirname, ".made-"))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = join(folder, "made.test.ts")
  const made = text(pathToFileURL(file).href)
  await writeFile(file, made)
  const child = spawn(process.execPath, [vitest, "run", "--root", folder, "--no-color"], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, VITEST: undefined, VITEST_POOL_ID: undefined, VITEST_WORKER_ID: undefined }
  })
  let output = ""
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => {
      output += chunk.toString()
    })
  const code = await new Promise<number | null>((resolve) => {
    child.on("close", resolve)
  })
  return { code, output: `${output}\n${made}`, made }
}

test("a test made of a whole session runs as it comes out", { timeout: 60_000 }, async () => {
  const { recording, reducers } = await sample()
  const { code, made, output } = await run((file) =>
    makeTest(recording, { file, reducers, modules: { Ledger: here } })
  )
  expect(code, output).toBe(0)
  expect(made).toContain('stock.dispatch({ _tag: "put", payload: { id: "b", qty: 2 } })')
  expect(made).toContain('stock.write("note", (state) => ({ ...state, note: "x" }))')
  expect(made).toContain('import * as file1 from "../app.ts"')
  await expect(made).toMatchFileSnapshot("./made.test.txt")
})

test(
  "a test made of some entries expects what they come to without the others, and fails where that is not so",
  { timeout: 60_000 },
  async () => {
    const { recording, reducers } = await sample()
    const select = ({
      instanceId,
      origin
    }: {
      readonly instanceId: string
      readonly origin: { readonly name: string }
    }) => instanceId.startsWith("Stock") && ["put", "batch", "widen"].includes(origin.name)
    const { code, made, output } = await run((file) =>
      makeTest(recording, { file, reducers, select, name: 'only "these"\u2028' })
    )
    expect(code, output).toBe(0)
    expect(made).not.toContain('note:  "x"')
    const broken = await run(() => made.replace("qty: 2 }", "qty: 3 }"))
    expect(broken.code, broken.output).toBe(1)
    expect(broken.output).toContain("AssertionError")
  }
)

test("what sources have loaded is given, and not loaded again", { timeout: 60_000 }, async () => {
  const runtime = Runtime.make(SearchLive)
  onTestFinished(() => runtime.dispose())
  const history = new History()
  onTestFinished(record(runtime, history))
  const { unsafe } = runtime.resolve(Search.tag)
  const isLoaded = (word: string) => () => {
    const { found } = unsafe.getState()
    return AsyncResult.isSuccess(found) && found.value === word.toUpperCase() && !found.waiting
  }
  unsafe.subscribeTo(
    (state) => state.found,
    () => {}
  )
  unsafe.dispatch({ _tag: "search", payload: "a" })
  await expect.poll(isLoaded("a"), { interval: 1 }).toBe(true)
  unsafe.dispatch({ _tag: "search", payload: "b" })
  await expect.poll(isLoaded("b"), { interval: 1 }).toBe(true)
  unsafe.transact("note", (tx) => tx.update((state) => ({ ...state, note: "x" })))
  const recording = history.recording()
  const reducers = reducersOf(runtime)
  expect(replay(recording, reducers)).toMatchObject({ divergence: undefined, compared: 2 })
  const first = recording.commits.find(({ origin }) => origin.name === "search")
  // The answer for another word is not put where another word stands.
  const { counts, entries } = recompute(recording, { skip: [first?.txnId ?? ""] }, reducers)
  expect(counts).toEqual({ unchanged: 3, recomputed: 0, conflict: 1, failed: 0, skipped: 1 })
  expect(entries[1]?.outcome).toMatchObject({ conflicts: [{ path: ["found"] }] })
  const { code, made, output } = await run((file) => makeTest(recording, { file, reducers }))
  expect(code, output).toBe(0)
  await expect(made.replaceAll(/\b\d{13}\b/g, "0")).toMatchFileSnapshot("./madeOfSearch.test.txt")
})

describe("what has no literal", () => {
  class Point {
    readonly x: number
    constructor(x: number) {
      this.x = x
    }
  }
  const Odd = Module.make("odd one", {
    state: Schema.Struct({
      at: Schema.Unknown,
      list: Schema.Array(Schema.Unknown),
      rows: Collection.schema(Schema.Struct({ n: Schema.Number }), (row) => row.n * 2)
    }),
    actions: { put: Schema.Unknown },
    reducers: { put: (state, at) => ({ ...state, at }) }
  })

  test("is decoded", () => {
    const runtime = Runtime.make(
      Odd.implement({
        initial: {
          at: Option.none(),
          list: [1n, Number.NaN, -0, undefined, new Map([[{}, new Set(["</script>"])]])],
          rows: Collection.make((row) => row.n * 2, [{ n: 1 }])
        }
      })
    )
    onTestFinished(() => runtime.dispose())
    const { unsafe } = runtime.resolve(Odd.tag)
    const history = new History()
    runtime.onCommit((commit) => history.append([commit]))
    unsafe.dispatch({ _tag: "put", payload: Option.some(new Date(0)) })
    unsafe.dispatch({ _tag: "put", payload: new Point(1) })
    unsafe.transact("more", (tx) => tx.update((state) => ({ ...state, list: [...state.list, { "a b": 2 }] })))
    const text = makeTest(history.recording(), {
      file: "/app/test/odd.test.ts",
      modules: { "odd one": "http://localhost:5173/app/src/odd.ts?t=1" },
      reducers: reducersOf(runtime)
    })
    expect(text).toContain("decoded(")
    expect(text).toContain('import * as file1 from "../src/odd.ts"')
    expect(text).toContain('const oddOne = startAlone(file1, "odd one", ')
    expect(text).toContain(
      'oddOne.write("more", (state) => ({ ...state, list: [...state.list, { "a b": 2 }] }))'
    )
  })
})

test("what shares too much with itself to be written out is decoded", () => {
  const shared = (leaf: number): unknown => {
    let value: unknown = { leaf }
    for (let at = 0; at < 50; at++) value = { left: value, right: value }
    return value
  }
  const writing: Writing = { uses: () => {}, other: () => "decoded(…)" }
  expect(literal(shared(1), writing)).toBe("decoded(…)")
  expect(edit("state", { deep: shared(1) }, { deep: shared(2) }, writing)).toBe("decoded(…)")
  const one = { id: "one" }
  expect(literal([one, one, one], writing)).toBe('[{ id: "one" }, { id: "one" }, { id: "one" }]')
})

test("what cannot be made into a test says why", async () => {
  const { recording, reducers } = await sample()
  const file = "/x.test.ts"
  expect(() => makeTest(recording, { file, reducers })).toThrow(new ModuleFileUnknown({ moduleId: "Ledger" }))
  const hidden = redactRecording(recording, makeRedaction([{ module: "Stock", payload: { put: ["qty"] } }]))
  expect(() => makeTest(hidden, { file, reducers, modules: { Ledger: here } })).toThrow(
    new TestNotMade({ txnId: "Stock#1::t1", issue: "something in it was redacted" })
  )
  const select = ({ origin }: { readonly origin: { readonly name: string } }) => origin.name === "relabel"
  const twice = await sample([
    { _tag: "put", id: "c", qty: 1 },
    { _tag: "relabel", id: "a", qty: 2 },
    { _tag: "put", id: "a", qty: 2 },
    { _tag: "relabel", id: "a", qty: 9 }
  ])
  expect(() => makeTest(twice.recording, { file, reducers: twice.reducers, select })).toThrow(/items\.a/)
})

test("an instance alone has no logics, and its types are those of the module", async () => {
  const stock = startAlone(app, "Stock", {
    items: Collection.make("id", [{ id: "a", qty: 1, tags: [] }]),
    total: 1,
    note: "",
    since: new Date(0),
    size: { width: 1, height: 1 }
  })
  onTestFinished(stock.dispose)
  stock.dispatch({ _tag: "put", payload: { id: "b", qty: 2 } })
  stock.dispatchBatch([{ _tag: "take", payload: "a" }])
  stock.write("note", (state) => ({ ...state, note: `${state.note}!` }))
  expect(stock.getState()).toMatchObject({ total: 2, note: "!" })
  stock.give((state) => ({ ...state, total: 100 }))
  expect(stock.getState().total).toBe(100)
  // @ts-expect-error -- there is no such action
  expect(() => stock.dispatch({ _tag: "nothing" })).toThrow("nothing")
  // @ts-expect-error -- a module that the file does not export has no state
  expect(() => startAlone({ Ledger: app.Ledger }, "Stock", {})).toThrow(
    new ModuleNotExported({ moduleId: "Stock", exports: ["Ledger"] })
  )
})
