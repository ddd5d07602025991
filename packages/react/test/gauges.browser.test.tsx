import { Module, Runtime } from "@sluice/core"
import type { Backlog, Trace } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { StrictMode, useLayoutEffect } from "react"
import { expect, test, vi } from "vitest"
import { useBacklog, useModule, useOnAction, useTrace } from "../src/index.ts"
import { Counter, CounterLive, make, makeCounter, Provided, render, RuntimeProvider } from "./support.tsx"

const Slow = Module.make("Slow", {
  state: Schema.Struct({ sum: Schema.Number }),
  actions: { add: Schema.Number },
  reducers: { add: (state, by) => ({ sum: state.sum + by }) }
})

/** Its handler takes one action each time the gate is opened. */
const makeSlow = () => {
  const gates: Array<() => void> = []
  const logic = Slow.logic("slow", ($) =>
    $.onAction("add").run(() => Effect.promise(() => new Promise<void>((open) => gates.push(open))))
  )
  const SlowLive = Slow.implement({ initial: { sum: 0 }, logics: [logic], channel: { capacity: 4 } })
  return { gates, runtime: make(Runtime.make(SlowLive)) }
}

test("useBacklog follows the gauges as a channel fills and drains, and renders only when one changed", async () => {
  const { gates, runtime } = makeSlow()
  const seen: Array<Backlog> = []
  const App = () => {
    const backlog = useBacklog(useModule(Slow), { intervalMs: 10 })
    seen.push(backlog)
    return <>{`${backlog.consumers[0]?.depth} + ${backlog.ingress}`}</>
  }
  const view = render(
    <RuntimeProvider runtime={runtime}>
      <App />
    </RuntimeProvider>
  )
  await vi.waitFor(() => expect(view.text()).toBe("0 + 0"))
  const slow = runtime.resolve(Slow.tag)
  for (let i = 0; i < 10; i++) slow.unsafe.dispatch({ _tag: "add", payload: 1 })
  await vi.waitFor(() => expect(gates).toHaveLength(1))
  const full = slow.unsafe.backlog()
  await vi.waitFor(() => expect(seen.at(-1)).toEqual(full))
  expect(view.text()).toBe("4 + 5")
  for (let i = 0; i < 10; i++) {
    await vi.waitFor(() => expect(gates).toHaveLength(i + 1))
    gates[i]?.()
  }
  await vi.waitFor(() => expect(view.text()).toBe("0 + 0"))
  await vi.waitFor(() => expect(seen.at(-1)).toEqual(slow.unsafe.backlog()))
  // Ten more readings of the same gauges.
  const renders = seen.length
  await new Promise((resume) => setTimeout(resume, 100))
  expect(seen).toHaveLength(renders)
  for (const [index, backlog] of seen.entries()) expect(backlog).not.toEqual(seen[index - 1])
})

test("after unmount useBacklog reads no more", async () => {
  const runtime = makeCounter()
  const App = () => <>{useBacklog(useModule(Counter), { intervalMs: 5 }).ingress}</>
  const start = vi.spyOn(globalThis, "setInterval")
  const stop = vi.spyOn(globalThis, "clearInterval")
  const view = render(
    <Provided runtime={runtime}>
      <App />
    </Provided>
  )
  const timers = start.mock.results.map((result) => result.value as unknown)
  view.unmount()
  expect(timers).toHaveLength(1)
  expect(stop.mock.calls.map(([timer]) => timer)).toEqual(timers)
})

const Other = Module.make("Other", {
  state: Schema.Struct({ on: Schema.Boolean }),
  actions: { toggle: Schema.Void },
  reducers: { toggle: (state) => ({ on: !state.on }) }
})
const OtherLive = Other.implement({ initial: { on: false } })
const makeTwo = (trace?: Trace.TraceOptions) =>
  make(Runtime.make([CounterLive, OtherLive], trace === undefined ? {} : { trace }))

const tagsOf = (snapshot: Trace.TraceSnapshot) =>
  snapshot.events.flatMap((event) => (event.kind === "entry" ? event.tags : []))

test("useTrace gives the events so far, then new ones in batches: far fewer renders than events", async () => {
  const runtime = makeTwo()
  const counter = runtime.resolve(Counter.tag)
  counter.unsafe.dispatch({ _tag: "rename", payload: "before" })
  const seen: Array<Trace.TraceSnapshot> = []
  const App = () => {
    seen.push(useTrace())
    return null
  }
  render(
    <RuntimeProvider runtime={runtime}>
      <App />
    </RuntimeProvider>
  )
  expect(tagsOf(seen[0]!)).toEqual(["rename"])
  for (let i = 0; i < 50; i++) counter.unsafe.dispatch({ _tag: "increment" })
  runtime.resolve(Other.tag).unsafe.dispatch({ _tag: "toggle" })
  await vi.waitFor(() => expect(tagsOf(seen.at(-1)!)).toHaveLength(52))
  const last = seen.at(-1)!
  expect(tagsOf(last)).toEqual(["rename", ...Array.from({ length: 50 }, () => "increment"), "toggle"])
  expect(last).toEqual(runtime.trace.snapshot())
  expect(seen.length).toBeLessThanOrEqual(4)
})

