import { Module, Runtime } from "@sluice/core"
import * as Schema from "effect/Schema"
import { expect, test } from "vitest"
import { disposing } from "./support.ts"

const Counter = Module.make("Counter", {
  state: Schema.Struct({ count: Schema.Number, double: Schema.Number, label: Schema.String }),
  actions: { add: Schema.Number },
  reducers: { add: (state, by) => ({ ...state, count: state.count + by }) },
  traits: (t) => ({
    label: t.computed((state) => `${state.double}!`),
    double: t.computed((state) => state.count * 2)
  })
})

test("T9: derived fields converge inside the window", () => {
  const runtime = disposing(Runtime.make(Counter.implement({ initial: { count: 1 } })))
  const counter = runtime.resolve(Counter.tag)
  expect(counter.unsafe.getState()).toEqual({ count: 1, double: 2, label: "2!" })
  const told: Array<unknown> = []
  counter.unsafe.subscribe((state) => told.push(state))
  counter.unsafe.dispatch({ _tag: "add", payload: 2 })
  expect(told).toEqual([{ count: 3, double: 6, label: "6!" }])
})
