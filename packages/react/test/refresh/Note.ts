/// <reference types="vite/types/importMeta.d.ts" />
/** A module as an app has it: evaluated again, it takes its own place in the runtime. */
import { Module } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { runtime } from "./runtime.ts"

const step = 1

const Note = Module.make("Note", {
  state: Schema.Struct({ count: Schema.Number, handled: Schema.Number }),
  actions: { up: Schema.Void, handled: Schema.Void },
  reducers: {
    up: (state) => ({ ...state, count: state.count + step }),
    handled: (state) => ({ ...state, handled: state.handled + 1 })
  }
})

export const NoteLive = Note.implement({
  initial: { count: 0, handled: 0 },
  logics: [Note.logic("handle", ($) => $.onAction("up").run(() => Effect.asVoid($.actions.handled())))]
})

if (import.meta.hot) {
  import.meta.hot.accept((next) => {
    // Vite does not know what the file exports.
    const evaluatedAgain = next?.["NoteLive"] as typeof NoteLive | undefined
    if (evaluatedAgain !== undefined) void runtime.replace(evaluatedAgain)
  })
}
