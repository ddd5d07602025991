/** Lua in its worker: declared, dispatched to, and stopped. The same in Node and in Chromium. */
import { Module, Runtime } from "@sluice/core"
import * as HandlerActivity from "@sluice/core/HandlerActivity"
import * as Handled from "@sluice/core/Handled"
import { Handler, Recovery } from "@sluice/wasm"
import type * as Errors from "@sluice/wasm/Errors"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import { describe, expect, it, onTestFinished } from "vitest"
import { sha256 } from "../fixture.ts"
import { script, wasmUrl } from "../luaFixture.ts"
import { scoped } from "./cases.ts"

const Balances = Schema.Record(Schema.String, Schema.Finite)
const State = Schema.Struct({ Balances })
const Move = Schema.Struct({
  From: Schema.optionalKey(Schema.String),
  To: Schema.String,
  Qty: Schema.Finite
})

const Bank = Module.make("Bank", { state: State, actions: { mint: Move, transfer: Move } })

const bankOf = async () => {
  const text = await script("bank.lua")
  const handler = await scoped(
    Handler.make({
      name: "Bank",
      abi: "lua",
      source: { abi: "lua", script: text, name: "bank.lua", wasm: wasmUrl.href },
      sha256: await sha256(new TextEncoder().encode(text)),
      state: State,
      params: Move,
      response: Schema.Struct({ transfers: Schema.Finite })
    })
  )
  const errors: Array<unknown> = []
  const runtime = Runtime.make(
    Bank.implement({ initial: { Balances: {} }, handlers: { mint: handler, transfer: handler } }),
    { onError: (cause) => errors.push(cause) }
  )
  onTestFinished(() => runtime.dispose())
  return { handler, runtime, bank: runtime.resolve(Bank.tag) }
}

/** Refuses a sum over 100. */
const Sum = Schema.Struct({
  Kept: Schema.Struct({ sum: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 100 })) })
})
const Amount = Schema.Struct({ amount: Schema.Int })
const Gone = Schema.Struct({ ticket: Schema.Int, count: Schema.Int, ring: Schema.Boolean })

const Ledger = Module.make("Ledger", { state: Sum, actions: { go: Amount } })

/** As a process has it: loaded anew, on a store that outlives it. */
const ledgerOn = async (store: KeyValueStore.KeyValueStore) => {
  const text = await script("remembers.lua")
  const handler = await scoped(
    Handler.make({
      name: "Ledger",
      abi: "lua",
      source: { abi: "lua", script: text, name: "remembers.lua", wasm: wasmUrl.href },
      sha256: await sha256(new TextEncoder().encode(text)),
      state: Sum,
      params: Amount,
      response: Gone
    })
  )
  const runtime = Runtime.make(
    Ledger.implement({
      initial: { Kept: { sum: 0 } },
      handlers: { go: handler },
      logics: [Recovery.logic(Ledger, handler, { snapshotEvery: 2, fullEvery: 2, key: "main" })]
    }),
    { layer: Layer.succeed(KeyValueStore.KeyValueStore, store), onError: () => {} }
  )
  onTestFinished(() => runtime.dispose())
  const ledger = await runtime.runPromise(Ledger.tag)
  await expect.poll(() => Recovery.of(ledger)).toBeDefined()
  const go = (amount: number) =>
    runtime.runPromise(Effect.result(handler.on(ledger).request("go", { amount })))
  return { handler, ledger, go, flush: () => runtime.runPromise(Recovery.of(ledger)!.flush) }
}

const hostileOf = async (limits: { readonly callMs: number; readonly memoryPages: number }) => {
  const text = await script("hostile.lua")
  return scoped(
    Handler.make({
      name: "Hostile",
      abi: "lua",
      source: { abi: "lua", script: text, name: "hostile.lua", wasm: wasmUrl.href },
      sha256: await sha256(new TextEncoder().encode(text)),
      state: Schema.Struct({}),
      params: Schema.Struct({ Action: Schema.String }),
      response: Schema.String,
      limits
    })
  )
}

const failureOf = async <A>(effect: Effect.Effect<A, Errors.CallError>): Promise<unknown> => {
  const result = await Effect.runPromise(Effect.result(effect))
  return Result.isFailure(result) ? result.failure : result.success
}

