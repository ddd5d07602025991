/** Section 6: RuntimeProvider's `layer`, `useModule`'s, and the exchange of either. */
import { Module, Runtime } from "@sluice/core"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { StrictMode, useEffect, useState } from "react"
import type { ReactNode } from "react"
import { createRoot } from "react-dom/client"
import { expect, test, vi } from "vitest"
import type { RuntimeProviderProps } from "../src/index.ts"
import { useModule, useRuntime, useSelector } from "../src/index.ts"
import {
  Boundary,
  Counter,
  CounterLive,
  make,
  makeCounter,
  onCleanup,
  render,
  RuntimeProvider
} from "./support.tsx"

class Name extends Context.Service<Name, string>()("test/layer/Name") {}

const Greeting = Module.make("Greeting", {
  state: Schema.Struct({ text: Schema.String }),
  actions: { say: Schema.String },
  reducers: { say: (_, text) => ({ text }) }
})
const GreetingLive = Greeting.implement({
  initial: { text: "…" },
  logics: [
    Greeting.logic("greet", ($) => Effect.flatMap($.use(Name), (name) => $.actions.say(`Hello ${name}`)))
  ]
})

/** A layer that notes its life, and waits for the gate if it is given one. */
const named = (log: Array<string>, name: string, gate?: Deferred.Deferred<void>) =>
  Layer.effect(
    Name,
    Effect.acquireRelease(
      Effect.andThen(
        gate === undefined ? Effect.void : Deferred.await(gate),
        Effect.sync(() => {
          log.push(`+${name}`)
          return name
        })
      ),
      () => Effect.sync(() => log.push(`-${name}`))
    )
  )

const open = (gate: Deferred.Deferred<void>) => Deferred.doneUnsafe(gate, Effect.void)

/** A private local instance whose logic greets by the service, beside the app's counter and a state of its own. */
const Page = () => {
  const [id] = useState(() => `page`)
  const { text } = useSelector(useModule(GreetingLive))
  const count = useSelector(useModule(Counter), (state) => state.count)
  return <p>{`${id}: ${text}, ${count}`}</p>
}

const provide = (props: RuntimeProviderProps, strict = false): ReactNode => {
  const ui = <RuntimeProvider fallback={<i>building</i>} {...props} />
  return strict ? <StrictMode>{ui}</StrictMode> : ui
}

for (const strict of [false, true]) {
  test(`a layer is built once, when its provider has committed, and released when it has left (StrictMode: ${strict})`, async () => {
    const runtime = makeCounter()
    const log: Array<string> = []
    const layer = named(log, "Ada")
    const Watching = () => {
      log.push("render")
      return <Page />
    }
    const view = render(provide({ runtime, layer, children: <Watching /> }, strict))
    await vi.waitFor(() => expect(view.text()).toBe("page: Hello Ada, 0"))
    expect(log.slice(0, 2)).toEqual(["+Ada", "render"])
    runtime.resolve(Counter.tag).unsafe.dispatch({ _tag: "increment" })
    await vi.waitFor(() => expect(view.text()).toBe("page: Hello Ada, 1"))
    view.unmount()
    await vi.waitFor(() => expect(log.at(-1)).toBe("-Ada"))
    expect(log.filter((line) => line !== "render")).toEqual(["+Ada", "-Ada"])
    expect(runtime.instances().map(({ id }) => id)).toEqual(["Counter"])
    expect(runtime.status).toBe("ready")
  })
}

test("a layer that need not wait shows no fallback before the page, in any frame", async () => {
  const runtime = makeCounter()
  const container = document.createElement("div")
  const root = createRoot(container)
  onCleanup(() => root.unmount())
  const shown: Array<string> = []
  // Told after each task that has changed the page, and before the browser paints.
  const observer = new MutationObserver(() => shown.push(container.innerHTML))
  observer.observe(container, { childList: true, subtree: true })
  root.render(provide({ runtime, layer: named([], "Ada"), children: <b>page</b> }))
  await vi.waitFor(() => expect(shown).not.toEqual([]))
  observer.disconnect()
  expect(shown).toEqual(["<b>page</b>"])
})

test("while a layer waits there is the fallback; unmounted meanwhile, it is never built, and released", async () => {
  const runtime = makeCounter()
  const log: Array<string> = []
  const gate = Deferred.makeUnsafe<void>()
  const onError = vi.fn()
  const view = render(provide({ runtime, layer: named(log, "Ada", gate), onError, children: <Page /> }))
  expect(view.container.innerHTML).toBe("<i>building</i>")
  view.unmount()
  await Promise.resolve()
  open(gate)
  await runtime.runPromise(Effect.yieldNow)
  expect(log.filter((line) => line === "+Ada").length).toBe(log.filter((line) => line === "-Ada").length)
  expect(onError).not.toHaveBeenCalled()
  expect(runtime.instances()).toHaveLength(1)
})

