/**
 * What the tests of react-redux's hooks and Provider assert, asked of Sluice. Each names its origin in
 * reduxjs/react-redux: `test/hooks/useSelector.spec.tsx`, `test/hooks/useDispatch.spec.tsx`, `test/components/Provider.spec.tsx`.
 *
 * Not here, and why:
 * | createDispatchHook, createSelectorHook, createStoreHook (custom contexts) | one context: a second runtime nests, and a scope sees its parent's modules (see useModule's tests) |
 * | useSelector "should have linear or better unsubscribe time" | a matter of time: measured in apps/bench (mount and unmount of 10,000 subscribers) |
 * | useSelector "throws if no selector is passed", "... is not a function", "... equality function ..." | types refuse them; without a selector the whole state is given |
 * | stability check "disables check", "always runs check", "no-op selector check" | there is nothing to set: one check, in development; the whole state is a selection like another |
 * | "allows dealing with stale props by putting a specific connected component above" | skipped there; there is no `connect` |
 * | Provider, `connect`'s mapState and mapDispatch | there is no `connect`; its rule (state and props of one moment) is asserted of the hooks |
 */
import { memo, StrictMode, useLayoutEffect, useState } from "react"
import type { ReactNode } from "react"
import { flushSync } from "react-dom"
import { expect, test, vi } from "vitest"
import { Module, Runtime } from "@sluice/core"
import * as Schema from "effect/Schema"
import { useModule, useRuntime, useSelector } from "../../src/index.ts"
import { Boundary, make, render, RuntimeProvider } from "../support.tsx"
import { makeStore, renderIn, renderInBoundary, Store, useStore, type State } from "./store.tsx"

const A = () => <i>{useStore((state) => state.a)}</i>

test("Provider: should not enforce a single child", () => {
  const { runtime } = makeStore()
  const view = render(<RuntimeProvider runtime={runtime} />)
  view.rerender(
    <RuntimeProvider runtime={runtime}>
      <A />
    </RuntimeProvider>
  )
  expect(view.text()).toBe("0")
  view.rerender(
    <RuntimeProvider runtime={runtime}>
      <A />
      <A />
    </RuntimeProvider>
  )
  expect(view.text()).toBe("00")
})

test("Provider: should add the store to context", () => {
  const { runtime } = makeStore()
  const seen: Array<unknown> = []
  const App = () => {
    seen.push(useRuntime())
    return null
  }
  renderIn(runtime, <App />)
  expect(seen).toEqual([runtime])
})

test("Provider: accepts new store in props", () => {
  const stores = [makeStore({ a: 10 }), makeStore({ a: 20 }), makeStore({ a: 30 })] as const
  const show = (children: ReactNode, { runtime }: (typeof stores)[number]) => (
    <RuntimeProvider runtime={runtime}>{children}</RuntimeProvider>
  )
  const view = render(show(<A />, stores[0]))
  expect(view.text()).toBe("10")
  view.rerender(show(<A />, stores[1]))
  expect(view.text()).toBe("20")
  flushSync(() => stores[0].dispatch({ _tag: "more" }))
  expect(view.text()).toBe("20")
  flushSync(() => stores[1].dispatch({ _tag: "more" }))
  expect(view.text()).toBe("21")
  view.rerender(show(<A />, stores[2]))
  flushSync(() => stores[1].dispatch({ _tag: "more" }))
  expect(view.text()).toBe("30")
  flushSync(() => stores[2].dispatch({ _tag: "more" }))
  expect(view.text()).toBe("31")
})

