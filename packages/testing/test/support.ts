/** Modules as a user of the package may have them. */
import { Module } from "@sluice/core"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

export class Api extends Context.Service<
  Api,
  { readonly search: (text: string) => Effect.Effect<ReadonlyArray<string>, Error> }
>()("Api") {}

const state = Schema.Struct({ text: Schema.String, found: Schema.Array(Schema.String) })

export const Search = Module.make("Search", {
  state,
  actions: { type: Schema.String, show: Schema.Array(Schema.String) },
  reducers: {
    type: (state, text) => ({ ...state, text }),
    show: (state, found) => ({ ...state, found })
  }
})

/** Asks half a second after the last key. */
export const SearchLive = Search.implement({
  initial: { text: "", found: [] },
  logics: [
    Search.logic("asks", ($) =>
      Effect.gen(function* () {
        const api = yield* $.use(Api)
        yield* $.onAction("type").runLatest((text) =>
          Effect.gen(function* () {
            yield* Effect.sleep("500 millis")
            yield* $.actions.show(yield* api.search(text))
          })
        )
      })
    )
  ]
})

export const Log = Module.make("Log", {
  state: Schema.Struct({ lines: Schema.Array(Schema.String) }),
  actions: { go: Schema.Void, add: Schema.String, boom: Schema.Void },
  reducers: {
    add: (state, line) => ({ lines: [...state.lines, line] }),
    boom: () => {
      throw new Error("boom")
    }
  }
})
