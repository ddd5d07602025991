/** Handlers of one instance that each keep something beside its state. */
import { Module, Runtime } from "@sluice/core"
import * as HandlerPort from "@sluice/core/HandlerPort"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { describe, expect, it } from "vitest"
import { fresh, remembering, type State } from "./meter.ts"
import { disposing } from "./support.ts"

const stateSchema = Schema.Struct({ count: Schema.Finite, notes: Schema.Finite, sum: Schema.Finite })
const actions = { count: Schema.Finite, other: Schema.Finite, note: Schema.Void }
const Plain = Module.make("Plain", {
  state: stateSchema,
  actions,
  reducers: { note: (state) => ({ ...state, notes: state.notes + 1 }) }
})
const Derived = Module.make("Derived", {
  state: stateSchema,
  actions,
  reducers: { note: (state) => ({ ...state, notes: state.notes + 1 }) },
  traits: (t) => ({ sum: t.computed((state) => state.count + state.notes) })
})

const kinds = {
  inline: ({ carry, compute }: ReturnType<typeof remembering>) => HandlerPort.inline({ compute, carry }),
  serial: (code: ReturnType<typeof remembering>) => outsideOf(code, "serial"),
  optimistic: (code: ReturnType<typeof remembering>) => outsideOf(code, "optimistic")
}
const outsideOf = ({ carry, compute }: ReturnType<typeof remembering>, order: "serial" | "optimistic") =>
  HandlerPort.outside<State, number>({
    order,
    carry,
    enter: (entry, by) =>
      Effect.suspend(() => {
        const seen = entry.state()
        return Effect.asVoid(entry.commit(seen, compute(seen, by)))
      })
  })

describe.each(["inline", "serial", "optimistic"] as const)("what each of two %s handlers keeps", (kind) => {
  it.each(["Plain", "Derived"] as const)(
    "T5 T9 goes on to what the other makes of the state: %s",
    async (name) => {
      const [one, other] = [remembering(), remembering()]
      const handlers = { count: kinds[kind](one), other: kinds[kind](other) }
      const runtime = disposing(
        Runtime.make(
          name === "Plain"
            ? Plain.implement({ initial: { ...fresh, sum: 0 }, handlers })
            : Derived.implement({ initial: fresh, handlers })
        )
      )
      const meter = name === "Plain" ? runtime.resolve(Plain.tag) : runtime.resolve(Derived.tag)
      for (const _tag of ["count", "other", "count", "other", "other"] as const)
        await runtime.runPromise(meter.dispatch({ _tag, payload: 1 }))
      const kept = (code: ReturnType<typeof remembering>) => code.of(meter.unsafe.getState())
      expect([kept(one), kept(other)]).toEqual([2, 3])
    }
  )
})

it("T1 in a batch, and from the first state on, each of two inline handlers keeps its own", async () => {
  const [one, other] = [remembering(), remembering()]
  const handlers = { count: HandlerPort.inline(one), other: HandlerPort.inline(other) }
  const runtime = disposing(Runtime.make(Derived.implement({ initial: fresh, handlers })))
  const meter = runtime.resolve(Derived.tag)
  const kept = () => [one, other].map((code) => code.of(meter.unsafe.getState()))
  expect(kept()).toEqual([1000, 1000])
  const first = { _tag: "count", payload: 1 } as const
  const second = { _tag: "other", payload: 1 } as const
  await runtime.runPromise(meter.dispatchBatch([first, { _tag: "note" }, second, first, second, second]))
  expect(kept()).toEqual([1002, 1003])
})