export const luaHandler = (): void => {
  describe("a Lua handler in its worker", () => {
    it("computes the actions of a module by their tags, its memory belonging to the version of the state", async () => {
      const { bank, handler, runtime } = await bankOf()
      await runtime.runPromise(bank.actions.mint({ To: "ada", Qty: 10 }))
      const response = await runtime.runPromise(
        handler.on(bank).request("transfer", { From: "ada", To: "bob", Qty: 4 })
      )
      expect(bank.unsafe.getState()).toEqual({ Balances: { ada: 6, bob: 4 } })
      expect(response).toEqual({ transfers: 1 })
      const refused = await runtime.runPromise(
        Effect.result(handler.on(bank).request("transfer", { From: "eve", To: "bob", Qty: 4 }))
      )
      expect(Result.isFailure(refused) && refused.failure).toMatchObject({
        _tag: "HandlerError",
        error: "insufficient funds"
      })
      expect(
        await runtime.runPromise(handler.on(bank).request("transfer", { From: "bob", To: "ada", Qty: 4 }))
      ).toEqual({ transfers: 2 })
      const calls = HandlerActivity.of(Handled.instanceOf(bank).host).snapshot().events
      expect(
        calls.flatMap((call) => (call._tag === "Call" && call.action !== undefined ? [call.outcome] : []))
      ).toEqual(["ok", "ok", "err", "ok"])
    })

    it("goes on in the middle of its coroutines after a restart, and is read cold", async () => {
      const store = Effect.runSync(Effect.provide(KeyValueStore.KeyValueStore, KeyValueStore.layerMemory))
      const first = await ledgerOn(store)
      for (const amount of [1, 2, 3]) await first.go(amount)
      await first.flush()
      const second = await ledgerOn(store)
      expect(second.ledger.unsafe.getState()).toEqual({ Kept: { sum: 6 } })
      expect(Result.getOrThrow(await second.go(4))).toEqual({ ticket: 104, count: 4, ring: true })
      await second.flush()
      const cold = await Effect.runPromise(
        Recovery.read({ handler: "Ledger", instance: "main" }, 3, [second.handler]).pipe(
          Effect.provideService(KeyValueStore.KeyValueStore, store)
        )
      )
      expect({ state: cold.state, from: cold.from }).toEqual({ state: `{"Kept":{"sum":6}}`, from: 2 })
    })

    it("is as if a call had never been whose result does not fit the state", async () => {
      const store = Effect.runSync(Effect.provide(KeyValueStore.KeyValueStore, KeyValueStore.layerMemory))
      const { go, ledger } = await ledgerOn(store)
      await go(1)
      const refused = await go(1_000)
      expect(Result.isFailure(refused) && refused.failure).toMatchObject({ _tag: "HandlerMismatch" })
      expect(Result.getOrThrow(await go(1))).toEqual({ ticket: 102, count: 2, ring: true })
      expect(ledger.unsafe.getState()).toEqual({ Kept: { sum: 2 } })
    })

    it("says no more than it may, when it fails", async () => {
      const text = `
        Handlers.add("fail", function() fail(string.rep("x", 50000)) end)
        Handlers.add("error", function() error(string.rep("x", 50000), 0) end)`
      const handler = await scoped(
        Handler.make({
          name: "Wordy",
          abi: "lua",
          source: { abi: "lua", script: text, name: "wordy.lua", wasm: wasmUrl.href },
          sha256: await sha256(new TextEncoder().encode(text)),
          state: Schema.Struct({}),
          params: Schema.Struct({ Action: Schema.String }),
          limits: { resultBytes: 1000 }
        })
      )
      const failed = await failureOf(handler.send({}, { Action: "fail" }))
      expect(failed).toMatchObject({ _tag: "HandlerFault", kind: "result-bytes" })
      const trapped = await failureOf(handler.send({}, { Action: "error" }))
      expect(trapped).toMatchObject({ _tag: "HandlerFault", kind: "trap", detail: "x".repeat(4096) })
    })

    it("starts every call from the memory of the state it is given", async () => {
      const { handler } = await bankOf()
      const run = <A, E>(effect: Effect.Effect<A, E>) => Effect.runPromise(effect)
      const first = await run(handler.init(null, { To: "", Qty: 0 }))
      const { state: second } = await run(
        handler
          .request({ ...first, Balances: { ada: 9 } }, { To: "bob", From: "ada", Qty: 1 })
          .pipe(
            Effect.catchTag("HandlerError", () =>
              Effect.succeed({ state: first, response: { transfers: 0 } })
            )
          )
      )
      expect(second).toEqual(first)
    })

    it("is stopped in a loop of pcall and in a pattern, within its budget, and the next call works", async () => {
      const handler = await hostileOf({ callMs: 1_000, memoryPages: 64 })
      for (const Action of ["pcall", "pattern"]) {
        expect(await failureOf(handler.request({}, { Action })), Action).toMatchObject({
          _tag: "HandlerFault",
          kind: "timeout"
        })
        expect((await Effect.runPromise(handler.request({}, { Action: "well" }))).response).toBe("well")
      }
    })

    it("is stopped by its memory's limit, and the next call works", async () => {
      // What fills it ends by itself, however long that takes
      const handler = await hostileOf({ callMs: 30_000, memoryPages: 64 })
      for (const Action of ["rep", "grow"]) {
        expect(await failureOf(handler.request({}, { Action })), Action).toMatchObject({ kind: "memory" })
      }
      expect((await Effect.runPromise(handler.request({}, { Action: "well" }))).response).toBe("well")
    })

    it("is refused within the window", async () => {
      const text = await script("bank.lua")
      const made = Handler.make({
        name: "Bank",
        abi: "lua",
        isolation: "inline",
        source: { abi: "lua", script: text, name: "bank.lua", wasm: wasmUrl.href },
        sha256: await sha256(new TextEncoder().encode(text)),
        state: State,
        params: Move
      })
      const result = await Effect.runPromise(Effect.result(Effect.scoped(made)))
      expect(Result.isFailure(result) && result.failure).toMatchObject({
        _tag: "ModuleRefused",
        feature: 'isolation "inline"'
      })
    })

    it("names the line of a script that cannot be compiled", async () => {
      const text = "local x = 1\nlocal = 2"
      const made = Handler.make({
        name: "Rules",
        abi: "lua",
        source: { abi: "lua", script: text, name: "rules.lua", wasm: wasmUrl.href },
        sha256: await sha256(new TextEncoder().encode(text)),
        state: State,
        params: Move
      })
      const result = await Effect.runPromise(Effect.result(Effect.scoped(made)))
      expect(Result.isFailure(result) && result.failure).toMatchObject({
        _tag: "LoadFailed",
        reason: "rules.lua:2: <name> expected near '='"
      })
    })
  })
}