test("Provider: should handle subscriptions correctly when there is nested Providers", () => {
  const outer = makeStore()
  const inner = makeStore()
  const log: Array<string> = []
  const Inner = memo(() => {
    log.push("inner")
    return <A />
  })
  const Outer = () => {
    log.push("outer")
    return (
      <>
        {useStore((state) => state.a)}
        <RuntimeProvider runtime={inner.runtime}>
          <Inner />
        </RuntimeProvider>
      </>
    )
  }
  const view = renderIn(outer.runtime, <Outer />)
  flushSync(() => inner.dispatch({ _tag: "more" }))
  expect(view.text()).toBe("01")
  expect(log).toEqual(["outer", "inner"])
  flushSync(() => outer.dispatch({ _tag: "more" }))
  expect(view.text()).toBe("11")
  expect(log).toEqual(["outer", "inner", "outer"])
})

test("Provider: should pass state consistently to mapState: a child's selection is of the moment of its props", async () => {
  const { dispatch, runtime } = makeStore({ text: "a" })
  const pairs: Array<readonly [string, string]> = []
  const Child = ({ parent }: { readonly parent: string }) => {
    const own = useStore((state) => state.text)
    pairs.push([parent, own])
    return null
  }
  const Parent = () => {
    const text = useStore((state) => state.text)
    const append = () => {
      dispatch({ _tag: "text", payload: `${text}b` })
      dispatch({ _tag: "text", payload: `${text}bc` })
    }
    return (
      <>
        <button onClick={append}>change</button>
        <Child parent={text} />
      </>
    )
  }
  const view = renderIn(runtime, <Parent />)
  flushSync(() => dispatch({ _tag: "text", payload: "ac" }))
  view.click("change")
  await vi.waitFor(() => expect(pairs.at(-1)).toEqual(["acbc", "acbc"]))
  flushSync(() => dispatch({ _tag: "text", payload: "d" }))
  expect(pairs).toEqual([
    ["a", "a"],
    ["ac", "ac"],
    ["acbc", "acbc"],
    ["d", "d"]
  ])
})

test("Provider: works in <StrictMode> without warnings", () => {
  const { dispatch, runtime } = makeStore()
  const view = renderIn(
    runtime,
    <StrictMode>
      <A />
    </StrictMode>
  )
  flushSync(() => dispatch({ _tag: "more" }))
  expect(view.text()).toBe("1")
})

test("Provider: should unsubscribe before unmounting; useSelector: unsubscribes when the component is unmounted", () => {
  const { dispatch, runtime } = makeStore()
  const selector = vi.fn((state: State) => state.a)
  const Shown = () => <>{useStore(selector)}</>
  const App = ({ shown }: { readonly shown: boolean }) => (shown ? <Shown /> : null)
  const view = renderIn(runtime, <App shown />)
  flushSync(() => dispatch({ _tag: "more" }))
  expect(view.text()).toBe("1")
  view.rerender(<App shown={false} />)
  selector.mockClear()
  flushSync(() => dispatch({ _tag: "more" }))
  view.unmount()
  dispatch({ _tag: "more" })
  expect(selector).not.toHaveBeenCalled()
})

test("Provider: should handle store and children change in the same render", () => {
  const Other = Module.make("Other", { state: Schema.Struct({ name: Schema.String }), actions: {} })
  const first = makeStore({ text: "expected a" })
  const second = make(Runtime.make(Other.implement({ initial: { name: "expected b" } })))
  const OfFirst = () => <>{useStore((state) => state.text)}</>
  const OfSecond = () => <>{useSelector(useModule(Other), (state) => state.name)}</>
  const view = render(
    <RuntimeProvider runtime={first.runtime}>
      <OfFirst />
    </RuntimeProvider>
  )
  expect(view.text()).toBe("expected a")
  view.rerender(
    <RuntimeProvider runtime={second}>
      <OfSecond />
    </RuntimeProvider>
  )
  expect(view.text()).toBe("expected b")
})

