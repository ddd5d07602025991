/** What the tests share: a module, a way to render as an app does, and a console that must stay clean. */
import { Module, Runtime } from "@sluice/core"
import * as Schema from "effect/Schema"
import { Component } from "react"
import type { ReactNode } from "react"
import { createRoot } from "react-dom/client"
import { flushSync } from "react-dom"
import { afterEach, beforeEach, expect, vi } from "vitest"
import { RuntimeProvider } from "../src/index.ts"

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

beforeEach(() => {
  vi.spyOn(console, "error")
  vi.spyOn(console, "warn")
})

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
  expect(vi.mocked(console.error).mock.calls, "console.error").toEqual([])
  expect(vi.mocked(console.warn).mock.calls, "console.warn").toEqual([])
  vi.restoreAllMocks()
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
