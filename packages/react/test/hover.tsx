/** What an editor shows of each declaration that is followed by `//=>`; `scripts/hover.test.ts` asks the compiler. */
import { Module } from "@sluice/core"
import { useBacklog, useModule, useOnAction, useRuntime, useSelector, useTrace } from "@sluice/react"
import type { RefOf } from "@sluice/react"
import * as Schema from "effect/Schema"

const Counter = Module.make("Counter", {
  state: Schema.Struct({ count: Schema.Finite, double: Schema.Finite }),
  actions: { increment: Schema.Void, add: Schema.Finite },
  traits: (t) => ({ double: t.computed(({ count }) => count * 2) }),
  extend: () => ({ twice: () => 2 })
})
const User = Module.make("User", {
  state: Schema.Struct({ name: Schema.String }),
  actions: { rename: Schema.String }
})
const UserLive = User.implement({ initial: (name: string) => ({ name }) })

export const Shown = ({ passed }: { readonly passed: RefOf<typeof Counter> }) => {
  const counter = useModule(Counter)
  //=> ModuleRef<{ readonly count: number; readonly double: number; }, { readonly increment: void; readonly add: number; }, { twice: () => 2; }, { readonly double: Computed<number>; }>
  const user = useModule(UserLive, { input: "Ada" })
  //=> BaseModuleRef<{ readonly name: string; }, { readonly rename: string; }, NoTraits>
  const byImpl = useModule(UserLive.impl, { input: "Ada", key: "a" })
  //=> BaseModuleRef<{ readonly name: string; }, { readonly rename: string; }, NoTraits>
  const actions = counter.actions
  //=> Dispatchers<{ readonly increment: void; readonly add: number; }, void>
  const add = counter.actions.add
  //=> (payload: number) => void
  const settled = counter.dispatch({ _tag: "add", payload: 1 })
  //=> Promise<void>
  const instance = counter.runtime
  //=> ModuleRuntime<{ readonly count: number; readonly double: number; }, { readonly increment: void; readonly add: number; }, { readonly double: Computed<number>; }>
  const twice = passed.twice
  //=> () => 2
  const all = useSelector(counter)
  //=> { readonly count: number; readonly double: number; }
  const count = useSelector(counter, (state) => state.count)
  //=> number
  const line = useSelector([counter, user], (a, b) => {
    //=> string
    const shown = [a, b] as const
    //=> readonly [{ readonly count: number; readonly double: number; }, { readonly name: string; }]
    return `${shown[0].count} ${shown[1].name}`
  })
  const both = useSelector([counter, user])
  //=> [{ readonly count: number; readonly double: number; }, { readonly name: string; }]
  useOnAction(counter, "add", (by, action) => {
    const heard = [by, action] as const
    //=> readonly [number, { readonly _tag: "add"; readonly payload: number; }]
    return heard
  })
  const backlog = useBacklog(counter)
  //=> Backlog
  const trace = useTrace(user)
  //=> TraceSnapshot
  const runtime = useRuntime()
  //=> AnyRuntime
  const transact = instance.unsafe.transact("add", (tx) => {
    //=> void
    const draftless = tx.get()
    //=> { readonly count: number; readonly double: number; }
    tx.set(draftless)
  })
  return [byImpl, actions, add, settled, twice, all, count, line, both, backlog, trace, runtime, transact]
}
