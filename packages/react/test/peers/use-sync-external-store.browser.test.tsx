/**
 * What React's tests of `useSyncExternalStore` assert, asked of `useSelector`. Each names its origin in facebook/react:
 * Shared and WithSelector are `packages/use-sync-external-store/src/__tests__/useSyncExternalStore{Shared,WithSelector}-test.js`,
 * Native is `packages/react-reconciler/src/__tests__/useSyncExternalStore-test.js`.
 *
 * Not here, and why:
 * | Shared "Infinite loop if getSnapshot keeps returning new reference" | the contrary is promised: see "does not loop" below |
 * | useSyncExternalStoreNative-test "native version", useSyncExternalStoreShimServer-test | test the shim for React 17, which is not supported |
 */
import { startTransition, Suspense, useEffect, useLayoutEffect, useState, memo } from "react"
import { flushSync } from "react-dom"
import { hydrateRoot } from "react-dom/client"
import { expect, test, vi } from "vitest"
import { Runtime } from "@sluice/core"
import { useModule, useSelector } from "../../src/index.ts"
import type { RefOf } from "../../src/index.ts"
import { compiled, concurrent, make, onCleanup, RuntimeProvider, Suspender, use } from "../support.tsx"
import {
  block,
  initial,
  makeStore,
  renderIn,
  renderInBoundary,
  Store,
  StoreLive,
  useStore,
  type State
} from "./store.tsx"

test("Shared: basic usage", () => {
  const { dispatch, runtime } = makeStore()
  const App = () => <>{useStore((state) => state.text)}</>
  const view = renderIn(runtime, <App />)
  expect(view.text()).toBe("initial")
  flushSync(() => dispatch({ _tag: "text", payload: "updated" }))
  expect(view.text()).toBe("updated")
})

test("Shared: skips re-rendering if nothing changes", () => {
  const { dispatch, runtime } = makeStore()
  const log: Array<string> = []
  const App = () => {
    const text = useStore((state) => state.text)
    log.push(text)
    return <>{text}</>
  }
  renderIn(runtime, <App />)
  flushSync(() => dispatch({ _tag: "text", payload: "initial" }))
  flushSync(() => dispatch({ _tag: "nothing" }))
  expect(log).toEqual(["initial"])
})

test("Shared: switch to a different store", () => {
  const { runtime } = makeStore()
  const log: Array<number> = []
  let show: (which: "one" | "two") => void = () => {}
  const refs: Array<RefOf<typeof Store>> = []
  const Shown = ({ store }: { readonly store: RefOf<typeof Store> }) => {
    const a = useSelector(store, (state) => state.a)
    useLayoutEffect(() => void log.push(a))
    return <>{a}</>
  }
  const App = () => {
    const one = useModule(StoreLive, { key: "one", input: {} })
    const two = useModule(StoreLive, { key: "two", input: {} })
    const [which, setWhich] = useState<"one" | "two">("one")
    useLayoutEffect(() => {
      show = setWhich
      refs.splice(0, 2, one, two)
    }, [one, two])
    return <Shown store={which === "one" ? one : two} />
  }
  const view = renderIn(runtime, <App />)
  const [one, two] = refs
  flushSync(() => one!.actions.a(1))
  expect(view.text()).toBe("1")
  // One batch: the store is left, and what it became meanwhile with it.
  flushSync(() => {
    one!.actions.a(2)
    show("two")
  })
  expect(view.text()).toBe("0")
  flushSync(() => one!.actions.a(3))
  expect(view.text()).toBe("0")
  flushSync(() => two!.actions.a(1))
  expect(view.text()).toBe("1")
  expect(log).toEqual([0, 1, 0, 1])
})

test("Shared: selecting a specific value inside getSnapshot", () => {
  const { dispatch, runtime } = makeStore()
  const log: Array<string> = []
  const Field = ({ name }: { readonly name: "a" | "b" }) => {
    const value = useStore((state) => state[name])
    log.push(`${name}${value}`)
    return <>{`${name}${value}`}</>
  }
  const view = renderIn(
    runtime,
    <>
      <Field name="a" />
      <Field name="b" />
    </>
  )
  flushSync(() => dispatch({ _tag: "b", payload: 1 }))
  expect(view.text()).toBe("a0b1")
  flushSync(() => dispatch({ _tag: "a", payload: 1 }))
  expect(view.text()).toBe("a1b1")
  expect(log).toEqual(["a0", "b0", "b1", "a1"])
})

