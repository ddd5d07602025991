/** Which view is shown: any view may show another. Remembered, for the next time that the panel is opened. */
import { Module } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

const storageKey = "sluice-devtools-view"

/** Storage may be forbidden, or not be there. */
const stored = (): string | null => {
  try {
    return localStorage.getItem(storageKey)
  } catch {
    return null
  }
}

const store = (view: string): void => {
  try {
    localStorage.setItem(storageKey, view)
  } catch {
    // Then it is remembered as long as the panel is open.
  }
}

export const Views = Module.make("devtools/Views", {
  state: Schema.Struct({
    /** The id of the view; the first is shown where there is none of that id. */
    shown: Schema.NullOr(Schema.String)
  }),
  actions: { show: Schema.String },
  reducers: { show: (state, shown) => (shown === state.shown ? state : { shown }) }
})

const remembering = Views.logic("remembering", ($) =>
  $.onAction("show").run((view) => Effect.sync(() => store(view)))
)

export const ViewsLive = Views.implement({ initial: () => ({ shown: stored() }), logics: [remembering] })