test("useDispatch: returns the store's dispatch function: the same one in every render, the nearest store's", () => {
  const outer = makeStore()
  const inner = makeStore()
  const seen: Array<unknown> = []
  const App = () => {
    const { actions, dispatch, runtime } = useModule(Store)
    useLayoutEffect(() => void seen.push(runtime, actions, dispatch))
    return null
  }
  const view = renderIn(
    outer.runtime,
    <RuntimeProvider runtime={inner.runtime}>
      <App />
    </RuntimeProvider>
  )
  view.rerender(
    <RuntimeProvider runtime={inner.runtime}>
      <App />
    </RuntimeProvider>
  )
  expect(seen.slice(0, 3)).toEqual(seen.slice(3))
  expect(new Set(seen).size).toBe(3)
  expect(seen[0]).toBe(inner.runtime.resolve(Store.tag))
})

test("useSelector: selects the state on initial render, and renders the component when the store updates", () => {
  const { dispatch, runtime } = makeStore()
  const committed: Array<number> = []
  const App = () => {
    const a = useStore((state) => state.a)
    useLayoutEffect(() => void committed.push(a))
    return null
  }
  renderIn(runtime, <App />)
  expect(committed).toEqual([0])
  flushSync(() => dispatch({ _tag: "more" }))
  expect(committed).toEqual([0, 1])
})

test("useSelector: always uses the latest state", () => {
  const { dispatch, runtime } = makeStore()
  const log: Array<number> = []
  const next = (state: State) => state.a + 1
  const App = () => {
    log.push(useStore(next))
    return null
  }
  renderIn(runtime, <App />)
  flushSync(() => dispatch({ _tag: "more" }))
  expect(log).toEqual([1, 2])
})

test("useSelector: subscribes to the store synchronously: a child that an update brings sees the next one", async () => {
  const { dispatch, runtime } = makeStore()
  const Parent = () => (useStore((state) => state.a) >= 1 ? <A /> : null)
  const view = renderIn(runtime, <Parent />)
  flushSync(() => dispatch({ _tag: "more" }))
  dispatch({ _tag: "more" })
  await vi.waitFor(() => expect(view.text()).toBe("2"))
})

test("useSelector: notices store updates between render and store subscription effect", () => {
  const { dispatch, runtime } = makeStore()
  const committed: Array<number> = []
  const Child = ({ a }: { readonly a: number }) => {
    useLayoutEffect(() => {
      if (a === 0) dispatch({ _tag: "more" })
    }, [a])
    return null
  }
  const App = () => {
    const a = useStore((state) => state.a)
    useLayoutEffect(() => void committed.push(a))
    return (
      <>
        {a}
        <Child a={a} />
      </>
    )
  }
  const view = renderIn(runtime, <App />)
  expect(view.text()).toBe("1")
  expect(committed).toEqual([0, 1])
})

test("useSelector: works properly with memoized selector with dispatch in Child useLayoutEffect", () => {
  const { dispatch, runtime } = makeStore()
  const log: Array<number> = []
  const select = (state: State) => state.a
  const Child = ({ a }: { readonly a: number }) => {
    useLayoutEffect(() => {
      if (a === 1) dispatch({ _tag: "more" })
    }, [a])
    return <>{a}</>
  }
  const App = () => {
    const a = useStore(select)
    log.push(a)
    return <Child a={a} />
  }
  const view = renderIn(runtime, <App />)
  expect(log).toEqual([0])
  flushSync(() => dispatch({ _tag: "more" }))
  expect(view.text()).toBe("2")
  expect(log).toEqual([0, 1, 2])
})

test("useSelector: defaults to ref-equality to prevent unnecessary updates", () => {
  const { dispatch, runtime } = makeStore()
  const log: Array<State> = []
  const App = () => {
    log.push(useSelector(useModule(Store)))
    return null
  }
  renderIn(runtime, <App />)
  flushSync(() => dispatch({ _tag: "nothing" }))
  expect(log).toHaveLength(1)
  flushSync(() => dispatch({ _tag: "copy" }))
  expect(log).toHaveLength(2)
})

