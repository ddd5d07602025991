/** What is inferred of a handler, without annotation. The checks are the compiler's; nothing here is run. */
import { Module } from "@sluice/core"
import { type Errors, Handler } from "@sluice/wasm"
import type { HandlerConflict } from "@sluice/core/Errors"
import type { StandardSchemaV1 } from "effect/StandardSchema"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { describe, expectTypeOf, test } from "vitest"

const Total = Schema.Struct({ total: Schema.Finite })
type Total = typeof Total.Type
const Loan = Schema.Struct({ sum: Schema.Finite })
const Answer = Schema.Struct({ calls: Schema.Finite })

const options = {
  name: "Risk",
  abi: "core",
  source: new URL("file:///risk.wasm"),
  sha256: "",
  state: Total,
  params: Loan,
  response: Answer
} as const

declare const amount: StandardSchemaV1<number>

/** Holds a program that is compiled and never run. */
const compiles = (_program: () => unknown): void => {}

const Desk = Module.make("Desk", {
  state: Total,
  actions: { assess: Loan, tick: Schema.Void, note: Schema.String }
})

describe("a handler", () => {
  test("takes its types from its Schemas", () => {
    compiles(() =>
      Effect.gen(function* () {
        const risk = yield* Handler.make(options)
        expectTypeOf(risk.init(null, { sum: 1 })).toEqualTypeOf<Effect.Effect<Total, Errors.CallError>>()
        expectTypeOf(risk.send({ total: 1 }, { sum: 1 })).toEqualTypeOf<
          Effect.Effect<Total, Errors.CallError>
        >()
        const { response, state } = yield* risk.request({ total: 1 }, { sum: 1 }, { id: "a" })
        expectTypeOf(state).toEqualTypeOf<Total>()
        expectTypeOf(response).toEqualTypeOf<typeof Answer.Type>()
        // @ts-expect-error -- another params
        yield* risk.send({ total: 1 }, { amount: 1 })
      })
    )
    compiles(() => {
      expectTypeOf(Handler.make(options)).toMatchTypeOf<
        Effect.Effect<unknown, Errors.LoadError, Scope.Scope>
      >()
    })
  })

  test("takes Standard Schemas", () => {
    compiles(() =>
      Effect.map(Handler.make({ ...options, params: amount }), (risk) => {
        expectTypeOf(risk.send).parameter(1).toEqualTypeOf<number>()
      })
    )
  })

  test("computes the actions whose payload and state are its own", () => {
    compiles(() =>
      Effect.map(Handler.make(options), (risk) => [
        Desk.implement({ initial: { total: 0 }, handlers: { assess: risk } }),
        // @ts-expect-error -- its payload is another
        Desk.implement({ initial: { total: 0 }, handlers: { note: risk } })
      ])
    )
  })

  test("is asked by an instance for the actions that it can compute", () => {
    compiles(() =>
      Effect.gen(function* () {
        const risk = yield* Handler.make(options)
        const desk = yield* Desk.tag
        expectTypeOf(risk.on(desk).request("assess", { sum: 1 })).toEqualTypeOf<
          Effect.Effect<typeof Answer.Type, Errors.CallError | HandlerConflict>
        >()
        // @ts-expect-error -- its payload is another
        yield* risk.on(desk).request("note", "a")
      })
    )
  })

  test("that runs inline has no time for a call", () => {
    compiles(() => [
      Handler.make({ ...options, isolation: "worker", limits: { callMs: 200 } }),
      // @ts-expect-error -- a call within the window cannot be ended from outside
      Handler.make({ ...options, isolation: "inline", limits: { callMs: 200 } })
    ])
  })

  test("that is defined needs its layer", () => {
    const Risk = Handler.define(options)
    expectTypeOf(Risk.send({ total: 1 }, { sum: 1 })).toEqualTypeOf<
      Effect.Effect<Total, Errors.CallError, Handler.IsLoaded<"Risk">>
    >()
    compiles(() => {
      const provided = Desk.implement({
        initial: { total: 0 },
        handlers: { assess: Risk },
        imports: [Risk.layer]
      })
      const missing = Desk.implement({ initial: { total: 0 }, handlers: { assess: Risk } })
      expectTypeOf(provided.impl["~sluice/ModuleImpl"].needs).toEqualTypeOf<never>()
      expectTypeOf(missing.impl["~sluice/ModuleImpl"].needs).toEqualTypeOf<Handler.IsLoaded<"Risk">>()
    })
  })
})
