/** What is compared: the selected transaction, or any two moments. */
import { Module } from "@sluice/core"
import * as Schema from "effect/Schema"
import { Moment } from "../../../protocol/messages.ts"

const State = Schema.Struct({
  mode: Schema.Literals(["transaction", "moments"]),
  /** Until there is a history. */
  before: Schema.NullOr(Moment),
  after: Moment,
  /** By instance; the others show what changed in them. */
  folded: Schema.Array(Schema.String)
})

const Comparing = Module.make("devtools/Comparing", {
  state: State,
  actions: {
    setMode: State.fields.mode,
    setBefore: Moment,
    setAfter: Moment,
    swap: Moment,
    fold: Schema.String
  },
  reducers: {
    setMode: (state, mode) => ({ ...state, mode }),
    setBefore: (state, before) => ({ ...state, before }),
    setAfter: (state, after) => ({ ...state, after }),
    swap: (state, before) => ({ ...state, before: state.after, after: before }),
    fold: (state, instanceId) => ({
      ...state,
      folded: state.folded.includes(instanceId)
        ? state.folded.filter((other) => other !== instanceId)
        : [...state.folded, instanceId]
    })
  }
})

export const ComparingLive = Comparing.implement({
  initial: { mode: "transaction", before: null, after: "live", folded: [] }
})