test("useSelector: allows other equality functions to prevent unnecessary updates; stability check uses provided equalityFn", () => {
  const { dispatch, runtime } = makeStore()
  const log: Array<ReadonlyArray<string>> = []
  const App = () => {
    log.push(
      useStore(
        (state) => Object.keys(state),
        (a, b) => a.join() === b.join()
      )
    )
    return null
  }
  renderIn(runtime, <App />)
  flushSync(() => dispatch({ _tag: "more" }))
  expect(log).toHaveLength(1)
})

test("useSelector: calls selector exactly once on mount and on update; calls a selector twice [in development]", () => {
  const { dispatch, runtime } = makeStore()
  const selector = vi.fn((state: State) => state.a)
  const App = () => <>{useStore(selector)}</>
  const view = renderIn(runtime, <App />)
  // On mount more than once, to warn of unstable selectors
  selector.mockClear()
  view.rerender(<App />)
  expect(selector).not.toHaveBeenCalled()
  // The first commit finds out what the selector reads
  flushSync(() => dispatch({ _tag: "b", payload: 100 }))
  selector.mockClear()
  flushSync(() => dispatch({ _tag: "more" }))
  // Once for the commit, and once for the pass that shows it
  expect(selector).toHaveBeenCalledTimes(2)
})

test("useSelector: only re-runs selectors if the referenced fields actually change", () => {
  const { dispatch, runtime } = makeStore()
  const ofA = vi.fn((state: State) => state.a)
  const ofB = vi.fn((state: State) => state.b)
  const App = () => <>{useStore(ofA) + useStore(ofB)}</>
  const view = renderIn(runtime, <App />)
  // The first commit finds out what the selector reads
  flushSync(() => dispatch({ _tag: "b", payload: 100 }))
  ofA.mockClear()
  ofB.mockClear()
  flushSync(() => dispatch({ _tag: "more" }))
  expect(view.text()).toBe("101")
  expect(ofA).toHaveBeenCalled()
  // Only where the component, which renders for the other one, asks for its selection anew
  expect(ofB.mock.calls.length).toBeLessThanOrEqual(1)
})

test("useSelector: uses the latest selector", () => {
  const { dispatch, runtime } = makeStore()
  const log: Array<number> = []
  const App = ({ id }: { readonly id: number }) => {
    log.push(useStore((state) => (state.a < 0 ? -1 : id)))
    return null
  }
  const view = renderIn(runtime, <App id={0} />)
  view.rerender(<App id={1} />)
  flushSync(() => dispatch({ _tag: "more" }))
  expect(log).toEqual([0, 1])
  view.rerender(<App id={2} />)
  expect(log).toEqual([0, 1, 2])
})

test("useSelector: ignores transient errors in selector (e.g. due to stale props)", () => {
  const { dispatch, runtime } = makeStore()
  const Child = ({ parent }: { readonly parent: number }) => {
    const sum = useStore((state) => {
      if (state.a !== parent) throw new Error("stale")
      return state.a + parent
    })
    return <>{sum}</>
  }
  const Parent = () => <Child parent={useStore((state) => state.a)} />
  const view = renderInBoundary(runtime, <Parent />)
  flushSync(() => dispatch({ _tag: "more" }))
  expect(view.text()).toBe("2")
})

test("useSelector: passes through errors thrown while rendering", () => {
  const { dispatch, runtime } = makeStore()
  const App = () => {
    const a = useStore((state) => {
      if (state.a > 0) throw new Error("panic")
      return state.a
    })
    return <>{a}</>
  }
  const view = renderInBoundary(runtime, <App />)
  expect(() => flushSync(() => dispatch({ _tag: "more" }))).not.toThrow()
  expect(view.text()).toBe("caught: Error: panic")
})

