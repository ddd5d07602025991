/**
 * What the tests of effect's atom hooks assert, asked of Sluice. Their origin is Effect-TS/effect-smol,
 * `packages/atom/react/test/index.test.tsx`; each test names the assertion. `useAtomSet`, `useAtomMount`, `useAtomRefresh` and a
 * registry's time to live have no test there; what their documentation says is asserted at the end.
 *
 * Not here, and why:
 * | "hydration", "hydration streaming" | commented out there; see ssr.e2e.test.ts |
 * | SSR "should run atom's during SSR by default", "should not execute Atom effects during SSR ..." | the server renders states and starts no logic: server.test.tsx |
 * | ScopedAtom "throws when used outside Provider" | RuntimeNotProvided and ModuleNotProvided: RuntimeProvider.test.tsx |
 */
import { Module, Runtime } from "@sluice/core"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as AsyncResult from "effect/reactivity/AsyncResult"
import * as Schema from "effect/Schema"
import { StrictMode, Suspense, useEffect } from "react"
import { flushSync } from "react-dom"
import { expect, test, vi } from "vitest"
import { useModule, useSelector, useSuspenseSource } from "../../src/index.ts"
import { Boundary, make, render, RuntimeProvider } from "../support.tsx"
import { makeStore, renderIn, Store, StoreLive, useStore } from "./store.tsx"

class TheNumber extends Context.Service<TheNumber, { readonly load: () => Effect.Effect<number, string> }>()(
  "TheNumber"
) {}

const Page = Module.make("Page", {
  state: Schema.Struct({ number: AsyncResult.Schema({ success: Schema.Number, error: Schema.String }) }),
  actions: {},
  traits: (t) => ({
    number: t.source({ key: () => 1, load: () => Effect.flatMap(TheNumber, ({ load }) => load()) })
  })
})

const startPage = (load: () => Effect.Effect<number, string>) => {
  const runtime = make(
    Runtime.make(Page.implement({ initial: {} }), {
      layer: Layer.succeed(TheNumber, { load }),
      onError: () => {}
    })
  )
  const Shown = () => <b>{useSuspenseSource(useModule(Page), "number")}</b>
  const view = render(
    <RuntimeProvider runtime={runtime}>
      <Boundary>
        <Suspense fallback="loading">
          <Shown />
        </Suspense>
      </Boundary>
    </RuntimeProvider>
  )
  return { view, page: runtime.resolve(Page.tag), runtime }
}

test("runtime: can inject test layers", async () => {
  const { view } = startPage(() => Effect.succeed(69))
  await vi.waitFor(() => expect(view.text()).toBe("69"))
})

test("useAtomValue: should read value from simple Atom; with transform function", () => {
  const { runtime } = makeStore({ a: 42 })
  const App = () => <>{`${useStore((state) => state.a)} ${useStore((state) => state.a * 2)}`}</>
  expect(renderIn(runtime, <App />).text()).toBe("42 84")
})

test("useAtomValue: should update when Atom value changes", async () => {
  const { dispatch, runtime } = makeStore()
  const App = () => <>{useStore((state) => state.text)}</>
  const view = renderIn(runtime, <App />)
  dispatch({ _tag: "text", payload: "updated" })
  await vi.waitFor(() => expect(view.text()).toBe("updated"))
})

test("useAtomValue: should work with computed Atom", () => {
  const Computed = Module.make("Computed", {
    state: Schema.Struct({ base: Schema.Number, double: Schema.Number }),
    actions: { set: Schema.Number },
    reducers: { set: (state, base) => ({ ...state, base }) },
    traits: (t) => ({ double: t.computed(({ base }) => base * 2) })
  })
  const runtime = make(Runtime.make(Computed.implement({ initial: { base: 10 } })))
  const App = () => <>{useSelector(useModule(Computed), (state) => state.double)}</>
  const view = render(
    <RuntimeProvider runtime={runtime}>
      <App />
    </RuntimeProvider>
  )
  expect(view.text()).toBe("20")
  flushSync(() => runtime.resolve(Computed.tag).unsafe.dispatch({ _tag: "set", payload: 4 }))
  expect(view.text()).toBe("8")
})

test("useAtomSuspense: suspense success: waits while there is no value", () => {
  expect(startPage(() => Effect.never).view.text()).toBe("loading")
})

