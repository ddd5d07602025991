import { Module, Runtime } from "@sluice/core"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as AsyncResult from "effect/reactivity/AsyncResult"
import * as Schema from "effect/Schema"
import { Component, startTransition, StrictMode, Suspense, useEffect, useState } from "react"
import type { ReactNode } from "react"
import { flushSync } from "react-dom"
import { expect, expectTypeOf, inject, test, vi } from "vitest"
import { useModule, useSelector, useSuspenseSource } from "../src/index.ts"
import { caught, make, render, RuntimeProvider } from "./support.tsx"

const Page = Module.make("Page", {
  state: Schema.Struct({
    id: Schema.NullOr(Schema.Int),
    rows: AsyncResult.Schema({ success: Schema.String, error: Schema.String }),
    size: Schema.Int
  }),
  actions: { show: Schema.NullOr(Schema.Int) },
  reducers: { show: (state, id) => ({ ...state, id }) },
  traits: (t) => ({
    rows: t.source({ key: ({ id }) => id, load: (id) => asked(id) }),
    size: t.computed(({ rows }) => AsyncResult.getOrElse(rows, () => "").length)
  })
})

/** Loads that have not ended, oldest first. Written by `asked` and the tests. */
let loads: Array<{ readonly id: number; readonly end: (exit: Exit.Exit<string, string>) => void }> = []

const asked = (id: number): Effect.Effect<string, string> =>
  Effect.suspend(() => {
    const answer = Deferred.makeUnsafe<string, string>()
    loads.push({ id, end: (exit) => Deferred.doneUnsafe(answer, exit) })
    return Deferred.await(answer)
  })

const nextLoad = async () => {
  await vi.waitFor(() => expect(loads).toHaveLength(1))
  const [load] = loads.splice(0)
  return load!
}

const start = (id: number | null = 1) => {
  loads = []
  const errors: Array<unknown> = []
  const onError = (cause: unknown) => void errors.push(cause)
  const runtime = make(Runtime.make(Page.implement({ initial: { id } }), { onError }))
  return { errors, runtime, page: runtime.resolve(Page.tag), unsafe: runtime.resolve(Page.tag).unsafe }
}

/** An error boundary with what resets it. */
class Catch extends Component<{ readonly children: ReactNode }, { readonly error: unknown }> {
  override state = { error: undefined }
  static getDerivedStateFromError(error: unknown) {
    caught(error)
    return { error }
  }
  override render() {
    const { error } = this.state
    if (error === undefined) return this.props.children
    return (
      <>
        <p>caught {String(error)}</p>
        <button onClick={() => this.setState({ error: undefined })}>again</button>
      </>
    )
  }
}

const Rows = () => {
  const page = useModule(Page)
  const rows = useSuspenseSource(page, "rows")
  expectTypeOf(rows).toEqualTypeOf<string>()
  return <b>{rows}</b>
}

const shown = (runtime: Runtime.AnyRuntime, content: ReactNode = <Rows />) =>
  render(
    <RuntimeProvider runtime={runtime}>
      <Catch>
        <Suspense fallback={<i>loading</i>}>{content}</Suspense>
      </Catch>
    </RuntimeProvider>
  )

const Settled = ({ onSettled }: { readonly onSettled: () => void }) => {
  const [is, set] = useState(false)
  useEffect(() => {
    if (is) onSettled()
  }, [is, onSettled])
  return <button onClick={() => startTransition(() => set(true))}>settle</button>
}

/** What the view says once it says something else than the text. */
const after = async (view: ReturnType<typeof shown>, text: string) => {
  await vi.waitFor(() => expect(view.container.textContent).not.toBe(text))
  return view.container.textContent
}

/** What is visible: React leaves hidden what a fallback stands for. */
const visible = ({ container }: ReturnType<typeof shown>) => {
  const kept = [...container.children].filter((child) => getComputedStyle(child).display !== "none")
  return kept.map((child) => child.textContent).join(" ")
}

test("suspends until there is a value, which has the type of a success", async () => {
  const { runtime } = start()
  const view = shown(runtime)
  expect(view.text()).toBe("loading")
  const load = await nextLoad()
  load.end(Exit.succeed("one"))
  expect(await after(view, "loading")).toBe("one")
})

test("a value that is there is shown at once", async () => {
  const { runtime, unsafe } = start()
  ;(await nextLoad()).end(Exit.succeed("one"))
  await vi.waitFor(() => expect(unsafe.getState().rows._tag).toBe("Success"))
  expect(shown(runtime).text()).toBe("one")
})

test("StrictMode: one load, and its value", async () => {
  const { runtime } = start()
  const view = render(
    <StrictMode>
      <RuntimeProvider runtime={runtime}>
        <Suspense fallback="loading">
          <Rows />
          <Rows />
        </Suspense>
      </RuntimeProvider>
    </StrictMode>
  )
  ;(await nextLoad()).end(Exit.succeed("one"))
  await vi.waitFor(() => expect(view.text()).toBe("oneone"))
  expect(loads).toEqual([])
})

