/** What a panel shows, edits and dispatches, place by place. */
import { Module, Runtime } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { describe, expect, onTestFinished, test } from "vitest"
import { decode } from "../../src/codec/index.ts"
import { toAnswered } from "../../src/protocol/answers.ts"
import { download } from "../../src/protocol/index.ts"
import { makeApp, openPanel, serving } from "./remote.ts"

const r = "r1"

const containing = (text: string): unknown => expect.stringContaining(text)

const property = (key: string) => ({ kind: "property", key }) as const

describe("what can be typed in", () => {
  test("is told of each action, and refused with its places", async () => {
    const app = makeApp()
    const { ask, refused } = await openPanel(serving(app.runtime))
    const { actions } = await ask("Actions", { runtime: r, instanceId: "Desk#1" })
    expect(actions.map(({ tag }) => tag)).toEqual(["add", "delay", "touch", "fail", "stamp"])
    expect(actions[1]?.form.nodes[0]).toMatchObject({
      _tag: "Struct",
      fields: [{ key: "id" }, { key: "by" }]
    })
    const action = { _tag: "delay", payload: { id: 7, by: "3" } }
    expect(await refused("Dispatch", { runtime: r, instanceId: "Desk#1", action })).toMatchObject({
      error: "InvalidPayload",
      issues: [{ path: ["id"] }, { path: ["by"] }]
    })
    expect(await refused("Actions", { runtime: r, instanceId: "Desk#9" })).toMatchObject({
      _tag: "UnknownInstance"
    })
  })

  test("is told of each place in a state, with what is there, and is decoded by the schema of that place", async () => {
    const app = makeApp()
    const { ask, refused } = await openPanel(serving(app.runtime))
    const of = { runtime: r, instanceId: "Desk#1" }
    expect(await ask("Field", { ...of, path: [property("due")] })).toEqual({
      form: { root: 0, nodes: [{ _tag: "String", as: "Date" }] },
      value: "1970-01-01T00:00:00.000Z",
      isDerived: false
    })
    await ask("Edit", { ...of, path: [property("due")], value: "2026-05-01T00:00:00.000Z", byForm: true })
    expect(app.desk.unsafe.getState().due).toEqual(new Date("2026-05-01"))
    expect(
      await refused("Edit", { ...of, path: [property("due")], value: "tomorrow", byForm: true })
    ).toMatchObject({ error: "InvalidState", issues: [{ path: [] }] })
    const row = [property("flights"), { kind: "row", key: "F1" }] as const
    const flight = { id: "F1", delay: "late", note: "" }
    expect(await refused("Edit", { ...of, path: row, value: flight, byForm: true })).toMatchObject({
      issues: [{ path: ["delay"] }]
    })
    expect(await refused("Edit", { ...of, path: row, value: flight })).toMatchObject({
      error: "InvalidState",
      issues: [{ path: ["delay"] }]
    })
    const { value } = await ask("Field", { ...of, path: row })
    expect(value).toEqual({ id: "F1", delay: 0, note: "" })
  })

  test("never has what is redacted, and says what is derived", async () => {
    const Sum = Module.make("Sum", {
      state: Schema.Struct({ count: Schema.Int, double: Schema.Int, key: Schema.String }),
      actions: {},
      traits: (t) => ({ double: t.computed((state) => state.count * 2) })
    })
    const runtime = Runtime.make(Sum.implement({ initial: { count: 1, key: "secret" } }))
    onTestFinished(() => runtime.dispose())
    const { ask } = await openPanel(serving(runtime, { redact: [{ module: "Sum", state: ["key"] }] }))
    const of = { runtime: r, instanceId: "Sum#1" }
    expect(await ask("Field", { ...of, path: [property("key")] })).not.toHaveProperty("value")
    expect(await ask("Field", { ...of, path: [] })).not.toHaveProperty("value")
    expect(await ask("Field", { ...of, path: [property("double")] })).toMatchObject({
      value: 2,
      isDerived: true
    })
  })

  test("has no __proto__ anywhere", async () => {
    const app = makeApp()
    const { refused } = await openPanel(serving(app.runtime))
    const value: unknown = JSON.parse('{"__proto__":{"polluted":1},"count":1}')
    const edit = { runtime: r, instanceId: "Desk#1" }
    for (const path of [[], [property("marks")]])
      for (const given of [value, [value], { inner: value }])
        expect(await refused("Edit", { ...edit, path, value: given })).toMatchObject({
          _tag: "NoSuchPart",
          issue: containing("__proto__")
        })
    expect(app.count()).toBe(0)
  })

  test("is as long as it was given", async () => {
    const app = makeApp()
    const { ask } = await openPanel(serving(app.runtime))
    const value = Array.from({ length: 300_000 }, (_, at) => String(at))
    await ask("Edit", { runtime: r, instanceId: "Desk#1", path: [property("marks")], value })
    expect(app.desk.unsafe.getState().marks).toHaveLength(300_000)
  })
})

