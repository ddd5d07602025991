/** A module that loads. */
import { Module } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as AsyncResult from "effect/reactivity/AsyncResult"
import * as Schema from "effect/Schema"

export const Search = Module.make("Search", {
  source: import.meta.url,
  state: Schema.Struct({
    word: Schema.String,
    note: Schema.String,
    found: AsyncResult.Schema({ success: Schema.String }),
    length: Schema.Number
  }),
  actions: { search: Schema.String },
  reducers: { search: (state, word) => ({ ...state, word }) },
  traits: (t) => ({
    found: t.source({
      key: (state) => state.word,
      load: (word) => Effect.sync(() => word.toUpperCase()).pipe(Effect.delay("1 millis"))
    }),
    length: t.computed((state) => state.word.length)
  })
})

export const SearchLive = Search.implement({ initial: { word: "", note: "" } })
