import { Module, Runtime, type Trace } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { type Contender, initial, type Store } from "./store.ts"

const Counter = Module.make("Counter", {
  state: Schema.Struct({
    count: Schema.Number,
    step: Schema.Number,
    label: Schema.String,
    open: Schema.Boolean
  }),
  actions: { increment: Schema.Void },
  reducers: { increment: (state) => ({ ...state, count: state.count + 1 }) }
})

const CounterLive = Counter.implement({ initial })

const open = (level: Trace.TraceLevel) => {
  const runtime = Runtime.make(CounterLive, { trace: { level } })
  const counter = runtime.resolve(Counter.tag)
  const shared: Pick<Store, "watch" | "count"> = {
    watch: (probe) =>
      counter.unsafe.subscribe((state) => {
        probe.told++
        probe.count = state.count
      }),
    count: () => counter.unsafe.getState().count
  }
  return { runtime, counter, shared }
}

const dispatching = (name: string, level: Trace.TraceLevel): Contender => ({
  name,
  make: () => {
    const { counter, shared } = open(level)
    return {
      ...shared,
      run: (times) => {
        for (let i = 0; i < times; i++) counter.unsafe.dispatch({ _tag: "increment" })
      }
    }
  }
})

export const sluice = dispatching("Sluice", "light")
export const sluiceTraceOff = dispatching("Sluice, trace off", "off")
export const sluiceTraceFull = dispatching("Sluice, trace full", "full")

/** A fiber that dispatches in a loop: the runtime is entered once a sample, not once a dispatch. */
export const sluiceInFiber: Contender = {
  name: sluice.name,
  make: () => {
    const { runtime, counter, shared } = open("light")
    return {
      ...shared,
      run: (times) =>
        runtime.runPromise(
          Effect.gen(function* () {
            for (let i = 0; i < times; i++) yield* counter.actions.increment()
          })
        )
    }
  }
}
