/** What an editor shows of each declaration that is followed by `//=>`; `scripts/hover.test.ts` asks the compiler. */
import { Module, type Runtime } from "@sluice/core"
import { Handler } from "@sluice/wasm"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

const Total = Schema.Struct({ total: Schema.Finite })
const Loan = Schema.Struct({ sum: Schema.Finite })
const Answer = Schema.Struct({ calls: Schema.Finite })
const silent = { abi: "core", source: "", sha256: "", state: Total, params: Loan } as const
const options = { ...silent, name: "Risk", response: Answer } as const

export const made = Handler.make(options)
//=> Effect<Loaded<{ readonly total: number; }, { readonly sum: number; }, { readonly calls: number; }, "worker">, LoadError, Scope>
export const inline = Handler.make({ ...options, isolation: "inline", memory: "image" })
//=> Effect<Loaded<{ readonly total: number; }, { readonly sum: number; }, { readonly calls: number; }, "inline">, LoadError, Scope>
export const Risk = Handler.define(options)
//=> Defined<"Risk", { readonly total: number; }, { readonly sum: number; }, { readonly calls: number; }, "worker">
export const quiet = Handler.define({ ...silent, name: "Quiet" })
//=> Defined<"Quiet", { readonly total: number; }, { readonly sum: number; }, unknown, "worker">
export const loaded = Risk.loaded
//=> Effect<Recordable<{ readonly total: number; }>, never, IsLoaded<"Risk">>
export const layer = Risk.layer
//=> Layer<IsLoaded<"Risk">, LoadError, never>

const Desk = Module.make("Desk", { state: Total, actions: { assess: Loan } })
const handlers = { assess: Risk }
export const lacking = Desk.implement({ initial: { total: 0 }, handlers })
//=> Module<"Desk", { readonly total: number; }, { readonly assess: { readonly sum: number; }; }, unknown, void, IsLoaded<"Risk">, ModuleIdentity<"Desk">, NoTraits>
export const lacks = (modules: Runtime.Complete<typeof lacking, never>) => modules
//=> (modules: NotProvided<IsLoaded<"Risk">>) => NotProvided<IsLoaded<"Risk">>

export const program = Effect.gen(function* () {
  const risk = yield* made
  //=> Loaded<{ readonly total: number; }, { readonly sum: number; }, { readonly calls: number; }, "worker">
  const next = risk.send({ total: 1 }, { sum: 1 })
  //=> Effect<{ readonly total: number; }, CallError, never>
  const reply = yield* risk.request({ total: 1 }, { sum: 1 }, { id: "1" })
  //=> Reply<{ readonly total: number; }, { readonly calls: number; }>
  const on = risk.on(yield* Desk.tag)
  //=> On<{ readonly assess: { readonly sum: number; }; }, { readonly sum: number; }, { readonly calls: number; }>
  const answer = on.request("assess", { sum: 1 })
  //=> Effect<{ readonly calls: number; }, HandlerConflict | CallError, never>
  return [yield* next, reply, yield* answer] as const
})
