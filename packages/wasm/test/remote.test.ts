/** A Node process behind HTTP whose state is snapshotted here: started, killed and started again for real. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import { Module, Runtime } from "@sluice/core"
import * as HandlerActivity from "@sluice/core/HandlerActivity"
import * as Handled from "@sluice/core/Handled"
import { Handler } from "@sluice/wasm"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { expect, onTestFinished, test } from "vitest"
import * as Exit from "effect/Exit"

const sha256 = "11".repeat(32)
const program = fileURLToPath(new URL("remote/ledger.ts", import.meta.url))

const start = async (port = 0): Promise<{ readonly process: ChildProcess; readonly port: number }> => {
  const started = spawn(process.execPath, [program, String(port)], { stdio: ["ignore", "pipe", "inherit"] })
  onTestFinished(() => void started.kill("SIGKILL"))
  const [line] = (await once(started.stdout, "data")) as [Buffer]
  return { process: started, port: Number(line.toString()) }
}

const kill = async ({ process: running }: { readonly process: ChildProcess }): Promise<void> => {
  const exited = once(running, "exit")
  running.kill("SIGKILL")
  await exited
}

const Params = Schema.Struct({
  owner: Schema.String,
  amount: Schema.Finite,
  hang: Schema.optionalKey(Schema.Boolean),
  thrown: Schema.optionalKey(Schema.Boolean)
})
const State = Schema.Struct({ last: Schema.String })
const Bank = Module.make("Bank", { state: State, actions: { book: Params } })

const connect = async (port: number, limits: { readonly callMs?: number } = {}) => {
  const scope = Scope.makeUnsafe()
  onTestFinished(() => Effect.runPromise(Scope.close(scope, Exit.void)))
  return Effect.runPromise(
    Scope.provide(
      Handler.make({
        name: "Ledger",
        abi: "remote",
        isolation: "remote",
        source: `http://127.0.0.1:${port}`,
        sha256,
        limits,
        imports: ["console"],
        state: State,
        params: Params,
        response: Schema.Struct({ balance: Schema.Finite, booked: Schema.Finite })
      }),
      scope
    )
  )
}

const bank = async (port: number, limits: { readonly callMs?: number } = {}) => {
  const ledger = await connect(port, limits)
  const runtime = Runtime.make(Bank.implement({ initial: { last: "" }, handlers: { book: ledger } }), {
    onError: () => {}
  })
  onTestFinished(() => runtime.dispose())
  const instance = runtime.resolve(Bank.tag)
  const book = (owner: string, amount: number, more: { hang?: boolean; thrown?: boolean } = {}) =>
    runtime.runPromise(ledger.on(instance).request("book", { owner, amount, ...more }))
  const failing = (owner: string, amount: number, more: { hang?: boolean; thrown?: boolean } = {}) =>
    runtime.runPromise(Effect.flip(ledger.on(instance).request("book", { owner, amount, ...more })))
  const activity = () => HandlerActivity.of(Handled.instanceOf(instance).host).snapshot().events
  return { activity, book, failing, instance, ledger, runtime }
}

test("its state is in its own memory, from call to call, and its lines are told", async () => {
  const { activity, book, instance } = await bank((await start()).port)
  expect(await book("Ada", 5)).toEqual({ balance: 5, booked: 1 })
  expect(await book("Ada", 2)).toEqual({ balance: 7, booked: 2 })
  expect(instance.unsafe.getState()).toEqual({ last: "Ada" })
  expect(activity().flatMap((event) => (event._tag === "Console" ? [event.text] : []))).toEqual([
    "Ada 5",
    "Ada 7"
  ])
  expect(
    activity().flatMap((event) => (event._tag === "Call" ? [[event.outcome, event.isolation]] : []))
  ).toEqual([
    ["ok", "remote"],
    ["ok", "remote"]
  ])
})

test("killed, it goes on in a new process from the snapshot of the state's version", async () => {
  const first = await start()
  const { book, failing, instance } = await bank(first.port)
  await book("Ada", 5)
  await book("Bob", 1)
  await kill(first)
  // Typed, and nothing is committed.
  const fault = await failing("Ada", 1)
  expect(fault).toMatchObject({ _tag: "HandlerFault", kind: "unreachable" })
  expect(instance.unsafe.getState()).toEqual({ last: "Bob" })
  await start(first.port)
  expect(await book("Ada", 2)).toEqual({ balance: 7, booked: 3 })
})

test("a call starts from the memory of the state that it is given, whatever the process did since", async () => {
  const ledger = await connect((await start()).port)
  const book = (state: { readonly last: string }, amount: number) =>
    Effect.runPromise(ledger.request(state, { owner: "Ada", amount }))
  const one = await book({ last: "" }, 5)
  const two = await book(one.state, 5)
  expect(two.response).toEqual({ balance: 10, booked: 2 })
  expect((await book(one.state, 1)).response).toEqual({ balance: 6, booked: 2 })
  expect((await book(two.state, 1)).response).toEqual({ balance: 11, booked: 3 })
  // Of a state that no call gave, it begins anew.
  expect((await book({ last: "" }, 1)).response).toEqual({ balance: 1, booked: 1 })
})

test("a refusal and a fault leave its memory as if they had never been", async () => {
  const { book, failing } = await bank((await start()).port)
  await book("Ada", 5)
  expect(await failing("Ada", -9)).toMatchObject({ _tag: "HandlerError", error: "Ada has too little" })
  expect(await failing("Ada", 9, { thrown: true })).toMatchObject({
    _tag: "HandlerFault",
    kind: "trap",
    detail: "the disk is full"
  })
  expect(await book("Ada", 1)).toEqual({ balance: 6, booked: 2 })
})

test("a call past its time fails, and what hangs in the process holds up no other", async () => {
  const { book, failing } = await bank((await start()).port, { callMs: 1000 })
  await book("Ada", 5)
  expect(await failing("Ada", 1, { hang: true })).toMatchObject({ _tag: "HandlerFault", kind: "timeout" })
  expect(await book("Ada", 1)).toEqual({ balance: 6, booked: 2 })
})

test("two runtimes on one process do not see each other", async () => {
  const { port } = await start()
  const [here, there] = [await bank(port), await bank(port)]
  await here.book("Ada", 5)
  expect(await there.book("Ada", 1)).toEqual({ balance: 1, booked: 1 })
  expect(await here.book("Ada", 1)).toEqual({ balance: 6, booked: 2 })
})

const json = async (response: Response) => ({
  status: response.status,
  body: (await response.json()) as unknown
})

test("the protocol: a wrong version is refused, a call is computed once, and a snapshot is held against its hash", async () => {
  const { port } = await start()
  const post = async (path: string, body: unknown) =>
    json(await fetch(`http://127.0.0.1:${port}/${path}`, { method: "POST", body: JSON.stringify(body) }))
  const call = {
    unit: "u",
    kind: "request",
    tag: null,
    state: null,
    params: { owner: "Ada", amount: 5 },
    granted: { clock: null, seed: null }
  }
  const first = await post("compute", { ...call, id: "a", version: null })
  expect(first).toMatchObject({ status: 200, body: { _tag: "Ok", response: { balance: 5, booked: 1 } } })
  const { version } = first.body as { readonly version: string }
  expect(await post("compute", { ...call, id: "a", version: null })).toEqual(first)

  expect(await post("compute", { ...call, id: "b", version: "00" })).toEqual({
    status: 409,
    body: { at: version }
  })
  expect(await post("snapshot", { unit: "u", version: "00" })).toEqual({ status: 409, body: { at: version } })
  expect(await post("snapshot", { unit: "other", version })).toEqual({ status: 409, body: { at: null } })
  const snapped = await post("snapshot", { unit: "u", version })
  const { snapshot } = snapped.body as { readonly snapshot: string }
  expect(JSON.parse(atob(snapshot))).toEqual({ balances: [["Ada", 5]], booked: 1 })

  const wrong = await post("restore", { unit: "v", version: "00", snapshot })
  expect(wrong).toEqual({ status: 422, body: { message: `the snapshot is of version ${version}` } })
  expect(await post("restore", { unit: "v", version, snapshot })).toEqual({ status: 200, body: { version } })
  expect(await post("compute", { ...call, unit: "v", id: "c", version })).toMatchObject({
    body: { response: { balance: 10, booked: 2 } }
  })
  expect((await post("compute", { id: 1 })).status).toBe(400)
  expect((await post("elsewhere", {})).status).toBe(404)
  expect(await json(await fetch(`http://127.0.0.1:${port}/describe`))).toEqual({
    status: 200,
    body: { protocol: 1, name: "ledger", sha256, kinds: ["request"] }
  })
})

test("one that is not there, or is of other code, is not loaded", async () => {
  const { port, process: running } = await start()
  const options = {
    name: "Ledger",
    abi: "remote",
    isolation: "remote",
    state: State,
    params: Params
  } as const
  const load = (source: string, hash: string) =>
    Effect.runPromise(Effect.flip(Effect.scoped(Handler.make({ ...options, source, sha256: hash }))))
  expect(await load(`http://127.0.0.1:${port}`, "22".repeat(32))).toMatchObject({
    _tag: "HashMismatch",
    actual: sha256
  })
  await kill({ process: running })
  expect(await load(`http://127.0.0.1:${port}`, sha256)).toMatchObject({ _tag: "LoadFailed" })
})
