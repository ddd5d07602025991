/**
 * What zustand's tests assert of a store in components, asked of Sluice. Each names its origin in pmndrs/zustand:
 * `tests/basic.test.tsx`, `tests/ssr.test.tsx`.
 *
 * Not here, and why:
 * | "creates a store hook and api object" | a module is a definition, not a hook; its shape is asserted by the type tests |
 * | "can set the store without merging", "can get the store", "can set the store" | there is no setState: reducers give the whole next state (core's transaction tests) |
 * | "can destroy the store" | removed from zustand; a runtime's end is in core's close tests |
 * | "can call useStore with progressively more arguments" | in parts: the whole state, a selector, a selector with `equals`, each below |
 * | tests/ssr "should handle different states between server and client correctly" with no snapshot handed over | what the server has rendered comes with `dehydrate`; asserted here with it |
 */
import { startTransition, Suspense, useEffect, useLayoutEffect, useState } from "react"
import { flushSync } from "react-dom"
import { hydrateRoot } from "react-dom/client"
import { expect, test, vi } from "vitest"
import { Runtime } from "@sluice/core"
import { useModule, useSelector } from "../../src/index.ts"
import { concurrent, make, onCleanup, RuntimeProvider } from "../support.tsx"
import {
  initial,
  makeStore,
  renderIn,
  renderInBoundary,
  Store,
  StoreLive,
  useStore,
  type State
} from "./store.tsx"

test("basic: uses the store with no args", async () => {
  const { runtime } = makeStore()
  const Counter = () => {
    const store = useModule(Store)
    const { a } = useSelector(store)
    useEffect(() => store.actions.more(), [store])
    return <>{a}</>
  }
  const view = renderIn(runtime, <Counter />)
  await vi.waitFor(() => expect(view.text()).toBe("1"))
})

test("basic: uses the store with selectors", async () => {
  const { runtime } = makeStore()
  const Counter = () => {
    const { actions } = useModule(Store)
    const a = useStore((state) => state.a)
    useEffect(() => actions.more(), [actions])
    return <>{a}</>
  }
  const view = renderIn(runtime, <Counter />)
  await vi.waitFor(() => expect(view.text()).toBe("1"))
})

test("basic: uses the store with a selector and equality checker", () => {
  const { dispatch, runtime } = makeStore()
  let renders = 0
  const App = () => {
    renders++
    const { value } = useStore(
      (state) => ({ value: state.a }),
      (old, { value }) => value === 1 || old.value === value
    )
    return <>{value}</>
  }
  const view = renderIn(runtime, <App />)
  flushSync(() => dispatch({ _tag: "a", payload: 1 }))
  expect([view.text(), renders]).toEqual(["0", 1])
  flushSync(() => dispatch({ _tag: "a", payload: 2 }))
  expect([view.text(), renders]).toEqual(["2", 2])
})

test("basic: only re-renders if selected state has changed", async () => {
  const { runtime } = makeStore()
  const renders = { counter: 0, control: 0 }
  const Counter = () => {
    renders.counter++
    return <i>{useStore((state) => state.a)}</i>
  }
  const Control = () => {
    renders.control++
    const { actions } = useModule(Store)
    return <button onClick={() => actions.more()}>more</button>
  }
  const view = renderIn(
    runtime,
    <>
      <Counter />
      <Control />
    </>
  )
  view.click("more")
  await vi.waitFor(() => expect(view.text()).toBe("1more"))
  expect(renders).toEqual({ counter: 2, control: 1 })
})

test("basic: still re-renders if store has changed", () => {
  const { runtime } = makeStore()
  const committed: Array<number> = []
  const actions: Record<string, () => void> = {}
  const Counter = ({ at }: { readonly at: string }) => {
    const store = useModule(StoreLive, { key: at, input: {} })
    const a = useSelector(store, (state) => state.a)
    useLayoutEffect(() => {
      committed.push(a)
      actions[at] = store.actions.more
    })
    return <>{a}</>
  }
  const view = renderIn(runtime, <Counter at="original" />)
  flushSync(() => actions["original"]?.())
  expect(view.text()).toBe("1")
  view.rerender(<Counter at="next" />)
  expect(view.text()).toBe("0")
  flushSync(() => actions["next"]?.())
  expect(view.text()).toBe("1")
  expect(committed).toEqual([0, 1, 0, 1])
})