test("Shared: compares to current state before bailing out, even when there's a mutation in between the sync and passive effects", async () => {
  const { dispatch, runtime } = makeStore()
  const seen: Array<number> = []
  const App = () => {
    const a = useStore((state) => state.a)
    useEffect(() => void seen.push(a), [a])
    return <>{a}</>
  }
  const view = renderIn(runtime, <App />)
  flushSync(() => dispatch({ _tag: "a", payload: 1 }))
  dispatch({ _tag: "a", payload: 0 })
  await vi.waitFor(() => expect(seen).toEqual([0, 1, 0]))
  expect(view.text()).toBe("0")
})

test("Shared: mutating the store in between render and commit when getSnapshot has changed", () => {
  const { dispatch, runtime } = makeStore({ a: 1, b: 1 })
  const log: Array<string> = []
  const First = ({ step }: { readonly step: number }) => {
    useStore((state) => state)
    useLayoutEffect(() => {
      if (step === 1) dispatch({ _tag: "b", payload: 2 })
    }, [step])
    return null
  }
  const a = (state: State) => `a${state.a}`
  const b = (state: State) => `b${state.b}`
  const Second = ({ step }: { readonly step: number }) => {
    const value = useStore(step === 0 ? a : b)
    log.push(value)
    return <>{value}</>
  }
  const App = ({ step }: { readonly step: number }) => (
    <>
      <First step={step} />
      <Second step={step} />
    </>
  )
  const view = renderIn(runtime, <App step={0} />)
  view.rerender(<App step={1} />)
  expect(view.text()).toBe("b2")
  expect(log).toEqual(["a1", "b1", "b2"])
})

test("Shared: mutating the store in between render and commit when getSnapshot has _not_ changed", () => {
  const { dispatch, runtime } = makeStore({ a: 1, b: 1 })
  const log: Array<string> = []
  const First = ({ step }: { readonly step: number }) => {
    useLayoutEffect(() => {
      if (step === 1) dispatch({ _tag: "b", payload: 2 })
    }, [step])
    return null
  }
  const a = (state: State) => `a${state.a}`
  const Second = () => {
    const value = useStore(a)
    log.push(value)
    return <>{value}</>
  }
  const App = ({ step }: { readonly step: number }) => (
    <>
      <First step={step} />
      <Second />
    </>
  )
  const view = renderIn(runtime, <App step={0} />)
  view.rerender(<App step={1} />)
  expect(view.text()).toBe("a1")
  // Once more for its parent, unless the React Compiler has kept the element
  expect(log).toEqual(compiled ? ["a1"] : ["a1", "a1"])
})

test("Shared: does not bail out if the previous update hasn't finished yet", () => {
  const { dispatch, runtime } = makeStore()
  const log: Array<string> = []
  const First = () => {
    const a = useStore((state) => state.a)
    log.push(`first ${a}`)
    useLayoutEffect(() => {
      if (a === 1) dispatch({ _tag: "a", payload: 0 })
    }, [a])
    return <>{a}</>
  }
  const Second = () => {
    const a = useStore((state) => state.a)
    log.push(`second ${a}`)
    return <>{a}</>
  }
  const view = renderIn(
    runtime,
    <>
      <First />
      <Second />
    </>
  )
  flushSync(() => dispatch({ _tag: "a", payload: 1 }))
  expect(view.text()).toBe("00")
  expect(log).toEqual(["first 0", "second 0", "first 1", "second 1", "first 0", "second 0"])
})

test("Shared: uses the latest getSnapshot, even if it changed in the same batch as a store update", () => {
  const { dispatch, runtime } = makeStore()
  const log: Array<number> = []
  let select: (field: "a" | "b") => void = () => {}
  const App = () => {
    const [field, setField] = useState<"a" | "b">("a")
    useLayoutEffect(() => void (select = setField), [])
    const value = useStore((state) => state[field])
    log.push(value)
    return <>{value}</>
  }
  const view = renderIn(runtime, <App />)
  flushSync(() => {
    select("b")
    dispatch({ _tag: "both", payload: { a: 1, b: 2 } })
  })
  expect(view.text()).toBe("2")
  expect(log).toEqual([0, 2])
})

