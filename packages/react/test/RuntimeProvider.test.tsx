// @vitest-environment happy-dom
import { Runtime } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { StrictMode } from "react"
import type { ReactNode } from "react"
import { expect, test, vi } from "vitest"
import { act, render as renderInto } from "@testing-library/react"
import { useModule, useRuntime, useSelector } from "../src/index.ts"
import { Boundary, Counter, CounterLive, make, makeCounter, onCleanup, RuntimeProvider } from "./support.tsx"

const render = (ui: ReactNode) => {
  const view = renderInto(ui, { onCaughtError: () => {} })
  onCleanup(view.unmount)
  return view
}

const Count = () => <>{`count ${useSelector(useModule(Counter), (state) => state.count)}`}</>

/** A runtime whose layer is built when the test says so. */
const makeSlow = (onError: () => void = () => {}) => {
  const gate = Promise.withResolvers<void>()
  const layer = Layer.effectDiscard(Effect.tryPromise({ try: () => gate.promise, catch: (error) => error }))
  return { gate, runtime: make(Runtime.make(CounterLive, { layer, onError })) }
}

test("a ready runtime's children render at once", () => {
  const view = render(
    <RuntimeProvider runtime={makeCounter()} fallback="building">
      <Count />
    </RuntimeProvider>
  )
  expect(view.container.textContent).toBe("count 0")
})

test("the fallback shows while an async layer is built, then the children do, without having rendered before", async () => {
  const { gate, runtime } = makeSlow()
  const Child = vi.fn(Count)
  const view = render(
    <StrictMode>
      <RuntimeProvider runtime={runtime} fallback={<i>building</i>}>
        <Child />
      </RuntimeProvider>
    </StrictMode>
  )
  expect(view.container.innerHTML).toBe("<i>building</i>")
  expect(Child).not.toHaveBeenCalled()
  await act(async () => {
    gate.resolve()
    await runtime.ready
  })
  await vi.waitFor(() => expect(view.container.textContent).toBe("count 0"))
})

test("without a fallback nothing shows while building", () => {
  const { runtime } = makeSlow()
  const view = render(
    <RuntimeProvider runtime={runtime}>
      <Count />
    </RuntimeProvider>
  )
  expect(view.container.innerHTML).toBe("")
})

test.each([true, false])(
  "a failed build goes to onError once and to the nearest error boundary (StrictMode: %s)",
  async (strict) => {
    const { gate, runtime } = makeSlow()
    const onError = vi.fn()
    const ui = (
      <Boundary>
        <RuntimeProvider runtime={runtime} fallback="building" onError={onError}>
          <Count />
        </RuntimeProvider>
      </Boundary>
    )
    const view = render(strict ? <StrictMode>{ui}</StrictMode> : ui)
    expect(view.container.textContent).toBe("building")
    await act(async () => {
      gate.reject(new Error("no database"))
      await runtime.ready.catch(() => {})
    })
    await vi.waitFor(() => expect(view.container.textContent).toContain("no database"))
    expect(view.container.textContent).toContain("caught:")
    expect(onError).toHaveBeenCalledTimes(1)
  }
)

test("a runtime that had failed before the first render is treated alike", async () => {
  const { gate, runtime } = makeSlow()
  gate.reject(new Error("no database"))
  await runtime.ready.catch(() => {})
  const onError = vi.fn()
  const view = render(
    <Boundary>
      <RuntimeProvider runtime={runtime} onError={onError}>
        <Count />
      </RuntimeProvider>
    </Boundary>
  )
  await vi.waitFor(() => expect(view.container.textContent).toContain("no database"))
  expect(onError).toHaveBeenCalledTimes(1)
})

test("a fallback function shows the failure in place, and nothing is thrown", async () => {
  const { gate, runtime } = makeSlow()
  const onError = vi.fn()
  const view = render(
    <RuntimeProvider
      runtime={runtime}
      onError={onError}
      fallback={(state) => (state.status === "failed" ? `failed: ${String(state.error)}` : state.status)}
    >
      <Count />
    </RuntimeProvider>
  )
  expect(view.container.textContent).toBe("building")
  await act(async () => {
    gate.reject(new Error("no database"))
    await runtime.ready.catch(() => {})
  })
  await vi.waitFor(() => expect(view.container.textContent).toContain("failed:"))
  expect(view.container.textContent).toContain("no database")
  expect(onError).toHaveBeenCalledTimes(1)
})

test("unmounted while building, it is told nothing more", async () => {
  const { gate, runtime } = makeSlow()
  const onError = vi.fn()
  const view = render(
    <RuntimeProvider runtime={runtime} onError={onError}>
      <Count />
    </RuntimeProvider>
  )
  view.unmount()
  gate.reject(new Error("no database"))
  await runtime.ready.catch(() => {})
  expect(onError).not.toHaveBeenCalled()
})

test("the nearest provider's runtime is the one", () => {
  const outer = makeCounter()
  const inner = makeCounter()
  const Which = () => <>{useRuntime() === inner ? "inner" : "outer"}</>
  const view = render(
    <RuntimeProvider runtime={outer}>
      <Which />
      <RuntimeProvider runtime={inner}>
        <Which />
      </RuntimeProvider>
    </RuntimeProvider>
  )
  expect(view.container.textContent).toBe("outerinner")
})

test("outside a provider a hook throws RuntimeNotProvided, which says what to do", () => {
  const view = render(
    <Boundary>
      <Count />
    </Boundary>
  )
  expect(view.container.textContent).toContain("RuntimeNotProvided")
  expect(view.container.textContent).toContain("<RuntimeProvider runtime={runtime}>")
})

test("a module that the runtime does not have throws ModuleNotProvided in render", () => {
  const runtime = make(Runtime.make([]))
  const view = render(
    <RuntimeProvider runtime={runtime}>
      <Boundary>
        <Count />
      </Boundary>
    </RuntimeProvider>
  )
  expect(view.container.textContent).toContain("ModuleNotProvided")
})