test("useSelector: re-throws errors from the selector that only occur during rendering", () => {
  const { dispatch, runtime } = makeStore()
  const Child = ({ parent }: { readonly parent: number }) => {
    const a = useStore((state) => {
      if (parent > 0) throw new Error("only by props")
      return state.a
    })
    return <>{a}</>
  }
  const Parent = () => <Child parent={useStore((state) => state.a)} />
  const view = renderInBoundary(runtime, <Parent />)
  flushSync(() => dispatch({ _tag: "more" }))
  expect(view.text()).toBe("caught: Error: only by props")
})

test("useSelector: reuse latest selected state on selector re-run", () => {
  const { dispatch, runtime } = makeStore()
  const committed: Array<ReadonlyArray<number>> = []
  const App = () => {
    useStore((state) => state.a)
    const list = useStore(
      () => [1, 2, 3],
      () => true
    )
    useLayoutEffect(() => void committed.push(list))
    return null
  }
  renderIn(runtime, <App />)
  flushSync(() => dispatch({ _tag: "more" }))
  expect(committed).toHaveLength(2)
  expect(committed[0]).toBe(committed[1])
})

test("useSelector: warns in console if it returns a different result, once, on its first call", () => {
  const { dispatch, runtime } = makeStore()
  vi.mocked(console.warn).mockImplementation(() => {})
  const stable = (state: State) => state.a
  const listOfA = (state: State) => [state.a]
  const App = () => <>{[useStore(stable), ...useStore(listOfA)].join()}</>
  const view = renderIn(runtime, <App />)
  flushSync(() => dispatch({ _tag: "more" }))
  expect(view.text()).toBe("1,1")
  const warnings = vi.mocked(console.warn).mock.calls.splice(0)
  expect(warnings).toEqual([[expect.stringContaining("listOfA")]])
})

const Table = Module.make("Table", {
  state: Schema.Struct({ rows: Schema.Record(Schema.String, Schema.Struct({ name: Schema.String })) }),
  actions: { remove: Schema.String, rename: Schema.Struct({ id: Schema.String, name: Schema.String }) },
  reducers: {
    remove: ({ rows }, id) => ({
      rows: Object.fromEntries(Object.entries(rows).filter(([key]) => key !== id))
    }),
    rename: ({ rows }, { id, name }) => ({ rows: { ...rows, [id]: { name } } })
  }
})

test("a zombie child: a row's selector that throws once its row is gone surfaces nothing, as its parent removes it in the same batch", async () => {
  const initial = { rows: { one: { name: "first" }, two: { name: "second" }, three: { name: "third" } } }
  const runtime = make(Runtime.make(Table.implement({ initial })))
  const { unsafe } = runtime.resolve(Table.tag)
  const Row = ({ id }: { readonly id: string }) => (
    <li>
      {useSelector(useModule(Table), ({ rows }) => {
        const row = rows[id]
        if (row === undefined) throw new Error(`no row ${id}`)
        return row.name
      })}
    </li>
  )
  const Rows = () => {
    const ids = useSelector(
      useModule(Table),
      ({ rows }) => Object.keys(rows),
      (a, b) => a.join() === b.join()
    )
    const [ticks, setTicks] = useState(0)
    return (
      <>
        <button onClick={() => setTicks(ticks + 1)}>tick</button>
        {ids.map((id) => (
          <Row key={id} id={id} />
        ))}
      </>
    )
  }
  const view = render(
    <RuntimeProvider runtime={runtime}>
      <Boundary>
        <Rows />
      </Boundary>
    </RuntimeProvider>
  )
  const names = () => [...view.container.querySelectorAll("li")].map((row) => row.textContent)
  flushSync(() => unsafe.dispatch({ _tag: "remove", payload: "two" }))
  expect(names()).toEqual(["first", "third"])
  // Not flushed at once, with the parent rendering for another reason first
  unsafe.dispatch({ _tag: "remove", payload: "one" })
  view.click("tick")
  await vi.waitFor(() => expect(names()).toEqual(["third"]))
  expect(view.text()).not.toContain("caught")
})