test("while it is loaded anew the value before is shown, and nothing suspends", async () => {
  const { page, runtime } = start()
  const fallbacks = vi.fn()
  const Fallback = () => {
    fallbacks()
    return <i>loading</i>
  }
  const view = render(
    <RuntimeProvider runtime={runtime}>
      <Suspense fallback={<Fallback />}>
        <Rows />
      </Suspense>
    </RuntimeProvider>
  )
  ;(await nextLoad()).end(Exit.succeed("one"))
  await vi.waitFor(() => expect(view.text()).toBe("one"))
  const before = fallbacks.mock.calls.length
  const refreshed = runtime.runPromise(page.refresh("rows"))
  const load = await nextLoad()
  expect(page.unsafe.getState().rows.waiting).toBe(true)
  flushSync(() => {})
  expect(view.text()).toBe("one")
  load.end(Exit.succeed("two"))
  await refreshed
  await vi.waitFor(() => expect(view.text()).toBe("two"))
  expect(fallbacks).toHaveBeenCalledTimes(before)
})

test("another key suspends again, until its value is there", async () => {
  const { runtime, unsafe } = start()
  const view = shown(runtime)
  ;(await nextLoad()).end(Exit.succeed("one"))
  await vi.waitFor(() => expect(visible(view)).toBe("one"))
  unsafe.dispatch({ _tag: "show", payload: 2 })
  await vi.waitFor(() => expect(visible(view)).toBe("loading"))
  const load = await nextLoad()
  expect(load.id).toBe(2)
  load.end(Exit.succeed("two"))
  await vi.waitFor(() => expect(visible(view)).toBe("two"))
})

test("another key in a transition: the provider that is concurrent shows the value before until then", async () => {
  const { runtime, unsafe } = start()
  const view = shown(runtime)
  ;(await nextLoad()).end(Exit.succeed("one"))
  await vi.waitFor(() => expect(visible(view)).toBe("one"))
  startTransition(() => unsafe.dispatch({ _tag: "show", payload: 2 }))
  const load = await nextLoad()
  // Whatever React does with it before, it has done when a later transition has been shown.
  const { promise, resolve } = Promise.withResolvers<void>()
  const other = render(<Settled onSettled={resolve} />)
  startTransition(() => other.click("settle"))
  await promise
  await vi.waitFor(() => expect(visible(view)).toBe(inject("concurrent") ? "one" : "loading"))
  load.end(Exit.succeed("two"))
  await vi.waitFor(() => expect(visible(view)).toBe("two"))
})

test("a key of nothing to load suspends until there is one", async () => {
  const { runtime, unsafe } = start(null)
  const view = shown(runtime)
  expect(view.text()).toBe("loading")
  unsafe.dispatch({ _tag: "show", payload: 3 })
  ;(await nextLoad()).end(Exit.succeed("three"))
  expect(await after(view, "loading")).toBe("three")
})

test("a failure goes to the error boundary; refresh and reset show the next value", async () => {
  const { page, runtime } = start()
  const view = shown(runtime)
  ;(await nextLoad()).end(Exit.fail("offline"))
  expect(await after(view, "loading")).toContain("caught offline")
  const refreshed = runtime.runPromise(page.refresh("rows"))
  const load = await nextLoad()
  flushSync(() => view.click("again"))
  expect(visible(view)).toBe("loading")
  load.end(Exit.succeed("one"))
  await refreshed
  await vi.waitFor(() => expect(visible(view)).toBe("one"))
})

test("a reset without a refresh shows the same failure", async () => {
  const { runtime } = start()
  const view = shown(runtime)
  ;(await nextLoad()).end(Exit.fail("offline"))
  await after(view, "loading")
  flushSync(() => view.click("again"))
  expect(view.text()).toContain("caught offline")
})

test("a failed refresh is thrown; while it is tried again, the value before is shown", async () => {
  const { page, runtime } = start()
  const view = shown(runtime)
  ;(await nextLoad()).end(Exit.succeed("one"))
  await after(view, "loading")
  void runtime.runPromise(page.refresh("rows"))
  ;(await nextLoad()).end(Exit.fail("offline"))
  await vi.waitFor(() => expect(view.text()).toContain("caught offline"))
  void runtime.runPromise(page.refresh("rows"))
  const load = await nextLoad()
  flushSync(() => view.click("again"))
  expect(visible(view)).toBe("one")
  load.end(Exit.succeed("two"))
  await vi.waitFor(() => expect(visible(view)).toBe("two"))
})

test("a defect is thrown as it is, and reported", async () => {
  const { errors, runtime } = start()
  const view = shown(runtime)
  ;(await nextLoad()).end(Exit.die(new Error("broken")))
  expect(await after(view, "loading")).toContain("caught Error: broken")
  expect(errors).toHaveLength(1)
})

test("a load that interrupts itself is a failure as well", async () => {
  const { runtime } = start()
  const view = shown(runtime)
  ;(await nextLoad()).end(Exit.interrupt())
  expect(await after(view, "loading")).toContain("caught")
})