test("useAtomSuspense: suspense error goes to the error boundary", async () => {
  const { view } = startPage(() => Effect.fail("no number"))
  await vi.waitFor(() => expect(view.text()).toBe("caught: no number"))
})

test("ScopedAtom: scopes atom instances per Provider: a private instance for each component", () => {
  const { runtime } = makeStore()
  const Count = ({ value }: { readonly value: number }) => {
    const store = useModule(StoreLive, { input: {} })
    useEffect(() => store.actions.a(value), [store, value])
    return <i>{`${useSelector(store, (state) => state.a)} `}</i>
  }
  const view = renderIn(
    runtime,
    <>
      <Count value={1} />
      <Count value={2} />
    </>
  )
  return vi.waitFor(() => expect(view.text()).toBe("1 2 "))
})

test("ScopedAtom: input factory uses provider value once", () => {
  const { runtime } = makeStore()
  const initial = vi.fn((a: number) => ({ a, b: 0, text: "" }))
  const Live = Store.implement({ initial })
  const Count = ({ value }: { readonly value: number }) => (
    <>{useSelector(useModule(Live, { input: value }), (state) => state.a)}</>
  )
  const view = renderIn(runtime, <Count value={10} />)
  view.rerender(<Count value={99} />)
  expect(view.text()).toBe("10")
  expect(initial.mock.calls.every(([value]) => value === 10)).toBe(true)
})

test("useAtomSet: the setter alone does not make its component render", () => {
  const { runtime } = makeStore()
  const log: Array<string> = []
  const Setter = () => {
    const { actions } = useModule(Store)
    log.push("setter")
    return <button onClick={() => actions.more()}>more</button>
  }
  const Value = () => <i>{useStore((state) => state.a)}</i>
  const view = renderIn(
    runtime,
    <>
      <Setter />
      <Value />
    </>
  )
  flushSync(() => view.click("more"))
  expect(view.text()).toBe("more1")
  expect(log).toEqual(["setter"])
})

test("useAtomRefresh: loads again and shows the value before meanwhile", async () => {
  const gate = Promise.withResolvers<number>()
  const loads = [Effect.succeed(1), Effect.promise(() => gate.promise)]
  const { page, runtime, view } = startPage(() => loads.shift()!)
  await vi.waitFor(() => expect(view.text()).toBe("1"))
  const refreshed = runtime.runPromise(page.refresh("number"))
  await vi.waitFor(() => expect(loads).toEqual([]))
  expect(view.text()).toBe("1")
  gate.resolve(2)
  await refreshed
  await vi.waitFor(() => expect(view.text()).toBe("2"))
})

for (const strict of [false, true]) {
  test(`useAtomMount and a registry's time to live: an instance lives while it is mounted, and gcTime longer (StrictMode: ${strict})`, async () => {
    const { runtime } = makeStore()
    const log: Array<string> = []
    const Live = Store.implement({
      initial: { a: 0, b: 0, text: "" },
      logics: [
        Store.logic("life", () =>
          Effect.gen(function* () {
            log.push("start")
            yield* Effect.addFinalizer(() => Effect.sync(() => log.push("end")))
          })
        )
      ]
    })
    const Mounted = ({ gcTime }: { readonly gcTime: number }) => {
      useModule(Live, { key: "kept", gcTime })
      return null
    }
    const App = ({ gcTime }: { readonly gcTime: number | undefined }) => {
      const ui = gcTime === undefined ? null : <Mounted gcTime={gcTime} />
      return strict ? <StrictMode>{ui}</StrictMode> : ui
    }
    const view = renderIn(runtime, <App gcTime={0} />)
    await vi.waitFor(() => expect(log).toEqual(["start"]))
    view.rerender(<App gcTime={undefined} />)
    await vi.waitFor(() => expect(log).toEqual(["start", "end"]))
    view.rerender(<App gcTime={60_000} />)
    await vi.waitFor(() => expect(log).toEqual(["start", "end", "start"]))
    view.rerender(<App gcTime={undefined} />)
    await new Promise((resume) => setTimeout(resume))
    view.rerender(<App gcTime={60_000} />)
    expect(log).toEqual(["start", "end", "start"])
  })
}