test("basic: re-renders with useLayoutEffect", () => {
  const { runtime } = makeStore()
  const App = () => {
    const store = useModule(Store)
    const { text } = useSelector(store)
    useLayoutEffect(() => store.actions.text("from a layout effect"), [store])
    return <>{text}</>
  }
  expect(renderIn(runtime, <App />).text()).toBe("from a layout effect")
})

test("basic: can batch updates", async () => {
  const { runtime } = makeStore()
  const log: Array<number> = []
  const Counter = () => {
    const { actions } = useModule(Store)
    const a = useStore((state) => state.a)
    log.push(a)
    useEffect(() => {
      actions.more()
      actions.more()
    }, [actions])
    return <>{a}</>
  }
  const view = renderIn(runtime, <Counter />)
  await vi.waitFor(() => expect(view.text()).toBe("2"))
  expect(log).toEqual([0, 2])
})

test("basic: can update the selector", () => {
  const { runtime } = makeStore({ text: "one", a: 2 })
  const App = ({ selector }: { readonly selector: (state: State) => string }) => <>{useStore(selector)}</>
  const view = renderIn(runtime, <App selector={(state) => state.text} />)
  expect(view.text()).toBe("one")
  view.rerender(<App selector={(state) => `two ${state.a}`} />)
  expect(view.text()).toBe("two 2")
})

test("basic: can update the equality checker", () => {
  const { dispatch, runtime } = makeStore()
  let renders = 0
  const value = (state: State) => state.a
  const App = ({ equals }: { readonly equals: (a: number, b: number) => boolean }) => {
    renders++
    return <>{useStore(value, equals)}</>
  }
  const always = () => true
  const view = renderIn(runtime, <App equals={Object.is} />)
  view.rerender(<App equals={always} />)
  const before = renders
  flushSync(() => dispatch({ _tag: "a", payload: 1 }))
  expect([view.text(), renders]).toEqual(["0", before])
})

test("basic: can throw an error in selector; in equality checker", () => {
  for (const thrower of ["selector", "equality"]) {
    const { dispatch, runtime } = makeStore()
    const check = (a: number) => {
      if (a > 0) throw new Error(thrower)
    }
    const App = () => {
      useStore(
        (state) => {
          if (thrower === "selector") check(state.a)
          return state.a
        },
        (old, next) => {
          if (thrower === "equality") check(next)
          return old === next
        }
      )
      return <>no error</>
    }
    const view = renderInBoundary(runtime, <App />)
    expect(view.text()).toBe("no error")
    flushSync(() => dispatch({ _tag: "more" }))
    expect(view.text()).toBe(`caught: Error: ${thrower}`)
  }
})

test("basic: only calls selectors when necessary", () => {
  const { dispatch, runtime } = makeStore()
  const calls = { inline: 0, static: 0 }
  const ofA = (state: State) => {
    calls.static++
    return state.a
  }
  const App = () => {
    useStore((state) => {
      calls.inline++
      return state.b
    })
    useStore(ofA)
    return null
  }
  const view = renderIn(runtime, <App />)
  // The static one is not asked again for the same state; the inline one is another function
  Object.assign(calls, { inline: 0, static: 0 })
  view.rerender(<App />)
  expect(calls.static).toBe(0)
  expect(calls.inline).toBeLessThanOrEqual(1)
  Object.assign(calls, { inline: 0, static: 0 })
  flushSync(() => dispatch({ _tag: "both", payload: { a: 1, b: 1 } }))
  // For what they watch, for the commit and for the pass that shows it; without `concurrent`, React itself compares
  // before it renders
  expect(calls.inline).toBeLessThanOrEqual(concurrent ? 3 : 4)
  expect(calls.static).toBeLessThanOrEqual(3)
})

