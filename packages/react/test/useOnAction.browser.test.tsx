import { Module, Runtime } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Activity, StrictMode, Suspense, useEffect, useLayoutEffect } from "react"
import { expect, test, vi } from "vitest"
import { useModule, useOnAction } from "../src/index.ts"
import type { RefOf } from "../src/index.ts"
import {
  Counter,
  CounterLive,
  make,
  makeCounter,
  Provided,
  react19,
  render,
  RuntimeProvider,
  Suspender
} from "./support.tsx"

const numbers = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index)

const Small = Module.make("Small", {
  state: Schema.Struct({ sum: Schema.Number }),
  actions: { add: Schema.Number, other: Schema.Void },
  reducers: { add: (state, by) => ({ sum: state.sum + by }) }
})
const makeSmall = (capacity: number) =>
  make(Runtime.make(Small.implement({ initial: { sum: 0 }, channel: { capacity } })))

test("every action comes once, in order, in a burst far beyond the channel's capacity", async () => {
  const runtime = makeSmall(128)
  const seen: Array<number> = []
  const App = () => {
    useOnAction(useModule(Small), "add", (by) => seen.push(by))
    return null
  }
  render(
    <RuntimeProvider runtime={runtime}>
      <App />
    </RuntimeProvider>
  )
  const small = runtime.resolve(Small.tag)
  for (const by of numbers(1, 1_000)) {
    small.unsafe.dispatch({ _tag: "add", payload: by })
    small.unsafe.dispatch({ _tag: "other" })
  }
  await vi.waitFor(() => expect(seen).toHaveLength(1_000))
  expect(seen).toEqual(numbers(1, 1_000))
})

test("an action that changes nothing is handled too, with itself as the second argument", async () => {
  const runtime = makeCounter()
  const seen: Array<unknown> = []
  const App = () => {
    useOnAction(useModule(Counter), "ping", (payload, action) => seen.push([payload, action]))
    return null
  }
  render(
    <Provided runtime={runtime}>
      <App />
    </Provided>
  )
  runtime.resolve(Counter.tag).unsafe.dispatch({ _tag: "ping", payload: 7 })
  await vi.waitFor(() => expect(seen).toEqual([[7, { _tag: "ping", payload: 7 }]]))
})

test("what any effect of the mounting tree dispatches is handled", async () => {
  const runtime = makeCounter()
  const seen: Array<number> = []
  const Child = () => {
    const { actions } = useModule(Counter)
    useLayoutEffect(() => actions.ping(1), [actions])
    useEffect(() => actions.ping(2), [actions])
    return null
  }
  const App = () => {
    useOnAction(useModule(Counter), "ping", (n) => seen.push(n))
    return <Child />
  }
  render(
    <Provided runtime={runtime}>
      <App />
    </Provided>
  )
  await vi.waitFor(() => expect(seen).toEqual([1, 2]))
})

test("a child handles every action of its parent's local instance, which starts after the child listens", async () => {
  const runtime = makeCounter()
  const seen: Array<number> = []
  const Child = ({ counter }: { counter: RefOf<typeof Counter> }) => {
    useOnAction(counter, "ping", (n) => seen.push(n))
    useEffect(() => counter.actions.ping(1), [counter])
    return <button onClick={() => counter.actions.ping(2)}>two</button>
  }
  const Parent = () => <Child counter={useModule(CounterLive)} />
  const view = render(
    <Provided runtime={runtime}>
      <Parent />
    </Provided>
  )
  view.click("two")
  await vi.waitFor(() => expect(seen).toEqual([1, 2]))
})

test("in StrictMode each action is handled once", async () => {
  const runtime = makeCounter()
  const seen: Array<number> = []
  const App = () => {
    useOnAction(useModule(Counter), "ping", (n) => seen.push(n))
    return null
  }
  render(
    <StrictMode>
      <Provided runtime={runtime}>
        <App />
      </Provided>
    </StrictMode>
  )
  const { unsafe } = runtime.resolve(Counter.tag)
  for (const n of numbers(1, 3)) unsafe.dispatch({ _tag: "ping", payload: n })
  await vi.waitFor(() => expect(seen).toHaveLength(3))
  expect(seen).toEqual([1, 2, 3])
  expect(unsafe.backlog().consumers).toHaveLength(1)
})

test("the handler of the last render is called, without a new subscription", async () => {
  const runtime = makeCounter()
  const seen: Array<string> = []
  const App = ({ name }: { name: string }) => {
    useOnAction(useModule(Counter), "ping", (n) => seen.push(`${name} ${n}`))
    return null
  }
  const view = render(
    <Provided runtime={runtime}>
      <App name="a" />
    </Provided>
  )
  const { unsafe } = runtime.resolve(Counter.tag)
  unsafe.dispatch({ _tag: "ping", payload: 1 })
  await vi.waitFor(() => expect(seen).toEqual(["a 1"]))
  view.rerender(
    <Provided runtime={runtime}>
      <App name="b" />
    </Provided>
  )
  unsafe.dispatch({ _tag: "ping", payload: 2 })
  await vi.waitFor(() => expect(seen).toEqual(["a 1", "b 2"]))
})