test("Shared: handles errors thrown by getSnapshot; selector can throw on update", () => {
  const { dispatch, runtime } = makeStore()
  const App = () => (
    <>
      {useStore((state) => {
        if (state.a === 1) throw new TypeError("malformed")
        return state.a
      })}
    </>
  )
  const view = renderInBoundary(runtime, <App />)
  expect(view.text()).toBe("0")
  flushSync(() => dispatch({ _tag: "a", payload: 1 }))
  expect(view.text()).toBe("caught: TypeError: malformed")
})

test("Shared: isEqual can throw on update", () => {
  const { dispatch, runtime } = makeStore()
  const App = () => (
    <>
      {useStore(
        (state) => state.a,
        (a, b) => {
          if (a === 1 || b === 1) throw new TypeError("incomparable")
          return a === b
        }
      )}
    </>
  )
  const view = renderInBoundary(runtime, <App />)
  expect(view.text()).toBe("0")
  flushSync(() => dispatch({ _tag: "a", payload: 1 }))
  expect(view.text()).toBe("caught: TypeError: incomparable")
})

test("Shared, the other way round: a new reference each time does not loop; it warns once and names the selector", () => {
  const { dispatch, runtime } = makeStore()
  vi.mocked(console.warn).mockImplementation(() => {})
  let renders = 0
  const pairOfStore = (state: State) => ({ pair: `${state.a}${state.b}` })
  const App = () => {
    renders++
    return <>{useStore(pairOfStore).pair}</>
  }
  const view = renderIn(
    runtime,
    <>
      <App />
      <App />
    </>
  )
  expect(renders).toBe(2)
  flushSync(() => dispatch({ _tag: "a", payload: 1 }))
  expect(view.text()).toBe("1010")
  expect(renders).toBe(4)
  const warnings = vi.mocked(console.warn).mock.calls.splice(0)
  expect(warnings).toEqual([[expect.stringContaining("pairOfStore")]])
})

test("Shared: getSnapshot can return NaN without infinite loop warning", () => {
  const { dispatch, runtime } = makeStore({ text: "not a number" })
  const log: Array<number> = []
  const App = () => {
    const value = useStore((state) => Number(state.text))
    log.push(value)
    return <>{value}</>
  }
  const view = renderIn(runtime, <App />)
  expect(view.text()).toBe("NaN")
  flushSync(() => dispatch({ _tag: "more" }))
  flushSync(() => dispatch({ _tag: "text", payload: "123" }))
  expect(view.text()).toBe("123")
  flushSync(() => dispatch({ _tag: "text", payload: "none" }))
  expect(view.text()).toBe("NaN")
  expect(log).toEqual([NaN, 123, NaN])
})

test("Shared: memoized selectors are only called once per update; WithSelector: should call selector on change accessible segment", () => {
  const { dispatch, runtime } = makeStore()
  const selector = vi.fn((state: State) => state.a)
  const App = () => <>{useStore(selector)}</>
  const view = renderIn(runtime, <App />)
  // The first commit finds out what the selector reads
  flushSync(() => dispatch({ _tag: "b", payload: 100 }))
  selector.mockClear()
  flushSync(() => dispatch({ _tag: "a", payload: 1 }))
  expect(view.text()).toBe("1")
  // Once for the commit, and once for the pass that shows it
  expect(selector).toHaveBeenCalledTimes(2)
})

test("WithSelector: should not call selector if nothing changed", () => {
  const { dispatch, runtime } = makeStore()
  const selector = vi.fn((state: State) => state.a)
  const App = () => <>{useStore(selector)}</>
  const view = renderIn(runtime, <App />)
  selector.mockClear()
  flushSync(() => dispatch({ _tag: "nothing" }))
  view.rerender(<App />)
  expect(selector).not.toHaveBeenCalled()
})

