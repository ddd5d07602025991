/** A store as the peers' tests have one: some fields that anyone may set. */
import { Module, Runtime } from "@sluice/core"
import * as Schema from "effect/Schema"
import type { ReactNode } from "react"
import { useModule, useSelector } from "../../src/index.ts"
import { Boundary, make, render, RuntimeProvider } from "../support.tsx"

export const Store = Module.make("Store", {
  state: Schema.Struct({ a: Schema.Number, b: Schema.Number, text: Schema.String }),
  actions: {
    a: Schema.Number,
    b: Schema.Number,
    both: Schema.Struct({ a: Schema.Number, b: Schema.Number }),
    text: Schema.String,
    more: Schema.Void,
    nothing: Schema.Void,
    copy: Schema.Void
  },
  reducers: {
    a: (state, a) => ({ ...state, a }),
    b: (state, b) => ({ ...state, b }),
    both: (state, { a, b }) => ({ ...state, a, b }),
    text: (state, text) => ({ ...state, text }),
    more: (state) => ({ ...state, a: state.a + 1 }),
    nothing: (state) => state,
    copy: (state) => ({ ...state })
  }
})

export interface State {
  readonly a: number
  readonly b: number
  readonly text: string
}

export const initial: State = { a: 0, b: 0, text: "initial" }

export const StoreLive = Store.implement({ initial: (given: Partial<State>) => ({ ...initial, ...given }) })

export const makeStore = (given: Partial<State> = {}) => {
  const runtime = make(Runtime.make(Store.implement({ initial: { ...initial, ...given } })))
  const { unsafe } = runtime.resolve(Store.tag)
  return { runtime, unsafe, dispatch: unsafe.dispatch }
}

type StoreRuntime = ReturnType<typeof makeStore>["runtime"]

const renderWithin = (around: (ui: ReactNode) => ReactNode, ui: ReactNode) => {
  const view = render(around(ui))
  return { ...view, rerender: (next: ReactNode) => view.rerender(around(next)) }
}

/** Renders under a provider of the runtime, in the mode of the project. */
export const renderIn = (runtime: StoreRuntime, ui: ReactNode) =>
  renderWithin((children) => <RuntimeProvider runtime={runtime}>{children}</RuntimeProvider>, ui)

/** The same, with a boundary for what the selectors throw. */
export const renderInBoundary = (runtime: StoreRuntime, ui: ReactNode) =>
  renderWithin(
    (children) => (
      <RuntimeProvider runtime={runtime}>
        <Boundary>{children}</Boundary>
      </RuntimeProvider>
    ),
    ui
  )

export const useStore = <B,>(selector: (state: State) => B, equals?: (a: B, b: B) => boolean): B =>
  useSelector(useModule(Store), selector, equals)

/** Keeps the browser busy, so that React's next slice is another task. */
export const block = (ms: number): void => {
  const until = performance.now() + ms
  while (performance.now() < until);
}
