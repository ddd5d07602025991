/** A module whose action is computed by code with a memory, kept for each version of the state. */
import { Module } from "@sluice/core"
import * as Schema from "effect/Schema"

export const Meter = Module.make("Meter", {
  state: Schema.Struct({ count: Schema.Finite, notes: Schema.Finite, sum: Schema.Finite }),
  actions: { count: Schema.Finite, note: Schema.Void },
  reducers: { note: (state) => ({ ...state, notes: state.notes + 1 }) },
  traits: (t) => ({ sum: t.computed((state) => state.count + state.notes) })
})
export interface State {
  readonly count: number
  readonly notes: number
  readonly sum: number
}
export const fresh = { count: 0, notes: 0 }

/** Code with a memory: how often it was called, kept for each version of the state as a handler has to. */
export const remembering = () => {
  const memory = new WeakMap<object, number>()
  const of = (state: State) => memory.get(state)
  const compute = (state: State, by: number): State => {
    const next = { ...state, count: state.count + by }
    memory.set(next, (memory.get(state) ?? 0) + 1)
    return next
  }
  const carry = (from: State, to: State) => {
    const kept = memory.get(from)
    if (kept !== undefined && !memory.has(to)) memory.set(to, kept)
  }
  const begin = (initial: State): State => {
    const next = { ...initial, count: 100 }
    memory.set(next, 1000)
    return next
  }
  return { of, compute, carry, begin }
}