test("basic: ensures parent components subscribe before children", async () => {
  const { runtime } = makeStore()
  const names = { 0: ["one", "two"], 1: ["three"] } as const
  const listOf = (a: number) => (a === 0 ? names[0] : names[1])
  const Child = ({ index }: { readonly index: number }) => (
    <i>{useStore((state) => listOf(state.a)[index]!.toUpperCase())}</i>
  )
  const Parent = () => {
    const store = useModule(Store)
    const list = useStore((state) => listOf(state.a))
    return (
      <>
        <button onClick={() => store.actions.more()}>change</button>
        {list.map((name, index) => (
          <Child key={name} index={index} />
        ))}
      </>
    )
  }
  const view = renderInBoundary(runtime, <Parent />)
  view.click("change")
  await vi.waitFor(() => expect(view.text()).toBe("changeTHREE"))
})

test("basic: ensures the correct subscriber is removed on unmount (zustand issue 84)", () => {
  const { dispatch, runtime } = makeStore()
  const Count = () => <i>{useStore((state) => state.a)}</i>
  const WithIncrement = () => {
    useLayoutEffect(() => dispatch({ _tag: "more" }), [])
    return <Count />
  }
  const App = () => {
    const [first, setFirst] = useState(true)
    useLayoutEffect(() => setFirst(false), [])
    return (
      <>
        {first ? <WithIncrement /> : <Count />}
        <Count />
      </>
    )
  }
  const view = renderIn(runtime, <App />)
  expect(view.text()).toBe("11")
  flushSync(() => dispatch({ _tag: "more" }))
  expect(view.text()).toBe("22")
})

test("basic: ensures a subscriber is not mistakenly overwritten (zustand issue 86)", () => {
  const { dispatch, runtime } = makeStore()
  const One = () => <i>{`one ${useStore((state) => state.a)} `}</i>
  const Two = () => <i>{`two ${useStore((state) => state.a)} `}</i>
  const view = renderIn(runtime, <One />)
  view.rerender(<Two />)
  view.rerender(
    <>
      <Two />
      <One />
      <One />
    </>
  )
  flushSync(() => dispatch({ _tag: "more" }))
  expect(view.text()).toBe("two 1 one 1 one 1 ")
})

test("ssr: should handle different states between server and client correctly", async () => {
  const server = makeStore({ a: 0 })
  const Counter = () => {
    const { actions } = useModule(Store)
    const { bears } = useStore(
      (state) => ({ bears: state.a }),
      (a, b) => a.bears === b.bears
    )
    useEffect(() => actions.more(), [actions])
    return <div>{`bears ${bears}`}</div>
  }
  const container = document.createElement("div")
  document.body.append(container)
  container.innerHTML = "<!--$--><div>bears 0</div><!--/$-->"
  const client = make(Runtime.make(Store.implement({ initial }), { hydrate: server.runtime.dehydrate() }))
  const div = container.querySelector("div")
  const recovered: Array<unknown> = []
  const root = hydrateRoot(
    container,
    <RuntimeProvider runtime={client}>
      <Suspense fallback="loading">
        <Counter />
      </Suspense>
    </RuntimeProvider>,
    { onRecoverableError: (error) => recovered.push(error) }
  )
  onCleanup(() => {
    flushSync(() => root.unmount())
    container.remove()
  })
  await vi.waitFor(() => expect(container.textContent).toBe("bears 1"))
  expect(container.querySelector("div")).toBe(div)
  expect(recovered).toEqual([])
})

test("basic: an update within a transition is shown as well", async () => {
  const { dispatch, runtime } = makeStore()
  const App = () => <>{useStore((state) => state.a)}</>
  const view = renderIn(runtime, <App />)
  startTransition(() => dispatch({ _tag: "more" }))
  await vi.waitFor(() => expect(view.text()).toBe("1"))
})