test("WithSelector: should not call selector on change not accessible segment", () => {
  const { dispatch, runtime } = makeStore()
  const selector = vi.fn((state: State) => state.a)
  const App = () => <>{useStore(selector)}</>
  renderIn(runtime, <App />)
  // The first commit finds out what the selector reads
  flushSync(() => dispatch({ _tag: "b", payload: 100 }))
  selector.mockClear()
  flushSync(() => dispatch({ _tag: "b", payload: 3 }))
  expect(selector).not.toHaveBeenCalled()
})

test("Shared: Using isEqual to bailout", () => {
  const { dispatch, runtime } = makeStore()
  const log: Array<string> = []
  const sameA = (left: { readonly a: number }, right: { readonly a: number }) => left.a === right.a
  const A = () => {
    const { a } = useStore((state) => ({ a: state.a }), sameA)
    log.push(`a${a}`)
    return <>{`a${a}`}</>
  }
  const B = () => {
    const { b } = useStore(
      (state) => ({ b: state.b }),
      (left, right) => left.b === right.b
    )
    log.push(`b${b}`)
    return <>{`b${b}`}</>
  }
  const view = renderIn(
    runtime,
    <>
      <A />
      <B />
    </>
  )
  flushSync(() => dispatch({ _tag: "b", payload: 1 }))
  flushSync(() => dispatch({ _tag: "a", payload: 1 }))
  expect(view.text()).toBe("a1b1")
  expect(log).toEqual(["a0", "b0", "b1", "a1"])
})

test("Shared: basic server hydration", async () => {
  const server = makeStore({ text: "server" })
  const log: Array<string> = []
  const App = () => {
    const text = useStore((state) => state.text)
    useEffect(() => void log.push(text), [text])
    return <div>{text}</div>
  }
  const ui = (runtime: typeof server.runtime) => (
    <RuntimeProvider runtime={runtime}>
      <App />
    </RuntimeProvider>
  )
  const container = document.createElement("div")
  document.body.append(container)
  container.innerHTML = "<div>server</div>"
  const rendered = container.firstChild
  const client = make(Runtime.make(Store.implement({ initial }), { hydrate: server.runtime.dehydrate() }))
  // What the client has become before React hydrates
  client.resolve(Store.tag).unsafe.dispatch({ _tag: "text", payload: "client" })
  const root = hydrateRoot(container, ui(client))
  onCleanup(() => {
    flushSync(() => root.unmount())
    container.remove()
  })
  await vi.waitFor(() => expect(container.textContent).toBe("client"))
  expect(container.firstChild).toBe(rendered)
  await vi.waitFor(() => expect(log).toEqual(["server", "client"]))
})

test("Shared: regression test for #23150 (state set in render beside the store)", () => {
  const { dispatch, runtime } = makeStore()
  const App = () => {
    const text = useStore((state) => state.text)
    const [derived, setDerived] = useState(text)
    useEffect(() => {}, [])
    if (derived !== text.toUpperCase()) setDerived(text.toUpperCase())
    return <>{derived}</>
  }
  const view = renderIn(runtime, <App />)
  expect(view.text()).toBe("INITIAL")
  flushSync(() => dispatch({ _tag: "text", payload: "updated" }))
  expect(view.text()).toBe("UPDATED")
})

test("Native: next value is correctly cached when state is dispatched in render phase", () => {
  const { dispatch, runtime } = makeStore()
  const App = () => {
    const text = useStore((state) => state.text)
    const [same, setSame] = useState(text)
    if (text !== same) setSame(text)
    return <>{text}</>
  }
  const view = renderIn(runtime, <App />)
  for (const text of ["changed", "initial", "changed"]) {
    flushSync(() => dispatch({ _tag: "text", payload: text }))
    expect(view.text()).toBe(text)
  }
})

test("Shared: compares selection to rendered selection even if selector changes", () => {
  const { runtime } = makeStore()
  let rows = 0
  const List = memo(({ items }: { readonly items: ReadonlyArray<string> }) => {
    rows++
    return <>{items.join()}</>
  })
  const sameItems = (a: ReadonlyArray<string>, b: ReadonlyArray<string>) => a.join() === b.join()
  const App = ({ step }: { readonly step: number }) => {
    const items = useStore((state) => [state.text, "last"], sameItems)
    return (
      <>
        <List items={items} /> {step}
      </>
    )
  }
  const view = renderIn(runtime, <App step={0} />)
  view.rerender(<App step={1} />)
  expect(view.text()).toBe("initial,last 1")
  expect(rows).toBe(1)
})

