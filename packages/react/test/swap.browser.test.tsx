/** Section 6: another runtime for a mounted provider, and runtimes that fail or have ended. */
import { Runtime } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { startTransition, StrictMode, useState } from "react"
import type { ReactNode } from "react"
import { flushSync } from "react-dom"
import { expect, test, vi } from "vitest"
import { useBacklog, useModule, useOnAction, useSelector, useTrace } from "../src/index.ts"
import { Boundary, Counter, CounterLive, make, makeCounter, render, RuntimeProvider } from "./support.tsx"

const count = (by: number) => {
  const runtime = makeCounter()
  runtime.resolve(Counter.tag).unsafe.dispatch({ _tag: "add", payload: by })
  return runtime
}
const add = (runtime: ReturnType<typeof makeCounter>, payload: number) =>
  runtime.resolve(Counter.tag).unsafe.dispatch({ _tag: "add", payload })

for (const strict of [false, true]) {
  test(`every hook moves to the new runtime, and lets go of the old one, which goes on (StrictMode: ${strict})`, async () => {
    const [one, two] = [count(1), count(100)]
    const heard: Array<number> = []
    const renders = vi.fn()
    const Page = () => {
      const counter = useModule(Counter)
      const own = useModule(CounterLive)
      const [id] = useState("kept")
      const { consumers } = useBacklog(counter, { intervalMs: 5 })
      const { recorded } = useTrace(counter)
      useOnAction(counter, "add", (by) => heard.push(by))
      renders()
      const line = useSelector([counter, own], (a, b) => `${a.count} ${b.count}`)
      return (
        <button
          onClick={() => own.actions.increment()}
        >{`${id} ${line} ${consumers.length} ${recorded}`}</button>
      )
    }
    const app = (runtime: ReturnType<typeof makeCounter>) => {
      const ui = (
        <RuntimeProvider runtime={runtime}>
          <Page />
        </RuntimeProvider>
      )
      return strict ? <StrictMode>{ui}</StrictMode> : ui
    }
    const view = render(app(one))
    await vi.waitFor(() => expect(view.text()).toMatch(/^kept 1 0 1 /))
    flushSync(() => view.click(view.text()))
    expect(view.text()).toMatch(/^kept 1 1 1 /)

    view.rerender(app(two))
    expect(view.text()).toMatch(/^kept 100 0 /)
    add(two, 5)
    await vi.waitFor(() => expect(view.text()).toMatch(/^kept 105 0 1 /))
    await vi.waitFor(() => expect(view.text().endsWith(` ${two.trace.counts().recorded}`)).toBe(true))
    await vi.waitFor(() => expect(heard).toEqual([5]))
    // The old one lives, and nobody listens to it; its local instance has ended.
    await vi.waitFor(() => expect(one.instances()).toHaveLength(1))
    expect(one.status).toBe("ready")
    expect(one.resolve(Counter.tag).unsafe.backlog().consumers).toEqual([])
    const before = renders.mock.calls.length
    flushSync(() => add(one, 7))
    await new Promise(requestAnimationFrame)
    expect(renders).toHaveBeenCalledTimes(before)
    expect(heard).toEqual([5])

    // And back, to what it has become meanwhile.
    view.rerender(app(one))
    expect(view.text()).toMatch(/^kept 8 0 /)
  })
}

for (const how of ["at once", "in a transition"]) {
  test(`no two components ever show two runtimes: ${how}`, async () => {
    const runtimes = [count(1_000), count(2_000), count(3_000)]
    const Cell = () => {
      const value = useSelector(useModule(Counter), (state) => Math.floor(state.count / 1_000))
      const until = performance.now() + 2
      while (performance.now() < until);
      return <i>{value}</i>
    }
    const cells = Array.from({ length: 15 }, (_, index) => <Cell key={index} />)
    let give: (next: number) => void = () => {}
    const App = () => {
      const [at, setAt] = useState(0)
      give = setAt
      return <RuntimeProvider runtime={runtimes[at]!}>{cells}</RuntimeProvider>
    }
    const view = render(<App />)
    const shown = () => [...view.container.querySelectorAll("i")].map((cell) => cell.textContent)
    const torn: Array<ReadonlyArray<string>> = []
    const observer = new MutationObserver(() => void (new Set(shown()).size > 1 && torn.push(shown())))
    observer.observe(view.container, { subtree: true, characterData: true, childList: true })
    for (const next of [1, 2, 0, 2, 1]) {
      if (how === "at once") give(next)
      else startTransition(() => give(next))
      // Commits of all of them while React is at it.
      for (const runtime of runtimes) add(runtime, 1)
      await new Promise((resume) => setTimeout(resume, 5))
      for (const runtime of runtimes) add(runtime, 1)
    }
    await vi.waitFor(() => expect(new Set(shown())).toEqual(new Set(["2"])))
    observer.disconnect()
    expect(torn).toEqual([])
  })
}

