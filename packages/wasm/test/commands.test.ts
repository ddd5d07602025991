/** Commands that a handler returns are done by logic after the commit: once, and never on replay or travel. */
import { Module, Runtime } from "@sluice/core"
import * as Replay from "@sluice/core/Replay"
import { Commands, Handler } from "@sluice/wasm"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { expect, onTestFinished, test } from "vitest"
import { sha256 } from "./fixture.ts"
import { script, wasmUrl } from "./luaFixture.ts"
import { scoped } from "./suite/cases.ts"

const Command = Schema.Union([Commands.Fetch, Commands.Wait])
const State = Schema.Struct({ Asked: Schema.Finite, Commands: Schema.Array(Command) })
const Send = Schema.Struct({ To: Schema.String })
const Answer = Schema.Struct({ commands: Schema.Array(Command) })

const Courier = Module.make("Courier", {
  state: State,
  actions: { send: Send, done: Schema.String },
  reducers: { done: (state) => ({ ...state, Asked: state.Asked + 100 }) }
})

const courierOf = async (from: "state" | "response") => {
  const text = await script("courier.lua")
  const handler = await scoped(
    Handler.make({
      name: "Courier",
      abi: "lua",
      source: { abi: "lua", script: text, name: "courier.lua", wasm: wasmUrl.href },
      sha256: await sha256(new TextEncoder().encode(text)),
      state: State,
      params: Send,
      response: Answer
    })
  )
  const done: Array<string> = []
  const errors: Array<unknown> = []
  const commands = Commands.logic(Courier, {
    on: ["send"],
    handler,
    commands: ({ response, state }) => (from === "state" ? state.Commands : (response?.commands ?? [])),
    run: ($) => ({
      wait: ({ id }) =>
        Effect.flatMap($.state.get, ({ Asked }) => Effect.sync(() => done.push(`wait ${id} at ${Asked}`))),
      fetch: ({ id, url }) =>
        Effect.suspend(() => {
          done.push(`fetch ${url}`)
          return url === "/to/nowhere" ? Effect.fail(new Error("404")) : $.actions.done(id)
        })
    })
  })
  const implement = () =>
    Courier.implement({
      initial: { Asked: 0, Commands: [] },
      handlers: { send: handler },
      logics: [commands]
    })
  const runtime = Runtime.make(implement(), { onError: (cause) => errors.push(cause) })
  onTestFinished(() => runtime.dispose())
  const courier = runtime.resolve(Courier.tag)
  await expect.poll(() => courier.unsafe.getState().Commands).toHaveLength(1)
  return { courier, done, errors, handler, implement, runtime }
}

test("they are done after the commit, in order, and what they bring is another entry", async () => {
  const { courier, done, runtime } = await courierOf("state")
  await runtime.runPromise(courier.actions.send({ To: "ada" }))
  await expect.poll(() => done).toEqual(["wait ada1 at 1", "fetch /to/ada"])
  await expect.poll(() => courier.unsafe.getState().Asked).toBe(101)
})

test("a response's are done where one was asked for, and nothing is where none was", async () => {
  const { courier, done, handler, runtime } = await courierOf("response")
  await runtime.runPromise(courier.actions.send({ To: "ada" }))
  await runtime.runPromise(handler.on(courier).request("send", { To: "bob" }))
  await expect.poll(() => done).toEqual(["fetch /answer"])
})

test("of an entry that rolled back none is done, and one that fails ends those of its commit alone", async () => {
  const { courier, done, errors, runtime } = await courierOf("state")
  await runtime.runPromise(Effect.exit(courier.actions.send({ To: "" })))
  await runtime.runPromise(courier.actions.send({ To: "nowhere" }))
  await runtime.runPromise(courier.actions.send({ To: "ada" }))
  await expect
    .poll(() => done.filter((line) => line.startsWith("fetch")))
    .toEqual(["fetch /to/nowhere", "fetch /to/ada"])
  expect(errors).toHaveLength(2)
})

test("neither travel, replay nor a hot reload does any again", async () => {
  const { courier, done, implement, runtime } = await courierOf("state")
  const changes: Array<Replay.Change<typeof State.Type>> = []
  Replay.observe(courier, (change) => changes.push(change))
  await runtime.runPromise(courier.actions.send({ To: "ada" }))
  await expect.poll(() => courier.unsafe.getState().Asked).toBe(101)
  const to = (state: unknown) => runtime.travel.to(new Map([[courier.instanceId, state]]))
  to(changes[0]!.previous)
  to(changes[0]!.next)
  expect(courier.unsafe.getState().Asked).toBe(1)
  runtime.travel.live()
  await runtime.replace(implement())
  for (const change of changes) Replay.onto(courier, change, courier.unsafe.getState())
  await runtime.runPromise(courier.actions.send({ To: "bob" }))
  await expect.poll(() => done.at(-1)).toBe("fetch /to/bob")
  expect(done.filter((line) => line.startsWith("fetch"))).toEqual(["fetch /to/ada", "fetch /to/bob"])
})
