/** Types as an editor shows them. The checks are the compiler's; the test only holds them. */
import { Module } from "@sluice/core"
import type { ModuleRuntime } from "@sluice/core"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { expectTypeOf, test } from "vitest"
import { useBacklog, useModule, useOnAction, useSelector, useTrace } from "../src/index.ts"
import type { ModuleRef, RefOf } from "../src/index.ts"

const Counter = Module.make("Counter", {
  state: Schema.Struct({ count: Schema.Number }),
  actions: { increment: Schema.Void, add: Schema.Number },
  extend: () => ({ twice: (): number => 2 })
})
const User = Module.make("User", {
  state: Schema.Struct({ name: Schema.String }),
  actions: { rename: Schema.String }
})
const CounterLive = Counter.implement({ initial: { count: 0 } })
const Sum = Module.make("Sum", {
  state: Schema.Struct({ parts: Schema.Array(Schema.Number), total: Schema.Number }),
  actions: { put: Schema.Number },
  traits: (t) => ({ total: t.computed(({ parts }) => parts.length) })
})
class Api extends Context.Service<Api, { readonly url: string }>()("test/types/Api") {}
const CallingLive = Counter.implement({ initial: { count: 0 }, logics: [Counter.logic("call", () => Api)] })
const UserLive = User.implement({ initial: (name: string) => ({ name }) })

interface CounterState {
  readonly count: number
}
interface CounterActions {
  readonly increment: void
  readonly add: number
}

// Never rendered: only its types count.
export const Typed = () => {
  const counter = useModule(Counter)
  expectTypeOf(counter).toEqualTypeOf<ModuleRef<CounterState, CounterActions, { twice: () => number }>>()
  expectTypeOf(useModule(Counter.tag)).toEqualTypeOf<typeof counter>()
  expectTypeOf(useModule(CounterLive)).toEqualTypeOf<typeof counter>()
  expectTypeOf(useModule(CounterLive.impl)).toEqualTypeOf<typeof counter>()
  expectTypeOf<RefOf<typeof Counter>>().toEqualTypeOf<typeof counter>()
  expectTypeOf<RefOf<typeof CounterLive>>().toEqualTypeOf<typeof counter>()
  expectTypeOf(counter.runtime).toEqualTypeOf<ModuleRuntime<CounterState, CounterActions>>()
  expectTypeOf(counter.twice).toEqualTypeOf<() => number>()
  expectTypeOf(counter.actions.increment).toEqualTypeOf<() => void>()
  expectTypeOf(counter.actions.add).toEqualTypeOf<(payload: number) => void>()
  expectTypeOf(counter.dispatch({ _tag: "add", payload: 1 })).toEqualTypeOf<Promise<void>>()
  void counter.dispatch({ _tag: "increment" })
  // @ts-expect-error the payload is a number
  counter.actions.add("1")
  // @ts-expect-error there is no such action
  void counter.actions.remove
  // @ts-expect-error the payload is missing
  void counter.dispatch({ _tag: "add" })

  // Local instances: an input that `initial` asks for must be given.
  const user = useModule(UserLive, { input: "Ada", key: "a", gcTime: 1_000 })
  expectTypeOf(useModule(UserLive.impl, { input: "Ada" })).toEqualTypeOf<typeof user>()
  useModule(CounterLive, { key: "mine" })
  // @ts-expect-error the input is missing
  useModule(UserLive)
  // @ts-expect-error the input is missing
  useModule(UserLive, { key: "a" })
  // @ts-expect-error the input is a string
  useModule(UserLive, { input: 1 })
  // @ts-expect-error the provider's instance takes no options
  useModule(Counter, { key: "a" })

  // Derived fields are read-only, also by way of a ref.
  const sum = useModule(Sum)
  expectTypeOf<RefOf<typeof Sum>>().toEqualTypeOf<typeof sum>()
  expectTypeOf(useModule(Sum.implement({ initial: { parts: [] } }))).toEqualTypeOf<typeof sum>()
  sum.runtime.unsafe.transact("put", (tx) =>
    tx.mutate((draft) => {
      draft.parts.push(1)
      // @ts-expect-error a derived field
      draft.total = 1
    })
  )
  useOnAction(sum, "put", (part) => expectTypeOf(part).toEqualTypeOf<number>())
  expectTypeOf(useSelector(sum, ({ total }) => total)).toEqualTypeOf<number>()
  useBacklog(sum)
  useTrace(sum)

  // Services by props. Those of the provider's runtime are not known here.
  expectTypeOf(useModule(CallingLive, { layer: Layer.succeed(Api, { url: "/" }) })).toEqualTypeOf<
    typeof counter
  >()
  expectTypeOf(useModule(CallingLive)).toEqualTypeOf<typeof counter>()
  useModule(UserLive, { input: "Ada", layer: Layer.empty, gcTime: "1 second" })
  // @ts-expect-error no layer
  useModule(UserLive, { input: "Ada", layer: Effect.void })
  // @ts-expect-error no duration
  useModule(UserLive, { input: "Ada", gcTime: "soon" })
  // @ts-expect-error no such option
  useModule(CounterLive, { keys: "a" })

  // Selections.
  expectTypeOf(useSelector(counter)).toEqualTypeOf<CounterState>()
  expectTypeOf(useSelector(counter, (state) => state.count)).toEqualTypeOf<number>()
  expectTypeOf(
    useSelector(
      counter,
      (state) => [state.count],
      (a, b) => a[0] === b[0]
    )
  ).toEqualTypeOf<Array<number>>()
  expectTypeOf(useSelector([counter, user])).toEqualTypeOf<[CounterState, { readonly name: string }]>()
  expectTypeOf(useSelector([counter, user], (a, b) => `${a.count} ${b.name}`)).toEqualTypeOf<string>()
  // @ts-expect-error the state has no such field
  useSelector(counter, (state) => void state.name)
  // @ts-expect-error the second state is the user's
  useSelector([counter, user], (_, state) => void state.count)

  // Actions.
  useOnAction(counter, "add", (by, action) => {
    expectTypeOf(by).toEqualTypeOf<number>()
    expectTypeOf(action).toEqualTypeOf<{ readonly _tag: "add"; readonly payload: number }>()
  })
  useOnAction(counter, "increment", (payload) => {
    expectTypeOf(payload).toEqualTypeOf<void>()
    return Effect.log("more")
  })
  useOnAction(user, "rename", async (name) => {
    expectTypeOf(name).toEqualTypeOf<string>()
    await Promise.resolve()
  })
  // @ts-expect-error there is no such action
  useOnAction(counter, "rename", () => {})
  return null
}

test("types flow to every hook without annotation", () => {
  expectTypeOf(Typed).toBeFunction()
})