describe("values in other ways", () => {
  const state = { _tag: "State", instanceId: "Desk#1", moment: "live" } as const
  test("several places at once, those that are not there with why", async () => {
    const app = makeApp()
    const { ask } = await openPanel(serving(app.runtime))
    app.add(2)
    const places = [
      { root: state, path: [property("count")] },
      { root: { ...state, moment: 0 }, path: [property("count")] },
      { root: state, path: [property("none")] },
      { root: { ...state, instanceId: "Desk#9" }, path: [] }
    ]
    expect(await ask("Values", { runtime: r, places })).toMatchObject({
      values: [
        { value: { text: "2" } },
        { value: { text: "0" } },
        { issue: containing("no such part") },
        { issue: containing("Desk#9") }
      ]
    })
  })

  test("written out: up to so many characters, by the codec, and by the schema", async () => {
    const app = makeApp()
    const { ask, remote, refused } = await openPanel(serving(app.runtime))
    const at = { runtime: r, root: state, path: [] }
    const read = (text: number) => Effect.runPromise(download(remote, text))
    const first = await ask("Print", { ...at, as: "text", limit: 20 })
    expect([first.complete, (await read(first.text)).length]).toEqual([false, 20])
    const whole = await ask("Print", { ...at, as: "text" })
    expect(await read(whole.text)).toContain('"F0" => { id: "F0", delay: 0, note: "" }')
    const codec = await ask("Print", { ...at, path: [property("due")], as: "codec" })
    expect(decode(JSON.parse(await read(codec.text)))).toMatchObject({ success: new Date(0) })
    const json = await ask("Print", { ...at, as: "schema" })
    expect(JSON.parse(await read(json.text))).toMatchObject({
      due: "1970-01-01T00:00:00.000Z",
      flights: [{ id: "F0" }, { id: "F1" }, { id: "F2" }]
    })
    app.add(1)
    const payload = { _tag: "Payload", at: { seq: 1, n: 0 }, index: 0 } as const
    expect(await refused("Print", { ...at, root: payload, as: "schema" })).toMatchObject({
      error: "NoSchema"
    })
  })

  test("who changed a place, from what to what", async () => {
    const app = makeApp()
    const { ask } = await openPanel(serving(app.runtime))
    for (const by of [1, 2]) app.add(by)
    const path = [property("count")]
    expect(await ask("WhoChanged", { runtime: r, instanceId: "Desk#1", path, limit: 9 })).toMatchObject({
      rows: [{ tags: ["add"] }, { tags: ["add"] }],
      values: [
        { before: { text: "1" }, after: { text: "3" } },
        { before: { text: "0" }, after: { text: "1" } }
      ]
    })
  })

  test("which instances differ between two moments", async () => {
    const app = makeApp()
    const { ask } = await openPanel(serving(app.runtime))
    app.add(1)
    app.log.unsafe.dispatch({ _tag: "write", payload: "x" })
    app.add(-1)
    const between = async (before: number | "live", after: number | "live") => {
      const { instances } = await ask("Differing", { runtime: r, before, after })
      return instances.map(({ instanceId }) => instanceId)
    }
    expect(await between(0, 1)).toEqual(["Desk#1"])
    expect(await between(1, 2)).toEqual(["Log#1"])
    expect(await between(0, "live")).toEqual(["Desk#1", "Log#1"])
    expect(await between(3, "live")).toEqual([])
  })
})

describe("what is thrown", () => {
  test("is answered, whatever it is", () => {
    const call = { _tag: "Counts", runtime: r } as const
    const throwing = () => {
      throw new Error("again")
    }
    const odd = [
      new Proxy({}, { get: throwing, has: throwing, getPrototypeOf: throwing, ownKeys: throwing }),
      Object.defineProperty(new Error("x"), "message", { get: throwing }),
      Object.defineProperty(new Error("x"), "_tag", { get: throwing }),
      Object.assign(new Error("x"), { _tag: Symbol("odd") }),
      Object.assign(new Error("x"), { message: { toString: throwing } }),
      Object.create(null),
      undefined,
      Symbol("thrown"),
      { toString: throwing }
    ]
    for (const thrown of odd) expect(toAnswered(call, thrown)).toMatchObject({ _tag: "Refused" })
  })
})
