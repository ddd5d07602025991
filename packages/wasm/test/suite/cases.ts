/** The fixture `cases` as a handler, and a module whose action it computes. */
import { type Handler as CoreHandler, Module, Runtime } from "@sluice/core"
import * as HandlerActivity from "@sluice/core/HandlerActivity"
import * as Handled from "@sluice/core/Handled"
import { Handler } from "@sluice/wasm"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { onTestFinished } from "vitest"
import { built, sha256 } from "../fixture.ts"

export const Count = Schema.Struct({
  count: Schema.Finite,
  calls: Schema.optionalKey(Schema.Finite),
  at: Schema.optionalKey(Schema.Finite),
  drawn: Schema.optionalKey(Schema.Finite),
  pages: Schema.optionalKey(Schema.Finite),
  text: Schema.optionalKey(Schema.String)
})

export const What = Schema.Struct({
  do: Schema.optionalKey(Schema.String),
  pages: Schema.optionalKey(Schema.Finite),
  by: Schema.optionalKey(Schema.Finite),
  length: Schema.optionalKey(Schema.Finite),
  line: Schema.optionalKey(Schema.String),
  reason: Schema.optionalKey(Schema.String)
})

type Optional = "sha256" | "source" | "name" | "abi" | "state" | "params" | "response"
export type CasesOptions<Where extends Handler.Isolation> = Omit<
  Handler.Options<typeof Count, typeof What, typeof Schema.Void, Where>,
  Optional
>

export const casesOptions = async <Where extends Handler.Isolation>(
  isolation: Where,
  options: CasesOptions<Where> = {}
) => {
  const source = await built("cases.wasm")
  return {
    name: "Cases",
    abi: "core",
    source,
    sha256: await sha256(source),
    state: Count,
    params: What,
    response: Schema.Void,
    isolation,
    imports: ["clock", "random", "console"],
    ...options
  } as const
}

/** Scoped to the test. */
export const scoped = async <A, E>(effect: Effect.Effect<A, E, Scope.Scope>): Promise<A> => {
  const scope = Scope.makeUnsafe()
  onTestFinished(() => Effect.runPromise(Scope.close(scope, Exit.void)))
  return Effect.runPromise(Scope.provide(effect, scope))
}

export const makeCases = async <Where extends Handler.Isolation = "worker">(
  isolation: Where,
  options: CasesOptions<Where> = {},
  name = "Cases"
) => scoped(Handler.make({ ...(await casesOptions(isolation, options)), name }))

export const Desk = Module.make("Desk", {
  state: Count,
  actions: { assess: What, again: What, tick: Schema.Void, spoil: Schema.Void },
  reducers: {
    tick: (state) => ({ ...state, count: state.count + 100 }),
    spoil: (state) => ({ ...state, count: Number.NaN })
  }
})

type Assess = CoreHandler.Handler<typeof Count.Type, typeof What.Type>

export const desk = (
  handlers: { readonly assess: Assess; readonly again?: Assess },
  initial: typeof Count.Type = { count: 0 }
) => {
  const errors: Array<unknown> = []
  const seen: Array<string> = []
  const runtime = Runtime.make(
    Desk.implement({
      initial,
      handlers,
      logics: [
        Desk.logic("seeing", ($) =>
          $.onAction(() => true).run((_payload, action) => Effect.sync(() => void seen.push(action._tag)))
        )
      ]
    }),
    { onError: (cause) => errors.push(cause) }
  )
  onTestFinished(() => runtime.dispose())
  const instance = runtime.resolve(Desk.tag)
  const activity = HandlerActivity.of(Handled.instanceOf(instance).host)
  return {
    runtime,
    desk: instance,
    errors,
    seen,
    calls: () => activity.snapshot().events.filter((event) => event._tag === "Call"),
    activity
  }
}
