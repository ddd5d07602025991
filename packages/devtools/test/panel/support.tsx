/** A small real app, with the devtools in it. */
import { Module, Runtime, type Trace } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { StrictMode } from "react"
import { flushSync } from "react-dom"
import { createRoot } from "react-dom/client"
import { afterEach, beforeEach, expect, inject } from "vitest"
import { page } from "vitest/browser"
import { SluiceDevtools, type SluiceDevtoolsProps } from "../../src/index.ts"

declare module "vitest" {
  interface ProvidedContext {
    readonly screenshots?: boolean
  }
}

const Counter = Module.make("Counter", {
  state: Schema.Struct({ count: Schema.Number, last: Schema.NullOr(Schema.String) }),
  actions: { add: Schema.Number, touch: Schema.Void, fail: Schema.String },
  reducers: {
    add: (state, by) => ({ ...state, count: state.count + by, last: `add ${by}` }),
    fail: (_, reason) => {
      throw new Error(reason)
    }
  }
})

const Log = Module.make("Log", {
  state: Schema.Struct({ lines: Schema.Array(Schema.String) }),
  actions: { write: Schema.String },
  reducers: { write: (state, line) => ({ lines: [...state.lines, line] }) }
})
const LogLive = Log.implement({ initial: { lines: [] } })

export interface AppOptions {
  readonly trace?: Trace.TraceOptions
  readonly label?: string
  /** Whether each `add` is written to the log by a handler. */
  readonly logs?: boolean
  /** Handlers of `add` wait for this. */
  readonly gate?: Promise<void>
  /** Of the channel of `add`. */
  readonly capacity?: number
}

/** `handled` is what the handlers of `add` have got. */
export const makeApp = ({
  capacity = 256,
  gate,
  label = "test app",
  logs = false,
  trace = { level: "full" }
}: AppOptions = {}) => {
  const handled: Array<number> = []
  const watch = Counter.logic("watch", ($) =>
    Effect.gen(function* () {
      const log = yield* $.use(Log)
      yield* $.onAction("add").run(
        (by) =>
          Effect.gen(function* () {
            if (gate !== undefined) yield* Effect.promise(() => gate)
            handled.push(by)
            if (logs) yield* log.actions.write(`added ${by}`)
          }),
        { capacity }
      )
    })
  )
  const CounterLive = Counter.implement({
    initial: { count: 0, last: null },
    logics: [watch],
    imports: [LogLive]
  })
  // A rolled-back entry throws to its caller: the report is not needed twice.
  const runtime = Runtime.make(CounterLive, { trace, label, onError: () => {} })
  cleanups.push(() => runtime.dispose())
  return { runtime, handled, counter: runtime.resolve(Counter.tag), log: runtime.resolve(Log.tag) }
}

const cleanups: Array<() => unknown> = []
const complaints: Array<unknown> = []

/** The browser's console, as it was before a test listened to it. */
const { error, warn } = console

beforeEach(async () => {
  localStorage.clear()
  await page.viewport(1280, 800)
  complaints.length = 0
  console.error = (...args) => void complaints.push(args)
  console.warn = (...args) => void complaints.push(args)
})

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
  Object.assign(console, { error, warn })
  expect(complaints).toEqual([])
})

/** It records from when this returns. */
export const mount = (props: SluiceDevtoolsProps): (() => void) => {
  const container = document.createElement("div")
  document.body.append(container)
  const root = createRoot(container)
  flushSync(() =>
    root.render(
      <StrictMode>
        <SluiceDevtools {...props} />
      </StrictMode>
    )
  )
  const unmount = () => {
    root.unmount()
    container.remove()
  }
  cleanups.push(unmount)
  return unmount
}

export const panel = page.getByRole("region", { name: "Sluice devtools for test app" })
export const rows = panel.getByRole("option")
export const list = panel.getByRole("listbox", { name: "Transactions" })

/** The panel's elements, as many as are in the document now. */
export const inPanel = (selector: string): ReadonlyArray<HTMLElement> => [
  ...(document.querySelector("sluice-devtools")?.shadowRoot?.querySelectorAll<HTMLElement>(selector) ?? [])
]

/** What has the focus in the shadow root; of the page it is the host that has it. */
export const focused = (): Element | null | undefined =>
  document.querySelector("sluice-devtools")?.shadowRoot?.activeElement

/** A picture of the docs. It is taken when the run is made with `SLUICE_SCREENSHOTS=1`. */
export const screenshot = async (name: string): Promise<void> => {
  if (inject("screenshots") !== true) return
  await page.screenshot({ path: `../../../../docs/images/devtools-${name}.png`, element: document.body })
}