test("useTrace gives what was recorded between its render and its subscription", () => {
  const runtime = makeTwo()
  let last: Trace.TraceSnapshot | undefined
  const Eager = () => {
    const { actions } = useModule(Counter)
    useLayoutEffect(() => actions.increment(), [actions])
    return null
  }
  const App = () => {
    last = useTrace()
    return <Eager />
  }
  render(
    <RuntimeProvider runtime={runtime}>
      <App />
    </RuntimeProvider>
  )
  expect(last).toEqual(runtime.trace.snapshot())
  expect(tagsOf(last!)).toEqual(["increment"])
})

test("useTrace of a ref gives that instance's events, and the newest `limit` of them", async () => {
  const runtime = makeTwo()
  let last: Trace.TraceSnapshot | undefined
  const App = () => {
    last = useTrace(useModule(Other), { limit: 2 })
    return null
  }
  render(
    <RuntimeProvider runtime={runtime}>
      <App />
    </RuntimeProvider>
  )
  const other = runtime.resolve(Other.tag)
  for (let i = 0; i < 5; i++) {
    other.unsafe.dispatch({ _tag: "toggle" })
    runtime.resolve(Counter.tag).unsafe.dispatch({ _tag: "increment" })
  }
  await vi.waitFor(() => expect(last?.recorded).toBe(runtime.trace.counts().recorded))
  const all = runtime.trace.snapshot().events.filter((event) => event.instanceId === other.instanceId)
  expect(last?.events).toEqual(all.slice(-2))
})

test("useTrace shows how many events the ring has dropped", async () => {
  const runtime = makeTwo({ capacity: 8 })
  let last: Trace.TraceSnapshot | undefined
  const App = () => {
    last = useTrace()
    return null
  }
  render(
    <RuntimeProvider runtime={runtime}>
      <App />
    </RuntimeProvider>
  )
  for (let i = 0; i < 100; i++) runtime.resolve(Counter.tag).unsafe.dispatch({ _tag: "increment" })
  await vi.waitFor(() => expect(last?.dropped).toBe(runtime.trace.counts().recorded - 8))
  expect(last?.dropped).toBeGreaterThanOrEqual(92)
})

test("useTrace runs no timer while nothing happens", async () => {
  const runtime = makeCounter()
  const App = () => <>{useTrace().recorded}</>
  // What was recorded while the runtime was made is past before the count begins.
  await new Promise((resume) => setTimeout(resume, 50))
  const timeouts = vi.spyOn(globalThis, "setTimeout")
  const intervals = vi.spyOn(globalThis, "setInterval")
  render(
    <Provided runtime={runtime}>
      <App />
    </Provided>
  )
  expect(timeouts).not.toHaveBeenCalled()
  expect(intervals).not.toHaveBeenCalled()
})

for (const strict of [false, true]) {
  test(`gauges move to another ref and another runtime, and read the old ones no more (StrictMode: ${strict})`, async () => {
    const [one, two] = [makeTwo(), makeTwo()]
    const Gauges = ({ other }: { other: boolean }) => {
      const refs = [useModule(Counter), useModule(Other)] as const
      const ref = other ? refs[1] : refs[0]
      useOnAction(refs[1], "toggle", () => {})
      const { consumers } = useBacklog(ref, { intervalMs: 5 })
      const { events } = useTrace(ref, { intervalMs: 0 })
      return `${consumers.length} ${events.filter((event) => event.kind === "entry").length}`
    }
    const app = (runtime: typeof one, other: boolean) => {
      const ui = (
        <RuntimeProvider runtime={runtime}>
          <Gauges other={other} />
        </RuntimeProvider>
      )
      return strict ? <StrictMode>{ui}</StrictMode> : ui
    }
    const toggle = (runtime: typeof one) => runtime.resolve(Other.tag).unsafe.dispatch({ _tag: "toggle" })
    const view = render(app(one, false))
    toggle(one)
    await vi.waitFor(() => expect(view.text()).toBe("0 0"))
    view.rerender(app(one, true))
    await vi.waitFor(() => expect(view.text()).toBe("1 1"))
    view.rerender(app(two, true))
    await vi.waitFor(() => expect(view.text()).toBe("1 0"))
    for (let i = 0; i < 3; i++) toggle(two)
    toggle(one)
    await vi.waitFor(() => expect(view.text()).toBe("1 3"))
    const backlogs = vi.spyOn(one.resolve(Other.tag).unsafe, "backlog")
    const readings = vi.spyOn(two.resolve(Other.tag).unsafe, "backlog")
    await vi.waitFor(() => expect(readings.mock.calls.length).toBeGreaterThan(2))
    expect(backlogs).not.toHaveBeenCalled()
  })
}

test("another limit is a change, too, and an unmounted useTrace is told nothing", async () => {
  const runtime = makeTwo()
  const renders = vi.fn()
  const Events = ({ limit }: { limit: number }) => {
    renders()
    return `${useTrace(undefined, { limit }).events.length}`
  }
  const app = (limit: number) => (
    <RuntimeProvider runtime={runtime}>
      <Events limit={limit} />
    </RuntimeProvider>
  )
  for (let i = 0; i < 5; i++) runtime.resolve(Counter.tag).unsafe.dispatch({ _tag: "increment" })
  const view = render(app(2))
  expect(view.text()).toBe("2")
  view.rerender(app(4))
  expect(view.text()).toBe("4")
  const told = vi.fn()
  runtime.trace.attach({ onBatch: told })
  view.unmount()
  const before = renders.mock.calls.length
  runtime.resolve(Counter.tag).unsafe.dispatch({ _tag: "increment" })
  await vi.waitFor(() => expect(told).toHaveBeenCalled())
  expect(renders).toHaveBeenCalledTimes(before)
})