test("Native: detects interleaved mutations during a concurrent read before layout effects fire", async () => {
  const { dispatch, runtime } = makeStore()
  const layouts: Array<ReadonlyArray<number>> = []
  const second = Promise.withResolvers<void>()
  const shown: Record<string, number> = {}
  const Child = ({ name }: { readonly name: string }) => {
    const a = useStore((state) => state.a)
    block(20)
    if (name === "B") second.resolve()
    useLayoutEffect(() => void (shown[name] = a))
    return <>{`${name}${a}`}</>
  }
  let show = () => {}
  const App = () => {
    const [visible, setVisible] = useState(false)
    useLayoutEffect(() => {
      show = () => startTransition(() => setVisible(true))
    }, [])
    return visible ? <Parent /> : null
  }
  const Parent = () => {
    useLayoutEffect(() => void layouts.push(Object.values(shown)))
    return (
      <>
        <Child name="A" />
        <Child name="B" />
        <Child name="C" />
      </>
    )
  }
  const view = renderIn(runtime, <App />)
  const frames = new Set<string>()
  let frame = requestAnimationFrame(function look() {
    frames.add(view.text() ?? "")
    frame = requestAnimationFrame(look)
  })
  onCleanup(() => cancelAnimationFrame(frame))
  show()
  // Goes on in the microtasks of the slice in which B was rendered
  await second.promise
  expect(view.text()).toBe("")
  dispatch({ _tag: "a", payload: 1 })
  await vi.waitFor(() => expect(view.text()).toBe("A1B1C1"))
  await vi.waitFor(() => expect([...frames].at(-1)).toBe("A1B1C1"))
  expect([...frames].filter((text) => !["", "A0B0C0", "A1B1C1"].includes(text))).toEqual([])
  // With `concurrent`, what was mounted at different moments is put right in the commit's layout phase, before
  // the browser paints, and so after the layout effects of its parents
  if (concurrent) return
  for (const layout of layouts) expect(new Set(layout).size).toBe(1)
  expect(layouts.length).toBeGreaterThan(0)
})

test("Native: regression: suspending in shell after synchronously patching up store mutation", async () => {
  const { dispatch, runtime } = makeStore()
  const gate = Promise.withResolvers<void>()
  const first = Promise.withResolvers<void>()
  const A = () => {
    const text = useStore((state) => state.text)
    if (text === "updated") use(gate.promise)
    first.resolve()
    block(20)
    return <i>{`A ${text}`}</i>
  }
  const B = () => <b>{`B ${useStore((state) => state.text)}`}</b>
  let show = () => {}
  const App = () => {
    const [visible, setVisible] = useState(false)
    useLayoutEffect(() => {
      show = () => startTransition(() => setVisible(true))
    }, [])
    return visible ? (
      <>
        <A />
        <B />
      </>
    ) : null
  }
  const view = renderIn(
    runtime,
    <Suspense fallback="waiting">
      <App />
    </Suspense>
  )
  show()
  await first.promise
  dispatch({ _tag: "text", payload: "updated" })
  gate.resolve()
  await vi.waitFor(() => expect(view.text()).toBe("A updatedB updated"))
})

test("what Suspense hides is told of what it has missed, when it is shown again", async () => {
  const { dispatch, runtime } = makeStore()
  const Shown = () => <>{useStore((state) => state.a)}</>
  const App = ({ wait }: { readonly wait: boolean }) => (
    <Suspense fallback={null}>
      <Shown />
      <Suspender wait={wait} />
    </Suspense>
  )
  const view = renderIn(runtime, <App wait={false} />)
  view.rerender(<App wait />)
  flushSync(() => dispatch({ _tag: "a", payload: 1 }))
  dispatch({ _tag: "a", payload: 2 })
  view.rerender(<App wait={false} />)
  expect(view.text()).toBe("2")
})