test("another layer: what is below goes on with the one before until the new one is there, and keeps its state", async () => {
  const runtime = makeCounter()
  const log: Array<string> = []
  const gate = Deferred.makeUnsafe<void>()
  const mounts = vi.fn()
  const Child = () => {
    useEffect(() => void mounts(), [])
    return <Page />
  }
  const [first, second] = [named(log, "Ada"), named(log, "Bob", gate)]
  const children = <Child />
  const view = render(provide({ runtime, layer: first, children }))
  await vi.waitFor(() => expect(view.text()).toBe("page: Hello Ada, 0"))
  view.rerender(provide({ runtime, layer: second, children }))
  runtime.resolve(Counter.tag).unsafe.dispatch({ _tag: "increment" })
  await vi.waitFor(() => expect(view.text()).toBe("page: Hello Ada, 1"))
  expect(log).toEqual(["+Ada"])
  open(gate)
  await vi.waitFor(() => expect(view.text()).toBe("page: Hello Bob, 1"))
  await vi.waitFor(() => expect(log).toEqual(["+Ada", "+Bob", "-Ada"]))
  expect(mounts).toHaveBeenCalledTimes(1)
  // None from now on.
  view.rerender(provide({ runtime, children: <b>none</b> }))
  expect(view.text()).toBe("none")
  await vi.waitFor(() => expect(log).toEqual(["+Ada", "+Bob", "-Ada", "-Bob"]))
})

test("exchanged twice before the first is there: only the last is shown, and each is released", async () => {
  const runtime = makeCounter()
  const log: Array<string> = []
  const gate = Deferred.makeUnsafe<void>()
  const [a, b, c] = [named(log, "a"), named(log, "b", gate), named(log, "c")]
  const children = <Page />
  const view = render(provide({ runtime, layer: a, children }))
  await vi.waitFor(() => expect(view.text()).toBe("page: Hello a, 0"))
  view.rerender(provide({ runtime, layer: b, children }))
  view.rerender(provide({ runtime, layer: c, children }))
  await vi.waitFor(() => expect(view.text()).toBe("page: Hello c, 0"))
  open(gate)
  view.rerender(provide({ runtime, layer: a, children }))
  await vi.waitFor(() => expect(view.text()).toBe("page: Hello a, 0"))
  view.unmount()
  await vi.waitFor(() => expect(log.filter((line) => line === "-a")).toHaveLength(2))
  for (const name of ["a", "b", "c"]) {
    const of = (sign: string) => log.filter((line) => line === sign + name).length
    expect(of("-")).toBe(of("+"))
  }
})

test("a layer that fails goes to onError once and to the fallback; another layer is another try", async () => {
  const onRuntimeError = vi.fn()
  const runtime = make(Runtime.make(CounterLive, { onError: onRuntimeError }))
  const onError = vi.fn()
  const failing = Layer.effect(Name, Effect.fail(new Error("no name")))
  const fallback: RuntimeProviderProps["fallback"] = (state) =>
    state.status === "failed" ? `failed: ${String(state.error)}` : state.status
  const children = <Page />
  const view = render(provide({ runtime, layer: failing, onError, fallback, children }, true))
  await vi.waitFor(() => expect(view.text()).toBe("failed: Error: no name"))
  expect(onError).toHaveBeenCalledTimes(1)
  expect(runtime.status).toBe("ready")
  view.rerender(provide({ runtime, layer: named([], "Ada"), onError, fallback, children }, true))
  await vi.waitFor(() => expect(view.text()).toBe("page: Hello Ada, 0"))
  expect(onError).toHaveBeenCalledTimes(1)
  expect(onRuntimeError).toHaveBeenCalledTimes(1)
})

test("a layer that fails without a fallback function goes to the nearest error boundary", async () => {
  const runtime = make(Runtime.make(CounterLive, { onError: () => {} }))
  const layer = Layer.effect(Name, Effect.fail(new Error("no name")))
  const view = render(<Boundary>{provide({ runtime, layer, children: <Page /> })}</Boundary>)
  await vi.waitFor(() => expect(view.text()).toBe("caught: Error: no name"))
})

