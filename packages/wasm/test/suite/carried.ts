/** Code that has no `init`, so that nothing has computed yet when its instance is restored. */
import { Module, Runtime } from "@sluice/core"
import { Handler, Recovery } from "@sluice/wasm"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { describe, expect, it, onTestFinished } from "vitest"
import { built, sha256 } from "../fixture.ts"
import { storeOf } from "./ledger.ts"

const Calls = Schema.Struct({ calls: Schema.Finite })
const Counted = Module.make("Counted", {
  state: Calls,
  actions: { count: Schema.Null, zero: Schema.Void },
  reducers: { zero: () => ({ calls: 0 }) }
})

const start = async (store: KeyValueStore.KeyValueStore) => {
  const source = await built("hidden.wasm")
  const scope = Scope.makeUnsafe()
  const handler = await Handler.make({
    name: "Hidden",
    abi: "core",
    source,
    sha256: await sha256(source),
    isolation: "inline",
    memory: "image",
    state: Calls,
    params: Schema.Null
  }).pipe(Scope.provide(scope), Effect.runPromise)
  const runtime = Runtime.make(
    Counted.implement({
      initial: { calls: 0 },
      handlers: { count: handler },
      logics: [Recovery.logic(Counted, handler)]
    }),
    { layer: Layer.succeed(KeyValueStore.KeyValueStore, store) }
  )
  onTestFinished(async () => {
    await runtime.dispose()
    await Effect.runPromise(Scope.close(scope, Exit.void))
  })
  const counted = await runtime.runPromise(Counted.tag)
  await expect.poll(() => Recovery.of(counted)).toBeDefined()
  return counted
}

export const carried = (): void => {
  describe("an instance that was restored", () => {
    it("has its code's memory after an entry that its code did not compute", async () => {
      const store = storeOf()
      const first = await start(store)
      for (let n = 0; n < 3; n++) await Effect.runPromise(first.actions.count(null))
      expect(first.unsafe.getState()).toEqual({ calls: 3 })
      await Effect.runPromise(Recovery.of(first)?.flush ?? Effect.die("It is not recorded"))
      const second = await start(store)
      await Effect.runPromise(second.actions.zero())
      await Effect.runPromise(second.actions.count(null))
      expect(second.unsafe.getState()).toEqual({ calls: 4 })
    })
  })
}
