/** A process that stores each slot of an instance whole, and says which are stored, until it is killed. */
import { writeSync } from "node:fs"
import { Module, Runtime } from "@sluice/core"
import { Handler, Recovery } from "@sluice/wasm"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { built, sha256 } from "../fixture.ts"
import { storeIn } from "./files.ts"

const Count = Schema.Struct({ count: Schema.Finite })
const Doing = Schema.Struct({ do: Schema.String, by: Schema.Finite })
const Ledger = Module.make("Ledger", { state: Count, actions: { act: Doing }, reducers: {} })

const [folder = ""] = process.argv.slice(2)
const source = await built("secretive.wasm")

const program = Effect.gen(function* () {
  const handler = yield* Handler.make({
    name: "Secretive",
    abi: "core",
    source,
    sha256: yield* Effect.promise(() => sha256(source)),
    isolation: "inline",
    memory: "image",
    imports: ["clock", "random"],
    state: Count,
    params: Doing,
    initWith: { do: "fill", by: 1 }
  })
  const live = Ledger.implement({
    initial: { count: 0 },
    handlers: { act: handler },
    logics: [Recovery.logic(Ledger, handler, { snapshotEvery: 1, fullEvery: 2, key: "killed" })]
  })
  const runtime = Runtime.make(live, { layer: storeIn(folder) })
  const loop = Effect.gen(function* () {
    const ledger = yield* Ledger.tag
    for (;;) {
      const recovery = Recovery.of(ledger)
      if (recovery === undefined) {
        yield* Effect.yieldNow
        continue
      }
      yield* recovery.flush
      writeSync(1, `${ledger.unsafe.getState().count}\n`)
      yield* ledger.actions.act({ do: "fill", by: 1 })
    }
  })
  yield* Effect.promise(() => runtime.runPromise(loop))
})

await Effect.runPromise(Effect.scoped(program))
