/** What the tests share: a module, a way to render as an app does, and a console that must stay clean. */
import { Module, Runtime } from "@sluice/core"
import * as Schema from "effect/Schema"
import { Component } from "react"
import * as React from "react"
import type { ReactNode } from "react"
import { createRoot } from "react-dom/client"
import { flushSync } from "react-dom"
import { afterEach, beforeEach, expect, inject, vi } from "vitest"
import { RuntimeProvider as Provider } from "../src/index.ts"
import type { RuntimeProviderProps } from "../src/index.ts"

declare module "vitest" {
  interface ProvidedContext {
    /** Whether the providers of this project are concurrent. */
    readonly concurrent: boolean
    /** Whether the React Compiler has compiled the tests and the package. */
    readonly compiled: boolean
    /** The major version of React. */
    readonly react: 18 | 19
  }
}

/** Whether this project's providers are concurrent. */
export const concurrent = inject("concurrent")

/** Whether the React Compiler has compiled the tests and the package. */
export const compiled = inject("compiled")

/** The package's provider, in the mode of this project. */
export const RuntimeProvider = (props: RuntimeProviderProps) => (
  <Provider concurrent={concurrent} {...props} />
)

/** For a test that needs what React 18 does not have: `test(title, react19, body)`. */
export const react19 = { tags: ["react-19"] }

export const isReact18 = React.version.startsWith("18.")

const settled = new WeakMap<PromiseLike<unknown>, { readonly value?: unknown; readonly error?: unknown }>()

/** Suspends until the Promise is settled: React's `use`, or what does the same in React 18. */
export const use = <A,>(promise: Promise<A>): A => {
  if (!isReact18) return React.use(promise)
  const outcome = settled.get(promise)
  if (outcome === undefined) {
    // oxlint-disable-next-line typescript/only-throw-error -- how a component of React 18 suspends
    throw promise.then(
      (value) => settled.set(promise, { value }),
      (error: unknown) => settled.set(promise, { error })
    )
  }
  if ("error" in outcome) throw outcome.error
  return outcome.value as A
}

const never = new Promise<void>(() => {})

/** Suspends for as long as it is to wait. */
export const Suspender = ({ wait }: { readonly wait: boolean }) => {
  if (wait) use(never)
  return null
}

export const Counter = Module.make("Counter", {
  state: Schema.Struct({ count: Schema.Number, label: Schema.String }),
  actions: {
    increment: Schema.Void,
    add: Schema.Number,
    rename: Schema.String,
    ping: Schema.Number,
    boom: Schema.Void
  },
  reducers: {
    increment: (state) => ({ ...state, count: state.count + 1 }),
    add: (state, by) => ({ ...state, count: state.count + by }),
    rename: (state, label) => ({ ...state, label }),
    boom: () => {
      throw new Error("boom")
    }
  },
  extend: (handle) => ({ title: () => `the ${handle.id}` })
})

export const CounterLive = Counter.implement({ initial: { count: 0, label: "zero" } })

const cleanups: Array<() => unknown> = []

/** Runs after the test, last first. */
export const onCleanup = (cleanup: () => unknown): void => void cleanups.push(cleanup)

/**
 * React 18, in development, gives every error of a render to the window before it looks for a boundary.
 * Here those which no boundary has caught, by their text, and all that the test runner printed of them.
 */
const thrown = new Set<string>()
const printed = new Set<string>()
const hold = (event: ErrorEvent) => {
  event.preventDefault()
  thrown.add(String(event.error))
  printed.add(event.message)
}
/** For a boundary to call with what it catches. */
export const caught = (error: unknown): void => void thrown.delete(String(error))
const isPrinted = ([first]: ReadonlyArray<unknown>) =>
  first instanceof Error
    ? printed.has(first.message)
    : isReact18 && /error boundary you provided/.test(String(first))

beforeEach(() => {
  if (isReact18 && "window" in globalThis) window.addEventListener("error", hold, true)
  vi.spyOn(console, "error")
  vi.spyOn(console, "warn")
})

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
  const errors = vi.mocked(console.error).mock.calls.filter((call) => !isPrinted(call))
  const uncaught = [...thrown]
  thrown.clear()
  printed.clear()
  expect(errors, "console.error").toEqual([])
  expect(vi.mocked(console.warn).mock.calls, "console.warn").toEqual([])
  vi.restoreAllMocks()
  if ("window" in globalThis) window.removeEventListener("error", hold, true)
  expect(uncaught, "uncaught").toEqual([])
})

/** A runtime that is disposed after the test. */
export const make = <R extends { readonly dispose: () => Promise<void> }>(runtime: R): R => {
  onCleanup(() => runtime.dispose())
  return runtime
}

export const makeCounter = () => make(Runtime.make(CounterLive))

/** What an error boundary caught. */
export class Boundary extends Component<
  { readonly children: ReactNode },
  { readonly error: unknown; readonly failed: boolean }
> {
  override state = { error: undefined, failed: false }
  static getDerivedStateFromError(error: unknown) {
    caught(error)
    return { error, failed: true }
  }
  override render() {
    return this.state.failed ? <p>caught: {String(this.state.error)}</p> : this.props.children
  }
}

/** Renders as an app does: no `act`, real timing. Errors that a boundary catches are not logged. */
export const render = (ui: ReactNode) => {
  const container = document.createElement("div")
  document.body.append(container)
  const root = createRoot(container, { onCaughtError: () => {} })
  let mounted = true
  const unmount = () => {
    if (!mounted) return
    mounted = false
    flushSync(() => root.unmount())
    container.remove()
  }
  onCleanup(unmount)
  const rerender = (next: ReactNode) => flushSync(() => root.render(next))
  rerender(ui)
  return {
    container,
    rerender,
    unmount,
    text: () => container.textContent,
    click: (label: string) => {
      const buttons = [...container.querySelectorAll("button")]
      const button = buttons.find((candidate) => candidate.textContent === label)
      if (button === undefined) throw new Error(`There is no button ${label}`)
      button.click()
    }
  }
}

export const Provided = ({
  children,
  runtime
}: {
  children: ReactNode
  runtime: ReturnType<typeof makeCounter>
}) => <RuntimeProvider runtime={runtime}>{children}</RuntimeProvider>