test("a handler's Promise and Effect are waited for: one action at a time, and Effect callers wait for room", async () => {
  const runtime = makeSmall(4)
  const log: Array<string> = []
  const gates: Array<() => void> = []
  const App = () => {
    useOnAction(useModule(Small), "add", (by) => {
      log.push(`start ${by}`)
      const gate = new Promise<void>((open) => gates.push(open))
      const end = () => log.push(`end ${by}`)
      return by % 2 === 0
        ? gate.then(end)
        : Effect.promise(() => gate).pipe(Effect.tap(() => Effect.sync(end)))
    })
    return null
  }
  render(
    <RuntimeProvider runtime={runtime}>
      <App />
    </RuntimeProvider>
  )
  const small = runtime.resolve(Small.tag)
  const all = runtime.runPromise(Effect.forEach(numbers(1, 10), (by) => small.actions.add(by)))
  // Capacity 4, and one in the handler's hands: the sixth caller waits outside, so nothing of it is committed.
  await vi.waitFor(() => expect(small.unsafe.backlog().consumers[0]?.waiting).toBe(1))
  expect(small.unsafe.getState().sum).toBeLessThan(55)
  expect(log).toEqual(["start 1"])
  for (const by of numbers(1, 10)) {
    await vi.waitFor(() => expect(gates).toHaveLength(by))
    gates[by - 1]?.()
  }
  await all
  await vi.waitFor(() => expect(log).toHaveLength(20))
  expect(log).toEqual(numbers(1, 10).flatMap((by) => [`start ${by}`, `end ${by}`]))
})

test("a handler that throws, rejects or fails reaches onError, and the next action is handled", async () => {
  const onError = vi.fn()
  const runtime = make(Runtime.make(CounterLive, { onError }))
  const seen: Array<number> = []
  const App = () => {
    useOnAction(useModule(Counter), "ping", (n) => {
      seen.push(n)
      if (n === 1) throw new Error("thrown")
      if (n === 2) return Promise.reject(new Error("rejected"))
      if (n === 3) return Effect.fail(new Error("failed"))
      return undefined
    })
    return null
  }
  render(
    <RuntimeProvider runtime={runtime}>
      <App />
    </RuntimeProvider>
  )
  const { unsafe } = runtime.resolve(Counter.tag)
  for (const n of numbers(1, 4)) unsafe.dispatch({ _tag: "ping", payload: n })
  await vi.waitFor(() => expect(seen).toEqual([1, 2, 3, 4]))
  expect(onError.mock.calls.map(([cause]) => String(cause))).toEqual([
    expect.stringContaining("thrown"),
    expect.stringContaining("rejected"),
    expect.stringContaining("failed")
  ])
})

test("after unmount nothing more is handled, a running handler is interrupted, and no consumer is left", async () => {
  const runtime = makeCounter()
  const log: Array<string> = []
  const App = () => {
    useOnAction(useModule(Counter), "ping", (n) => {
      log.push(`start ${n}`)
      return Effect.never.pipe(Effect.onInterrupt(() => Effect.sync(() => log.push(`interrupted ${n}`))))
    })
    return null
  }
  const view = render(
    <Provided runtime={runtime}>
      <App />
    </Provided>
  )
  const { unsafe } = runtime.resolve(Counter.tag)
  unsafe.dispatch({ _tag: "ping", payload: 1 })
  unsafe.dispatch({ _tag: "ping", payload: 2 })
  await vi.waitFor(() => expect(log).toEqual(["start 1"]))
  view.unmount()
  unsafe.dispatch({ _tag: "ping", payload: 3 })
  await vi.waitFor(() => expect(unsafe.backlog().consumers).toEqual([]))
  expect(log).toEqual(["start 1", "interrupted 1"])
})

test("an action while Suspense hides the component is handled", async () => {
  const runtime = makeCounter()
  const seen: Array<number> = []
  const Listener = () => {
    useOnAction(useModule(Counter), "ping", (n) => seen.push(n))
    return null
  }
  const App = ({ wait }: { wait: boolean }) => (
    <Provided runtime={runtime}>
      <Suspense fallback="hidden">
        <Listener />
        <Suspender wait={wait} />
      </Suspense>
    </Provided>
  )
  const view = render(<App wait={false} />)
  view.rerender(<App wait />)
  expect(view.text()).toBe("hidden")
  runtime.resolve(Counter.tag).unsafe.dispatch({ _tag: "ping", payload: 1 })
  await vi.waitFor(() => expect(seen).toEqual([1]))
})

test(
  "while Activity hides the component its actions are left alone; shown again, it handles the next",
  react19,
  async () => {
    const runtime = makeCounter()
    const seen: Array<number> = []
    const Listener = () => {
      useOnAction(useModule(Counter), "ping", (n) => seen.push(n))
      return <p>listening</p>
    }
    const App = ({ mode }: { mode: "visible" | "hidden" }) => (
      <Provided runtime={runtime}>
        <Activity mode={mode}>
          <Listener />
        </Activity>
      </Provided>
    )
    const { unsafe } = runtime.resolve(Counter.tag)
    const view = render(<App mode="visible" />)
    view.rerender(<App mode="hidden" />)
    await vi.waitFor(() => expect(unsafe.backlog().consumers).toEqual([]))
    unsafe.dispatch({ _tag: "ping", payload: 1 })
    view.rerender(<App mode="visible" />)
    await vi.waitFor(() => expect(unsafe.backlog().consumers).toHaveLength(1))
    unsafe.dispatch({ _tag: "ping", payload: 2 })
    await vi.waitFor(() => expect(seen).toEqual([2]))
  }
)
