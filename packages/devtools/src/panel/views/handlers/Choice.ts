/** What of the handlers' activity is looked at: it outlives the view. */
import { Module } from "@sluice/core"
import * as Schema from "effect/Schema"
import type { HandlerEvent } from "./Activity.ts"

export const kinds = ["Call", "Console", "Snapshot", "Restart"] as const
export type Kind = (typeof kinds)[number]
const Kind = Schema.Literals(kinds)

const State = Schema.Struct({
  /** Empty for all, as `handler` and `outcome`. */
  instanceId: Schema.String,
  handler: Schema.String,
  /** Of calls; `failed` stands for all but `ok`. With one, only calls are shown. */
  outcome: Schema.String,
  kinds: Schema.Array(Kind),
  /** The number of the event that is looked at. */
  selected: Schema.NullOr(Schema.Int)
})
export type ChoiceState = typeof State.Type

export const Choice = Module.make("devtools/HandlerChoice", {
  state: State,
  actions: {
    instance: Schema.String,
    handler: Schema.String,
    outcome: Schema.String,
    toggle: Kind,
    select: Schema.NullOr(Schema.Int),
    clear: Schema.Void
  },
  reducers: {
    instance: (state, instanceId) => ({ ...state, instanceId }),
    handler: (state, handler) => ({ ...state, handler }),
    outcome: (state, outcome) => ({ ...state, outcome }),
    toggle: (state, kind) => ({
      ...state,
      kinds: kinds.filter((each) => (each === kind) !== state.kinds.includes(each))
    }),
    select: (state, selected) => ({ ...state, selected }),
    clear: (state) => ({ ...state, ...everything })
  }
})

const everything = { instanceId: "", handler: "", outcome: "", kinds }

export const ChoiceLive = Choice.implement({ initial: { ...everything, selected: null } })

export const isFiltered = ({ handler, instanceId, kinds: shown, outcome }: ChoiceState): boolean =>
  handler !== "" || instanceId !== "" || outcome !== "" || shown.length < kinds.length

type Of = Pick<HandlerEvent, "handler" | "instanceId">

/** By instance and handler. */
export const isOf = ({ handler, instanceId }: ChoiceState, told: Of): boolean =>
  (handler === "" || told.handler === handler) && (instanceId === "" || told.instanceId === instanceId)

const hasOutcome = (outcome: string, event: HandlerEvent): boolean =>
  outcome === "" ||
  (event._tag === "Call" && (outcome === "failed" ? event.outcome !== "ok" : event.outcome === outcome))

export const isShown = (choice: ChoiceState, event: HandlerEvent): boolean =>
  choice.kinds.includes(event._tag) && isOf(choice, event) && hasOutcome(choice.outcome, event)