test("a layer may need the runtime's services, and waits for its runtime", async () => {
  class Mark extends Context.Service<Mark, string>()("test/layer/Mark") {}
  const gate = Deferred.makeUnsafe<void>()
  const marked = Layer.effect(
    Mark,
    Effect.map(Deferred.await(gate), () => "!")
  )
  const runtime = make(Runtime.make(CounterLive, { layer: marked }))
  const layer = Layer.effect(
    Name,
    Effect.map(Mark, (mark) => `Ada${mark}`)
  )
  const view = render(provide({ runtime, layer, children: <Page /> }, true))
  expect(view.container.innerHTML).toBe("<i>building</i>")
  open(gate)
  await vi.waitFor(() => expect(view.text()).toBe("page: Hello Ada!, 0"))
})

test("another runtime under a layer: the layer is built in that one, and the runtimes are the owner's", async () => {
  const [one, two] = [makeCounter(), makeCounter()]
  two.resolve(Counter.tag).unsafe.dispatch({ _tag: "add", payload: 5 })
  const log: Array<string> = []
  const layer = named(log, "Ada")
  const children = <Page />
  const view = render(provide({ runtime: one, layer, children }))
  await vi.waitFor(() => expect(view.text()).toBe("page: Hello Ada, 0"))
  view.rerender(provide({ runtime: two, layer, children }))
  await vi.waitFor(() => expect(view.text()).toBe("page: Hello Ada, 5"))
  await vi.waitFor(() => expect(log).toEqual(["+Ada", "+Ada", "-Ada"]))
  expect([one.status, two.status]).toEqual(["ready", "ready"])
})

test("nested providers: each layer adds to those above it, and the inner one is nearest", async () => {
  class Mark extends Context.Service<Mark, string>()("test/layer/Mark") {}
  const runtime = makeCounter()
  // Which services there are is not in a runtime's type as the hook gives it.
  const both = Effect.map(Effect.all([Name, Mark]), (parts) => parts.join("")) as Effect.Effect<string>
  const Both = () => useRuntime().runSync(both)
  const Inner = () => (
    <RuntimeProvider runtime={useRuntime()} layer={inner}>
      <Both />
    </RuntimeProvider>
  )
  const outer = Layer.merge(Layer.succeed(Name, "outer"), Layer.succeed(Mark, "?"))
  const inner = Layer.succeed(Name, "inner")
  const view = render(provide({ runtime, layer: outer, children: <Inner /> }))
  await vi.waitFor(() => expect(view.text()).toBe("inner?"))
})

for (const strict of [false, true]) {
  test(`a local instance's own layer, by props: built at its start, released after its end (StrictMode: ${strict})`, async () => {
    const runtime = makeCounter()
    const log: Array<string> = []
    const Greeted = ({ name }: { name: string }) => {
      const [layer] = useState(() => named(log, name))
      return <p>{useSelector(useModule(GreetingLive, { layer })).text}</p>
    }
    const ui = (
      <RuntimeProvider runtime={runtime}>
        <Greeted name="Ada" />
        <Greeted name="Bob" />
      </RuntimeProvider>
    )
    const view = render(strict ? <StrictMode>{ui}</StrictMode> : ui)
    await vi.waitFor(() => expect(view.text()).toBe("Hello AdaHello Bob"))
    expect(log).toEqual(["+Ada", "+Bob"])
    view.unmount()
    await vi.waitFor(() => expect(log.toSorted()).toEqual(["+Ada", "+Bob", "-Ada", "-Bob"]))
    expect(runtime.instances()).toHaveLength(1)
  })
}

test("a local instance goes on with the layer it was made with; another key takes the new one", async () => {
  const runtime = makeCounter()
  const log: Array<string> = []
  const Greeted = ({ name, at }: { name: string; at: string }) => (
    <p>{useSelector(useModule(GreetingLive, { key: at, layer: named(log, name) })).text}</p>
  )
  const app = (name: string, at: string) => (
    <RuntimeProvider runtime={runtime}>
      <Greeted name={name} at={at} />
    </RuntimeProvider>
  )
  const view = render(app("Ada", "one"))
  await vi.waitFor(() => expect(view.text()).toBe("Hello Ada"))
  view.rerender(app("Bob", "one"))
  expect(view.text()).toBe("Hello Ada")
  view.rerender(app("Bob", "two"))
  await vi.waitFor(() => expect(view.text()).toBe("Hello Bob"))
  await vi.waitFor(() => expect(log).toEqual(["+Ada", "+Bob", "-Ada"]))
})
