/** An app whose actions a handler computes outside the window, and tells of; it traps when it is told to. */
import { Handler, Module, Runtime } from "@sluice/core"
import * as HandlerActivity from "@sluice/core/HandlerActivity"
import * as Faces from "@sluice/core/ModuleRuntime"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

class Trapped extends Data.TaggedError("Trapped") {
  override get message() {
    return "Risk trapped: unreachable"
  }
}

const Desk = Module.make("Desk", {
  state: Schema.Struct({ risk: Schema.Number }),
  actions: { assess: Schema.Struct({ amount: Schema.Number, token: Schema.String }), clear: Schema.Void },
  reducers: { clear: () => ({ risk: 0 }) }
})

const call: HandlerActivity.HandlerCalled = {
  _tag: "Call",
  at: 0,
  handler: "Risk",
  instanceId: "Desk#1",
  kind: "send",
  action: "assess",
  outcome: "ok",
  error: undefined,
  ranMs: 1,
  waitedMs: 0.2,
  bytesIn: 100,
  bytesOut: 40,
  pagesChanged: 1,
  pages: 2,
  fuel: 5000,
  reruns: 0,
  isolation: "worker"
}

export const makeHandled = (label = "desk") => {
  const is = { trapping: false, gate: undefined as Promise<void> | undefined }
  let letters = 0
  const assess = Handler.outside(
    (_: { readonly risk: number }, payload: { readonly amount: number; readonly token: string }, action) =>
      Effect.gen(function* () {
        const { gate, trapping } = is
        if (gate !== undefined) yield* Effect.promise(() => gate)
        const at = Date.now()
        if (!trapping) {
          activity.tell({ ...call, at, dispatched: action })
          return { risk: payload.amount / 100 }
        }
        const { message } = new Trapped()
        activity.tell({ ...call, at, dispatched: action, outcome: "trap", error: message, bytesOut: 0 })
        const known = activity.snapshot().deadLetters.find((letter) => letter.action.payload === payload)
        const retry = Effect.asVoid(desk.dispatch({ _tag: "assess", payload })).pipe(
          Effect.andThen(() => Effect.sync(() => activity.unbury(id)))
        )
        const id = known?.id ?? `letter ${++letters}`
        activity.bury({
          id,
          at,
          handler: "Risk",
          instanceId: "Desk#1",
          action,
          error: message,
          attempts: (known?.attempts ?? 0) + 1,
          retry
        })
        return yield* new Trapped()
      })
  )
  const runtime = Runtime.make(Desk.implement({ initial: { risk: 0 }, handlers: { assess } }), {
    label,
    trace: { level: "full" },
    onError: () => {}
  })
  const desk = runtime.resolve(Desk.tag)
  const host = Faces.instanceOf(desk)?.host
  if (host === undefined) throw new Error("It has no instance.")
  const activity = HandlerActivity.of(host)
  return {
    runtime,
    desk,
    activity,
    is,
    call,
    /** Settles when the entry has ended, whatever came of it. */
    assess: (amount: number) =>
      Effect.runPromiseExit(desk.dispatch({ _tag: "assess", payload: { amount, token: "secret" } }))
  }
}
