/** A module as server components and client components both have it. */
import { Module } from "@sluice/core"
import * as Schema from "effect/Schema"

export const Counter = Module.make("Counter", {
  state: Schema.Struct({ count: Schema.Int, double: Schema.Int }),
  actions: { add: Schema.Int },
  reducers: { add: (state, by) => ({ ...state, count: state.count + by }) },
  traits: (t) => ({ double: t.computed(({ count }) => count * 2) })
})
export const CounterLive = Counter.implement({ initial: { count: 0 } })
