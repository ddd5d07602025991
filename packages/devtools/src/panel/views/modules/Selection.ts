/** Which module, instance and field the user looks at. */
import { Module } from "@sluice/core"
import * as Schema from "effect/Schema"

const State = Schema.Struct({
  moduleId: Schema.NullOr(Schema.String),
  instanceId: Schema.NullOr(Schema.String),
  field: Schema.NullOr(Schema.String)
})

export const Selection = Module.make("devtools/ModuleSelection", {
  state: State,
  actions: { module: Schema.String, instance: Schema.String, field: Schema.String },
  reducers: {
    module: (_, moduleId) => ({ moduleId, instanceId: null, field: null }),
    instance: (state, instanceId) => ({ ...state, instanceId, field: null }),
    field: (state, field) => ({ ...state, field })
  }
})

export const SelectionLive = Selection.implement({
  initial: { moduleId: null, instanceId: null, field: null }
})
