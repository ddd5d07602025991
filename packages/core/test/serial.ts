/** What the tests of serial handlers share: a module whose action is computed when the test says so. */
import { Handler, Module, Runtime } from "@sluice/core"
import * as HandlerPort from "@sluice/core/HandlerPort"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { collectErrors, disposing, entriesOf, latch } from "./support.ts"

export const stateSchema = Schema.Struct({ rate: Schema.Finite, notes: Schema.Finite })
export const Loan = Module.make("Loan", {
  state: stateSchema,
  actions: { assess: Schema.Finite, note: Schema.Void },
  reducers: { note: (state) => ({ ...state, notes: state.notes + 1 }) }
})
export const fresh = { rate: 0, notes: 0 }
export type State = typeof fresh

/** Code that holds its instance, and answers when the test says so. */
export const held = () => {
  const calls: Array<Deferred.Deferred<number, string>> = []
  const waiting: Array<() => void> = []
  const compute = (state: State) =>
    Effect.suspend(() => {
      const answer = Deferred.makeUnsafe<number, string>()
      calls.push(answer)
      for (const told of waiting.splice(0)) told()
      return Effect.map(Deferred.await(answer), (rate) => ({ ...state, rate }))
    })
  return {
    calls,
    handler: HandlerPort.outside({
      ...Handler.outside<State, number, string, never>(compute),
      order: "serial"
    }),
    /** The n-th call, from 1, once it computes. */
    call: async (n: number) => {
      while (calls.length < n) await new Promise<void>((resolve) => waiting.push(resolve))
      const call = calls[n - 1]
      if (call === undefined) throw new Error("It was not called")
      return (rate: number) => Deferred.doneUnsafe(call, Effect.succeed(rate))
    },
    fail: (n: number, error: string) => Deferred.doneUnsafe(calls[n - 1]!, Effect.fail(error))
  }
}

export const start = (options: { readonly capacity?: number } = {}) => {
  const reported = collectErrors()
  const seen: Array<number> = []
  const gate = latch()
  const code = held()
  const LoanLive = Loan.implement({
    initial: fresh,
    handlers: { assess: code.handler },
    logics: [
      Loan.logic("seeing", ($) =>
        $.onAction("assess").run(
          (sum) =>
            Effect.promise(() => {
              seen.push(sum)
              return options.capacity === undefined ? Promise.resolve() : gate.promise
            }),
          options
        )
      )
    ]
  })
  const runtime = disposing(Runtime.make(LoanLive, { onError: reported.onError }))
  return { ...reported, ...code, runtime, loan: runtime.resolve(Loan.tag), seen, gate }
}

export const names = (runtime: Parameters<typeof entriesOf>[0]) =>
  entriesOf(runtime).map(({ origin, outcome }) => `${origin.name} ${outcome}`)
