import { Module, Runtime } from "@sluice/core"
import { RuntimeProvider, useModule, useSelector } from "@sluice/react"
import * as Schema from "effect/Schema"
import type { ReactNode } from "react"
import { double, increment, initialState, reducer, start } from "../app.tsx"

const Counter = Module.make("Counter", {
  state: Schema.Struct({ count: Schema.Number }),
  actions: { increment: Schema.Void, double: Schema.Void },
  reducers: {
    increment: (state) => reducer(state, increment),
    double: (state) => reducer(state, double)
  }
})

export const startSluice = ({ concurrent }: { readonly concurrent: boolean }): void => {
  const runtime = Runtime.make(Counter.implement({ initial: initialState }))
  start({
    useCount: () => useSelector(useModule(Counter), (state) => state.count),
    useIncrement: () => useModule(Counter).actions.increment,
    useDouble: () => useModule(Counter).actions.double,
    Root: ({ children }: { readonly children: ReactNode }) => (
      <RuntimeProvider runtime={runtime} concurrent={concurrent}>
        {children}
      </RuntimeProvider>
    )
  })
}