test("devtools that come back from a state without a value show it again", async () => {
  const { page, runtime } = start()
  const view = shown(runtime)
  ;(await nextLoad()).end(Exit.succeed("one"))
  await after(view, "loading")
  const { rows, ...others } = page.unsafe.getState()
  expect(AsyncResult.isSuccess(rows)).toBe(true)
  flushSync(() =>
    runtime.travel.to(new Map([[page.instanceId, { ...others, rows: AsyncResult.initial(true) }]]))
  )
  await vi.waitFor(() => expect(visible(view)).toBe("loading"))
  runtime.travel.live()
  await vi.waitFor(() => expect(visible(view)).toBe("one"))
})

const LocalLive = Page.implement({ initial: (id: number) => ({ id }) })

test("a keyed local instance is loaded by the component that suspends, once, and goes on with it", async () => {
  const { runtime } = start(null)
  const instances = new Set<string>()
  const Local = () => {
    const page = useModule(LocalLive, { key: "a", input: 5 })
    instances.add(page.runtime.instanceId)
    return <b>{useSuspenseSource(page, "rows")}</b>
  }
  const view = shown(runtime, <Local />)
  const load = await nextLoad()
  expect(load.id).toBe(5)
  load.end(Exit.succeed("five"))
  expect(await after(view, "loading")).toBe("five")
  expect(instances.size).toBe(1)
  view.unmount()
  await vi.waitFor(() => expect(runtime.instances()).toHaveLength(1))
  expect(loads).toEqual([])
})

test("a private local instance of a component above the boundary is loaded once that has committed", async () => {
  const { runtime } = start(null)
  const Child = ({ page }: { readonly page: ReturnType<typeof useLocal> }) => (
    <b>{useSuspenseSource(page, "rows")}</b>
  )
  const useLocal = () => useModule(LocalLive, { input: 6 })
  const Parent = () => {
    const page = useLocal()
    return (
      <Suspense fallback={<i>loading</i>}>
        <Child page={page} />
      </Suspense>
    )
  }
  const view = shown(runtime, <Parent />)
  ;(await nextLoad()).end(Exit.succeed("six"))
  expect(await after(view, "loading")).toBe("six")
})

test("who waits for an instance that is evicted goes on with the next under its key", async () => {
  const { runtime } = start(null)
  const Local = () => <b>{useSuspenseSource(useModule(LocalLive, { key: "a", input: 5 }), "rows")}</b>
  const view = shown(runtime, <Local />)
  await nextLoad()
  const evicted = runtime.instances().find(({ instanceId }) => instanceId !== "Page#1")
  await runtime.evict(evicted!.instanceId)
  ;(await nextLoad()).end(Exit.succeed("next"))
  expect(await after(view, "loading")).toBe("next")
})

test("the field can be read as it is: waiting, failed, with the value before", async () => {
  const { page, runtime } = start()
  const told: Array<string> = []
  const Plain = () => {
    const rows = useSelector(useModule(Page), (state) => state.rows)
    const [text, wait] = [
      AsyncResult.match(rows, {
        onInitial: () => "nothing",
        onSuccess: ({ value }) => value,
        onFailure: () => `failed, was ${AsyncResult.getOrElse(rows, () => "nothing")}`
      }),
      rows.waiting ? ", waiting" : ""
    ]
    if (told.at(-1) !== text + wait) told.push(text + wait)
    return <b>{text + wait}</b>
  }
  const view = shown(runtime, <Plain />)
  ;(await nextLoad()).end(Exit.succeed("one"))
  await vi.waitFor(() => expect(view.text()).toBe("one"))
  void runtime.runPromise(page.refresh("rows"))
  const load = await nextLoad()
  await vi.waitFor(() => expect(view.text()).toBe("one, waiting"))
  load.end(Exit.fail("offline"))
  await vi.waitFor(() => expect(view.text()).toBe("failed, was one"))
  expect(told).toEqual(["nothing, waiting", "one", "one, waiting", "failed, was one"])
})

test("a render that never commits leaves no listener once its load has ended", async () => {
  const { runtime, unsafe } = start()
  const once = unsafe.whenLoaded("rows")
  expect(unsafe.whenLoaded("rows")).toBe(once)
  const Toggle = () => {
    const [on, set] = useState(true)
    return (
      <>
        <button onClick={() => set(false)}>leave</button>
        {on ? <Rows /> : <b>left</b>}
      </>
    )
  }
  const view = shown(runtime, <Suspense fallback={<i>loading</i>}>{<Toggle />}</Suspense>)
  view.unmount()
  ;(await nextLoad()).end(Exit.succeed("one"))
  await once
  expect(unsafe.whenLoaded("rows")).not.toBe(once)
})

test("only fields that hold an AsyncResult can be waited for, and no other ref", () => {
  const Wrong = () => {
    const page = useModule(Page)
    // @ts-expect-error -- not a source's field
    useSuspenseSource(page, "id")
    // @ts-expect-error -- no such field
    useSuspenseSource(page, "nothing")
    return null
  }
  expect(Wrong).toBeTypeOf("function")
})
