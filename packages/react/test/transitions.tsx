/** What the tests of concurrent rendering share: two modules, those who show them, and transitions that wait. */
import { Module, Runtime } from "@sluice/core"
import * as Schema from "effect/Schema"
import { createElement, Fragment, startTransition, Suspense, useLayoutEffect, useState } from "react"
import type { ReactNode } from "react"
import { flushSync } from "react-dom"
import { expect, vi } from "vitest"
import { type RuntimeProviderProps, useModule, useSelector } from "../src/index.ts"
import { make, onCleanup, render, RuntimeProvider } from "./support.tsx"

const tally = <const Id extends string>(id: Id) =>
  Module.make(id, {
    state: Schema.Struct({ count: Schema.Number, name: Schema.String, noted: Schema.Array(Schema.Number) }),
    actions: {
      add: Schema.Number,
      double: Schema.Void,
      set: Schema.Number,
      spend: Schema.Number,
      rename: Schema.String,
      note: Schema.Number
    },
    reducers: {
      add: (state, by) => ({ ...state, count: state.count + by }),
      double: (state) => ({ ...state, count: state.count * 2 }),
      set: (state, count) => (state.count === count ? state : { ...state, count }),
      spend: (state, by) => {
        if (state.count < by) throw new Error(`${state.count} is less than ${by}`)
        return { ...state, count: state.count - by }
      },
      rename: (state, name) => ({ ...state, name }),
      note: (state, what) => ({ ...state, noted: [...state.noted, what] })
    }
  })

export const Left = tally("Left")
export const Right = tally("Right")

const initial = { count: 0, name: "-", noted: [] }
export const LeftLive = Left.implement({ initial })
export const RightLive = Right.implement({ initial })

export const makeApp = () => {
  const runtime = make(Runtime.make([LeftLive, RightLive], { trace: { level: "off" } }))
  return { runtime, left: runtime.resolve(Left.tag).unsafe, right: runtime.resolve(Right.tag).unsafe }
}

export const LeftCount = () => <i title="left">{useSelector(useModule(Left), ({ count }) => count)}</i>
export const RightCount = () => <i title="right">{useSelector(useModule(Right), ({ count }) => count)}</i>
export const LeftName = () => <i title="name">{useSelector(useModule(Left), ({ name }) => name)}</i>
export const Pair = () => {
  const pair = useSelector(
    [useModule(Left), useModule(Right)],
    (left, right) => `${left.count}/${right.count}`
  )
  return <i title="pair">{pair}</i>
}

/** Takes its time, as a component that computes does. */
export const takeTime = (ms: number): void => {
  const until = performance.now() + ms
  while (performance.now() < until);
}

/** What is shown under a title, each value once. */
export const shown = (container: Element, title: string): string =>
  [
    ...new Set([...container.querySelectorAll(`[title=${title}]`)].map(({ textContent }) => textContent))
  ].join(" and ")

/** Those who look at the page after each urgent update, too: several of them may be in one task. */
const watchers = new Set<() => void>()

/** What was shown under some titles after each change of the DOM that changed it, from now on. */
export const watch = (container: Element, ...titles: ReadonlyArray<string>) => {
  const read = () => titles.map((title) => shown(container, title)).join(" ")
  const seen = [read()]
  const look = () => {
    const now = read()
    if (now !== seen.at(-1)) seen.push(now)
  }
  const observer = new MutationObserver(look)
  observer.observe(container, { subtree: true, childList: true, characterData: true })
  watchers.add(look)
  onCleanup(() => {
    observer.disconnect()
    watchers.delete(look)
  })
  return seen
}

/** Suspends who reads it until it is opened. */
export const makeGate = () => {
  const opened = Promise.withResolvers<void>()
  const reached = Promise.withResolvers<void>()
  let isOpen = false
  return {
    reach: () => reached.resolve(),
    read: () => {
      // oxlint-disable-next-line typescript/only-throw-error -- what Suspense takes in every version of React
      if (!isOpen) throw opened.promise
    },
    /** Settles when it was reached. */
    reached: reached.promise,
    open: () => {
      isOpen = true
      opened.resolve()
    }
  }
}

type Gate = ReturnType<typeof makeGate>

/** Transitions of what their bodies do that stay pending until they are let go. `Stage` must be rendered, last. */
export const makeStage = () => {
  let add: (gate: Gate) => void = () => {
    throw new Error("The stage is not rendered")
  }
  const Held = () => {
    const [gates, setGates] = useState<ReadonlyArray<Gate>>([])
    useLayoutEffect(() => {
      add = (gate) => setGates((gates) => [...gates, gate])
    }, [])
    for (const gate of gates) gate.reach()
    for (const gate of gates) gate.read()
    return null
  }
  const Stage = () => (
    <Suspense fallback={null}>
      <Held />
    </Suspense>
  )
  /** Settles when React has rendered the transition and waits; gives what lets it go. */
  const pend = async (body: () => void): Promise<() => void> => {
    const gate = makeGate()
    startTransition(() => {
      body()
      add(gate)
    })
    await gate.reached
    return gate.open
  }
  return { Stage, pend }
}

/** Renders the children, and after them a stage, in a provider of the runtime. */
export const openIn = (runtime: RuntimeProviderProps["runtime"], ...children: ReadonlyArray<ReactNode>) => {
  const { pend, Stage } = makeStage()
  const view = render(
    <RuntimeProvider runtime={runtime}>
      {createElement(Fragment, null, ...children)}
      <Stage />
    </RuntimeProvider>
  )
  return { ...view, pend, shows: (title: string) => shown(view.container, title) }
}

/** The same, of an app of its own. */
export const open = (...children: ReadonlyArray<ReactNode>) => {
  const app = makeApp()
  return { ...app, ...openIn(app.runtime, ...children) }
}

/** Does it as React does what a discrete event caused: it is shown when this returns. */
export const urgently = (body: () => void): void => {
  flushSync(body)
  for (const look of watchers) look()
}

export const finallyShows = (container: Element, title: string, value: string): Promise<void> =>
  vi.waitFor(() => expect(shown(container, title)).toBe(value), { timeout: 5_000 })
