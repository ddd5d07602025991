/** What the monitor sends to the page, in the extension's own format. It is not trusted. */
import * as Exit from "effect/Exit"
import * as Cause from "effect/Cause"
import * as Schema from "effect/Schema"
import { Actions, originFields } from "../session/entry.ts"
import { notUnderstood } from "./errors.ts"

/** The most entries of a history that is imported. */
const maxEntries = 10_000

const Index = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

const GivenAction = Schema.Struct({
  type: Schema.String,
  payload: Schema.optionalKey(Schema.Unknown),
  transactions: Schema.optionalKey(
    Schema.Array(
      Schema.Struct({
        txnId: Schema.String,
        instanceId: Schema.String,
        moduleId: Schema.String,
        origin: Schema.Struct(originFields),
        cause: Schema.optionalKey(Schema.String),
        groupId: Schema.optionalKey(Schema.String),
        startedAt: Schema.Finite,
        actions: Actions
      })
    )
  )
})
export type GivenAction = typeof GivenAction.Type

const States = Schema.Record(Schema.String, Schema.Unknown)

const GivenHistory = Schema.Struct({
  actionsById: Schema.Record(
    Schema.String,
    Schema.Struct({ action: GivenAction, timestamp: Schema.optionalKey(Schema.Finite) })
  ),
  computedStates: Schema.Array(Schema.Struct({ state: States })).check(Schema.isMaxLength(maxEntries)),
  stagedActionIds: Schema.Array(Index).check(Schema.isMaxLength(maxEntries)),
  skippedActionIds: Schema.Array(Index),
  currentStateIndex: Index
})
export type GivenHistory = typeof GivenHistory.Type

const Import = Schema.Struct({
  type: Schema.Literal("IMPORT_STATE"),
  nextLiftedState: Schema.Union([
    Schema.Array(GivenAction).check(Schema.isMaxLength(maxEntries)),
    GivenHistory
  ]),
  preloadedState: Schema.optionalKey(Schema.Unknown)
})
export type Import = typeof Import.Type

const Order = Schema.Union([
  Schema.Struct({
    type: Schema.Literals(["COMMIT", "ROLLBACK", "RESET", "SWEEP"])
  }),
  Schema.Struct({ type: Schema.Literals(["LOCK_CHANGES", "PAUSE_RECORDING"]), status: Schema.Boolean }),
  Schema.Struct({ type: Schema.Literal("JUMP_TO_STATE"), index: Index }),
  Schema.Struct({ type: Schema.Literal("JUMP_TO_ACTION"), actionId: Index }),
  Schema.Struct({ type: Schema.Literal("TOGGLE_ACTION"), id: Index }),
  Schema.Struct({
    type: Schema.Literal("SET_ACTIONS_ACTIVE"),
    start: Index,
    end: Index,
    active: Schema.Boolean
  }),
  Schema.Struct({ type: Schema.Literal("REORDER_ACTION"), actionId: Index, beforeActionId: Index }),
  Import
])
export type Order = typeof Order.Type

/** One of the action creators that the monitor offers, with its arguments as they were typed. */
const Call = Schema.Struct({ name: Schema.String, args: Schema.Array(Schema.NullOr(Schema.String)) })
export type Call = typeof Call.Type

const Message = Schema.Union([
  Schema.Struct({ type: Schema.Literals(["START", "STOP", "UPDATE", "EXPORT", "OPTIONS"]) }),
  Schema.Struct({ type: Schema.Literal("DISPATCH"), payload: Order }),
  Schema.Struct({ type: Schema.Literal("ACTION"), payload: Schema.Union([Schema.String, Call]) }),
  Schema.Struct({ type: Schema.Literal("IMPORT"), state: Schema.String })
])
export type Message = typeof Message.Type

const readMessage = Schema.decodeUnknownExit(Message)
const readImport = Schema.decodeUnknownExit(Import)

const valueOf = <A>(exit: Exit.Exit<A, unknown>): A => {
  if (Exit.isSuccess(exit)) return exit.value
  const error = Cause.squash(exit.cause)
  const text = error instanceof Error ? error.message : String(error)
  throw notUnderstood(text.replaceAll(/\s+/g, " "))
}

/** Throws MonitorRefused. */
export const decodeMessage = (message: unknown): Message => valueOf(readMessage(message))

/** Of what IMPORT has as text, parsed. Throws MonitorRefused. */
export const decodeImport = (nextLiftedState: unknown): Import =>
  valueOf(readImport({ type: "IMPORT_STATE", nextLiftedState }))