test("a runtime that is still being built: the fallback, then its own state", async () => {
  const gate = Promise.withResolvers<void>()
  const layer = Layer.effectDiscard(Effect.promise(() => gate.promise))
  const slow = make(Runtime.make(CounterLive, { layer }))
  const Page = () => <b>{useSelector(useModule(Counter), (state) => state.count)}</b>
  const app = (runtime: ReturnType<typeof makeCounter>) => (
    <RuntimeProvider runtime={runtime} fallback="building">
      <Page />
    </RuntimeProvider>
  )
  const view = render(app(count(1)))
  expect(view.text()).toBe("1")
  view.rerender(app(slow))
  expect(view.text()).toBe("building")
  gate.resolve()
  await vi.waitFor(() => expect(view.text()).toBe("0"))
})

test("a failed runtime, then another: it is tried anew, with a fallback function and with an error boundary", async () => {
  const failed = make(
    Runtime.make(CounterLive, {
      layer: Layer.effectDiscard(Effect.fail(new Error("no database"))),
      onError: () => {}
    })
  )
  const Page = () => <b>{useSelector(useModule(Counter), (state) => state.count)}</b>
  const onError = vi.fn()
  const app = (
    runtime: ReturnType<typeof makeCounter>,
    fallback?: (state: { status: string }) => ReactNode
  ) => (
    <Boundary key={runtime === failed ? "first" : "second"}>
      <RuntimeProvider runtime={runtime} onError={onError} {...(fallback === undefined ? {} : { fallback })}>
        <Page />
      </RuntimeProvider>
    </Boundary>
  )
  const view = render(app(failed))
  await vi.waitFor(() => expect(view.text()).toBe("caught: Error: no database"))
  view.rerender(app(count(4)))
  expect(view.text()).toBe("4")
  expect(onError).toHaveBeenCalledTimes(1)

  // In place: nothing is thrown, and the provider stays.
  const inPlace = (runtime: ReturnType<typeof makeCounter>) => (
    <RuntimeProvider runtime={runtime} onError={onError} fallback={({ status }) => status}>
      <Page />
    </RuntimeProvider>
  )
  const other = render(inPlace(failed))
  await vi.waitFor(() => expect(other.text()).toBe("failed"))
  other.rerender(inPlace(count(5)))
  expect(other.text()).toBe("5")
  other.rerender(inPlace(failed))
  await vi.waitFor(() => expect(other.text()).toBe("failed"))
  expect(onError).toHaveBeenCalledTimes(3)
})

test("a runtime that ends under its provider: the last state stays, what mounts is refused, another runtime goes on", async () => {
  const runtime = count(3)
  const Page = () => {
    const counter = useModule(Counter)
    const own = useModule(CounterLive, { key: "own" })
    return <b>{useSelector([counter, own], (a, b) => `${a.count} ${b.count}`)}</b>
  }
  const app = (given: ReturnType<typeof makeCounter>, more: boolean) => (
    <RuntimeProvider runtime={given}>
      <Page />
      <Boundary key={String(more)}>{more && <Page />}</Boundary>
    </RuntimeProvider>
  )
  const view = render(app(runtime, false))
  const ref = runtime.resolve(Counter.tag)
  await runtime.dispose()
  view.rerender(app(runtime, false))
  expect(view.text()).toBe("3 0")
  expect(() => ref.unsafe.dispatch({ _tag: "increment" })).toThrow(
    expect.objectContaining({ _tag: "InstanceClosed" })
  )
  view.rerender(app(runtime, true))
  expect(view.text()).toMatch(/^3 0caught: RuntimeDisposed/)
  view.rerender(app(count(9), false))
  expect(view.text()).toBe("9 0")
})
