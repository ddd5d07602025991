/** A small app, for its size: one module, one logic, one runtime. */
import { Module, Runtime } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

const Counter = Module.make("Counter", {
  state: Schema.Struct({ count: Schema.Number }),
  actions: { increment: Schema.Void },
  reducers: { increment: (state) => ({ count: state.count + 1 }) }
})

const audit = Counter.logic("audit", ($) => $.onAction("increment").run(() => Effect.log("incremented")))

export const runtime = Runtime.make(Counter.implement({ initial: { count: 0 }, logics: [audit] }))
