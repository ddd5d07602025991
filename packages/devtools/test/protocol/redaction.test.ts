/** What a page keeps to itself cannot be found out by asking for something else either. */
import { Module, Runtime } from "@sluice/core"
import * as Schema from "effect/Schema"
import { expect, onTestFinished, test } from "vitest"
import { openPanel, serving } from "./remote.ts"

const Safe = Module.make("Safe", {
  state: Schema.Struct({
    count: Schema.Int,
    secrets: Schema.Record(Schema.String, Schema.String),
    tokens: Schema.ReadonlySet(Schema.String)
  }),
  actions: { pay: Schema.Struct({ card: Schema.String }), count: Schema.Int },
  reducers: {
    count: (state, count) => ({ ...state, count }),
    pay: () => {
      throw new Error("declined")
    }
  }
})
const SafeLive = Safe.implement({ initial: { count: 0, secrets: {}, tokens: new Set<string>() } })

const r = "r1"
const redact = [
  { module: "Safe", state: ["secrets", "tokens.*"], payload: { pay: ["card"] }, details: ["by"] }
]

const setup = async (history = 100) => {
  const runtime = Runtime.make(SafeLive, { trace: { level: "full" }, onError: () => {} })
  onTestFinished(() => runtime.dispose())
  const panel = await openPanel(serving(runtime, { redact, history }))
  const safe = runtime.resolve(Safe.tag)
  const put = (name: string, part: Partial<ReturnType<typeof safe.unsafe.getState>>) =>
    safe.unsafe.transact(name, (txn) => txn.update((state) => ({ ...state, ...part })))
  return { ...panel, runtime, safe, put }
}

test("who changed a path says nothing of what is in a redacted place", async () => {
  const { ask, put } = await setup()
  put("a", { secrets: { alice: "x" }, tokens: new Set(["tok_1"]), count: 1 })
  const found = async (...keys: ReadonlyArray<string>) => {
    const path = keys.map((key) => ({ kind: "property" as const, key }))
    const { more, rows } = await ask("WhoChanged", { runtime: r, instanceId: "Safe#1", path, limit: 0 })
    return rows.length + Number(more)
  }
  for (const keys of [
    ["secrets", "alice"],
    ["secrets", "bob"],
    ["tokens", "tok_1"],
    ["tokens", "tok_2"]
  ])
    expect([keys, await found(...keys)]).toEqual([keys, 0])
  expect(await found("count")).toBe(1)
})

test("a conflict is told up to a redacted place", async () => {
  const { ask, put } = await setup()
  put("a", { secrets: { alice: "x", bob: "x" }, tokens: new Set(["tok_1"]), count: 1 })
  put("b", { secrets: { alice: "y", bob: "y" }, tokens: new Set(), count: 2 })
  const { recomputed } = await ask("Recompute", { runtime: r, skip: ["Safe#1::t1"] })
  const { entries } = await ask("Outcomes", { recomputed, from: 0, to: 9 })
  expect(entries[1]?.conflicts?.map(({ path }) => path)).toEqual(["count", "secrets", "tokens"])
})

test("payloads are redacted also of an instance that the history has forgotten", async () => {
  const { ask, put, runtime } = await setup(2)
  const local = runtime.local(SafeLive)
  local.mount()
  put("a", { count: 1 })
  const { instanceId, unsafe } = local.ref
  expect(() => unsafe.dispatch({ _tag: "pay", payload: { card: "4111" } })).toThrow("declined")
  await runtime.evict(instanceId)
  for (const count of [2, 3]) {
    put("b", { count })
    await ask("Counts", { runtime: r })
  }
  const { rows } = await ask("Page", { runtime: r, limit: 9 })
  const row = rows.find((each) => each.instanceId === instanceId)
  expect(row?.payload).toBe("{card: {…}}")
  const at = row?.at ?? { seq: 0, n: 0 }
  const { value } = await ask("Inspect", {
    runtime: r,
    root: { _tag: "Payload", at, index: 0 },
    path: [{ kind: "property", key: "card" }],
    from: 0,
    to: 0
  })
  expect(value.text).toBe("{~redacted: true}")
})

test("an edit writes a redacted place as a whole, and tells nothing of what is in it", async () => {
  const { ask, put, refused, safe } = await setup()
  put("a", { secrets: { alice: "x" } })
  const edit = { runtime: r, instanceId: "Safe#1", value: "y" }
  const property = (key: string) => ({ kind: "property" as const, key })
  const into = (...keys: ReadonlyArray<string>) => refused("Edit", { ...edit, path: keys.map(property) })
  const issue = async (...keys: ReadonlyArray<string>) => {
    const told = await into(...keys)
    return typeof told === "object" && told !== null && "issue" in told ? told.issue : told
  }
  expect(await issue("secrets", "alice", "z")).toEqual(await issue("secrets", "bob", "z"))
  expect(await into("secrets", "bob")).toMatchObject({ _tag: "NoSuchPart" })
  await ask("Edit", { ...edit, path: [property("secrets")], value: { bob: "z" } })
  expect(safe.unsafe.getState().secrets).toEqual({ bob: "z" })
})

test("a row does not name the fields of a state that is redacted as a whole", async () => {
  const Users = Module.make("Users", {
    state: Schema.Record(Schema.String, Schema.Int),
    actions: { add: Schema.String },
    reducers: { add: (state, name) => ({ ...state, [name]: 1 }) }
  })
  const runtime = Runtime.make(Users.implement({ initial: {} }), { trace: { level: "full" } })
  onTestFinished(() => runtime.dispose())
  const hidden = { module: "Users", state: [""], payload: { add: [""] } }
  const { ask } = await openPanel(serving(runtime, { redact: [hidden] }))
  runtime.resolve(Users.tag).unsafe.dispatch({ _tag: "add", payload: "alice@x" })
  const { rows } = await ask("Page", { runtime: r, limit: 9 })
  expect(rows).toMatchObject([{ tags: ["add"] }])
  expect(JSON.stringify(rows)).not.toContain("alice")
})
