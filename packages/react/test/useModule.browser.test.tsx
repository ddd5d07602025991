import { Derived, Module, Runtime } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Activity, StrictMode, Suspense, useEffect, useState } from "react"
import { flushSync } from "react-dom"
import { describe, expect, test, vi } from "vitest"
import { useModule, useSelector } from "../src/index.ts"
import type { ModuleRef } from "../src/index.ts"
import {
  Boundary,
  Counter,
  CounterLive,
  make,
  makeCounter,
  Provided,
  react19,
  render,
  RuntimeProvider,
  Suspender,
  use
} from "./support.tsx"

const Note = Module.make("Note", {
  state: Schema.Struct({ text: Schema.String }),
  actions: { write: Schema.String },
  reducers: { write: (_, text) => ({ text }) }
})

/** A module whose instances report their logic's start and end. */
const makeNote = (log: Array<string>, prefix = "") =>
  Note.implement({
    initial: (input: string) => ({ text: prefix + input }),
    logics: [
      Note.logic("life", ($) =>
        Effect.gen(function* () {
          const { text } = yield* $.state.get
          log.push(`start ${text}`)
          yield* Effect.addFinalizer(() => Effect.sync(() => log.push(`end ${text}`)))
        })
      )
    ]
  })

const liveNotes = (runtime: ReturnType<typeof makeCounter>) =>
  runtime.instances().filter((instance) => instance.id === "Note")

test("definition and tag give the provider's instance, with the same ref everywhere and always", () => {
  const runtime = makeCounter()
  const refs = new Set<object>()
  const App = () => {
    refs.add(useModule(Counter))
    refs.add(useModule(Counter.tag))
    return null
  }
  const view = render(
    <Provided runtime={runtime}>
      <App />
      <App />
    </Provided>
  )
  view.rerender(
    <Provided runtime={runtime}>
      <App />
    </Provided>
  )
  expect(refs.size).toBe(1)
})

test("a ref has the instance, stable actions, and what extend adds", () => {
  const runtime = makeCounter()
  const refs: Array<ModuleRef<{ count: number; label: string }, { add: number }> | object> = []
  const App = () => {
    const ref = useModule(Counter)
    refs.push(ref, ref.actions, ref.actions.add)
    expect(ref.runtime).toBe(runtime.resolve(Counter.tag))
    return <>{ref.title()}</>
  }
  const view = render(
    <Provided runtime={runtime}>
      <App />
    </Provided>
  )
  view.rerender(
    <Provided runtime={runtime}>
      <App />
    </Provided>
  )
  expect(view.text()).toBe("the Counter")
  expect(new Set(refs).size).toBe(3)
})

test("actions commit before they return; dispatch gives a Promise that settles", async () => {
  const runtime = makeCounter()
  let settled: Promise<void> | undefined
  const App = () => {
    const counter = useModule(Counter)
    return (
      <button
        onClick={() => {
          counter.actions.add(2)
          expect(counter.runtime.unsafe.getState().count).toBe(2)
          settled = counter.dispatch({ _tag: "add", payload: 3 })
          expect(counter.runtime.unsafe.getState().count).toBe(5)
        }}
      >
        go
      </button>
    )
  }
  render(
    <Provided runtime={runtime}>
      <App />
    </Provided>
  ).click("go")
  await expect(settled).resolves.toBeUndefined()
})

test("an error in a reducer called from an event handler reaches onError and is thrown to the handler", () => {
  const onError = vi.fn()
  const runtime = make(Runtime.make(CounterLive, { onError }))
  const thrown: Array<unknown> = []
  const App = () => {
    const counter = useModule(Counter)
    const count = useSelector(counter, (state) => state.count)
    const boom = () => {
      try {
        counter.actions.boom()
      } catch (error) {
        thrown.push(error)
      }
    }
    return <button onClick={boom}>{`boom ${count}`}</button>
  }
  const view = render(
    <RuntimeProvider runtime={runtime}>
      <App />
    </RuntimeProvider>
  )
  view.click("boom 0")
  expect(thrown).toEqual([expect.objectContaining({ _tag: "ReducerFailed", tag: "boom" })])
  expect(onError).toHaveBeenCalledTimes(1)
  expect(view.text()).toBe("boom 0")
})

test("an ignored dispatch that fails makes no unhandled rejection; an awaited one rejects", async () => {
  const runtime = make(Runtime.make(CounterLive, { onError: () => {} }))
  const unhandled = vi.fn((event: Event) => event.preventDefault())
  window.addEventListener("unhandledrejection", unhandled)
  let result: Promise<void> | undefined
  const App = () => {
    const counter = useModule(Counter)
    return <button onClick={() => void (result = counter.dispatch({ _tag: "boom" }))}>boom</button>
  }
  const view = render(
    <RuntimeProvider runtime={runtime}>
      <App />
    </RuntimeProvider>
  )
  view.click("boom")
  // Two macrotasks: the browser reports unhandled rejections after the task that made them.
  for (let i = 0; i < 2; i++) await new Promise((resume) => setTimeout(resume))
  window.removeEventListener("unhandledrejection", unhandled)
  expect(unhandled).not.toHaveBeenCalled()
  await expect(result).rejects.toMatchObject({ _tag: "ReducerFailed" })
})

test("a local instance is made cold in render and started once the component has committed", async () => {
  const runtime = makeCounter()
  const log: Array<string> = []
  const NoteLive = makeNote(log)
  const App = () => {
    const note = useModule(NoteLive, { input: "hello" })
    log.push("render")
    return <>{useSelector(note, (state) => state.text)}</>
  }
  const view = render(
    <Provided runtime={runtime}>
      <App />
    </Provided>
  )
  expect(view.text()).toBe("hello")
  await vi.waitFor(() => expect(log).toEqual(["render", "start hello"]))
  expect(liveNotes(runtime)).toHaveLength(1)
})

test("StrictMode leaves one live instance, its logic started once, and none after unmount", async () => {
  const runtime = makeCounter()
  const log: Array<string> = []
  const NoteLive = makeNote(log)
  const App = () => {
    const note = useModule(NoteLive, { input: "strict" })
    return <button onClick={() => note.actions.write("written")}>{useSelector(note).text}</button>
  }
  const view = render(
    <StrictMode>
      <Provided runtime={runtime}>
        <App />
      </Provided>
    </StrictMode>
  )
  await vi.waitFor(() => expect(log).toEqual(["start strict"]))
  expect(liveNotes(runtime)).toHaveLength(1)
  view.click("strict")
  await vi.waitFor(() => expect(view.text()).toBe("written"))
  view.unmount()
  await vi.waitFor(() => expect(log).toEqual(["start strict", "end strict"]))
  expect(liveNotes(runtime)).toEqual([])
})

test("two components without a key have an instance each; under one key they share one", async () => {
  const runtime = makeCounter()
  const NoteLive = makeNote([])
  const Editor = ({ at }: { at?: string }) => {
    const note = useModule(NoteLive, { input: "-", ...(at === undefined ? {} : { key: at }) })
    const text = useSelector(note, (state) => state.text)
    return <button onClick={() => note.actions.write(text + "x")}>{`${at}:${text}`}</button>
  }
  const view = render(
    <Provided runtime={runtime}>
      <Editor /> <Editor /> <Editor at="a" /> <Editor at="a" /> <Editor at="b" />
    </Provided>
  )
  expect(liveNotes(runtime)).toHaveLength(4)
  view.click("undefined:-")
  view.click("a:-")
  await vi.waitFor(() => expect(view.text()).toBe("undefined:-x undefined:- a:-x a:-x b:-"))
})

test("a keyed instance lives until its last component has left", async () => {
  const runtime = makeCounter()
  const log: Array<string> = []
  const NoteLive = makeNote(log)
  const Editor = () => <>{useSelector(useModule(NoteLive, { input: "shared", key: "k" })).text}</>
  const App = ({ count }: { count: number }) => (
    <Provided runtime={runtime}>
      {count > 0 && <Editor key="first" />}
      {count > 1 && <Editor key="second" />}
    </Provided>
  )
  const view = render(<App count={2} />)
  await vi.waitFor(() => expect(log).toEqual(["start shared"]))
  view.rerender(<App count={1} />)
  view.rerender(<App count={2} />)
  expect(view.text()).toBe("sharedshared")
  view.rerender(<App count={0} />)
  await vi.waitFor(() => expect(log).toEqual(["start shared", "end shared"]))
})

test("gcTime keeps an instance that a component comes back to", async () => {
  const runtime = makeCounter()
  const log: Array<string> = []
  const NoteLive = makeNote(log)
  const Editor = () => {
    const note = useModule(NoteLive, { input: "kept", key: "k", gcTime: 60_000 })
    return <button onClick={() => note.actions.write("edited")}>{useSelector(note).text}</button>
  }
  const App = ({ shown }: { shown: boolean }) => (
    <Provided runtime={runtime}>{shown ? <Editor /> : null}</Provided>
  )
  const view = render(<App shown />)
  view.click("kept")
  view.rerender(<App shown={false} />)
  await new Promise((resume) => setTimeout(resume))
  view.rerender(<App shown />)
  expect(view.text()).toBe("edited")
  expect(liveNotes(runtime)).toHaveLength(1)
  expect(log).toEqual(["start kept"])
})

test("another module, and another key, make another instance and end the one before", async () => {
  const runtime = makeCounter()
  const log: Array<string> = []
  const Plain = makeNote(log)
  const Loud = makeNote(log, "LOUD ")
  const Editor = ({ at, loud }: { at: string; loud: boolean }) => (
    <>{useSelector(useModule(loud ? Loud : Plain, { input: at, key: at })).text}</>
  )
  const App = (props: { at: string; loud: boolean }) => (
    <Provided runtime={runtime}>
      <Editor {...props} />
    </Provided>
  )
  const view = render(<App at="a" loud={false} />)
  expect(view.text()).toBe("a")
  view.rerender(<App at="b" loud={false} />)
  expect(view.text()).toBe("b")
  await vi.waitFor(() => expect(log).toEqual(["start a", "start b", "end a"]))
  view.rerender(<App at="b" loud />)
  expect(view.text()).toBe("LOUD b")
  await vi.waitFor(() => expect(log).toEqual(["start a", "start b", "end a", "start LOUD b", "end b"]))
  expect(liveNotes(runtime)).toHaveLength(1)
})

test("after a change the new private instance is kept by later renders", () => {
  const runtime = makeCounter()
  const Plain = makeNote([])
  const Loud = makeNote([], "LOUD ")
  const refs = new Set<object>()
  const Editor = ({ loud }: { loud: boolean }) => {
    const note = useModule(loud ? Loud : Plain, { input: "a" })
    refs.add(note)
    return <button onClick={() => note.actions.write("written")}>{useSelector(note).text}</button>
  }
  const App = ({ loud }: { loud: boolean }) => (
    <Provided runtime={runtime}>
      <Editor loud={loud} />
    </Provided>
  )
  const view = render(<App loud={false} />)
  view.rerender(<App loud />)
  flushSync(() => view.click("LOUD a"))
  view.rerender(<App loud />)
  expect(view.text()).toBe("written")
  expect(refs.size).toBe(2)
})

test("an impl is a local instance too", () => {
  const runtime = makeCounter()
  const App = () => {
    const own = useModule(CounterLive.impl)
    return <>{String(own.runtime === runtime.resolve(Counter.tag))}</>
  }
  expect(
    render(
      <Provided runtime={runtime}>
        <App />
      </Provided>
    ).text()
  ).toBe("false")
})

test("an action dispatched in a mount effect, before the instance has started, reaches its logic", async () => {
  const runtime = makeCounter()
  const written: Array<string> = []
  const NoteLive = Note.implement({
    initial: { text: "" },
    logics: [
      Note.logic("log", ($) => $.onAction("write").run((text) => Effect.sync(() => written.push(text))))
    ]
  })
  const Child = ({ note }: { note: { actions: { write: (text: string) => void } } }) => {
    useEffect(() => note.actions.write("early"), [note])
    return null
  }
  const App = () => <Child note={useModule(NoteLive)} />
  render(
    <Provided runtime={runtime}>
      <App />
    </Provided>
  )
  await vi.waitFor(() => expect(written).toEqual(["early"]))
})

test("renders that never commit start nothing; the one that does starts one instance", async () => {
  const runtime = makeCounter()
  const log: Array<string> = []
  const NoteLive = makeNote(log)
  const gate = Promise.withResolvers<void>()
  const Editor = () => {
    const note = useModule(NoteLive, { input: "late" })
    use(gate.promise)
    return <>{useSelector(note).text}</>
  }
  const view = render(
    <Provided runtime={runtime}>
      <Suspense fallback="waiting">
        <Editor />
      </Suspense>
    </Provided>
  )
  expect(view.text()).toBe("waiting")
  expect(liveNotes(runtime)).toEqual([])
  gate.resolve()
  await vi.waitFor(() => expect(view.text()).toBe("late"))
  await vi.waitFor(() => expect(log).toEqual(["start late"]))
  expect(liveNotes(runtime)).toHaveLength(1)
})

test("a local instance that Suspense hides goes on", async () => {
  const runtime = makeCounter()
  const log: Array<string> = []
  const NoteLive = makeNote(log)
  const Editor = () => <>{useSelector(useModule(NoteLive, { input: "hidden" })).text}</>
  const App = ({ wait }: { wait: boolean }) => (
    <Provided runtime={runtime}>
      <Suspense fallback={null}>
        <Editor />
        <Suspender wait={wait} />
      </Suspense>
    </Provided>
  )
  const view = render(<App wait={false} />)
  view.rerender(<App wait />)
  // Longer than gcTime, which is one task.
  for (let i = 0; i < 5; i++) await new Promise((resume) => setTimeout(resume))
  expect(liveNotes(runtime)).toHaveLength(1)
  view.rerender(<App wait={false} />)
  expect(view.text()).toBe("hidden")
  expect(log).toEqual(["start hidden"])
})

test("another runtime gives the same component that runtime's instance", () => {
  const first = makeCounter()
  const second = makeCounter()
  second.resolve(Counter.tag).unsafe.dispatch({ _tag: "add", payload: 5 })
  const App = () => {
    const [id] = useState("kept")
    return <>{`${id} ${useSelector(useModule(Counter)).count}`}</>
  }
  const view = render(
    <Provided runtime={first}>
      <App />
    </Provided>
  )
  expect(view.text()).toBe("kept 0")
  view.rerender(
    <Provided runtime={second}>
      <App />
    </Provided>
  )
  expect(view.text()).toBe("kept 5")
})

for (const key of [undefined, "shared"]) {
  test(
    `hidden by Activity for longer than gcTime and shown again, it has a live instance (key: ${key})`,
    react19,
    async () => {
      const runtime = makeCounter()
      const log: Array<string> = []
      const NoteLive = makeNote(log)
      const Editor = () => {
        const note = useModule(NoteLive, key === undefined ? { input: "new" } : { input: "new", key })
        return <button onClick={() => note.actions.write("written")}>{useSelector(note).text}</button>
      }
      const App = ({ mode }: { mode: "visible" | "hidden" }) => (
        <Provided runtime={runtime}>
          <Activity mode={mode}>
            <Editor />
          </Activity>
        </Provided>
      )
      const view = render(<App mode="visible" />)
      await vi.waitFor(() => expect(liveNotes(runtime)).toHaveLength(1))
      view.click("new")
      await vi.waitFor(() => expect(view.text()).toBe("written"))
      view.rerender(<App mode="hidden" />)
      await vi.waitFor(() => expect(log).toEqual(["start new", "end new"]))
      expect(liveNotes(runtime)).toEqual([])
      view.rerender(<App mode="visible" />)
      await vi.waitFor(() => expect(log).toEqual(["start new", "end new", "start new"]))
      await vi.waitFor(() => expect(view.text()).toBe("new"))
      view.click("new")
      await vi.waitFor(() => expect(view.text()).toBe("written"))
      expect(liveNotes(runtime)).toHaveLength(1)
    }
  )
}

test("evicted while mounted, a local instance is replaced in every component that had it", async () => {
  const runtime = makeCounter()
  const log: Array<string> = []
  const NoteLive = makeNote(log)
  const Shown = () => {
    const note = useModule(NoteLive, { key: "k", input: "a" })
    return <i>{useSelector(note, (state) => state.text)}</i>
  }
  const view = render(
    <Provided runtime={runtime}>
      <Shown />
      <Shown />
    </Provided>
  )
  const [first] = liveNotes(runtime)
  first?.unsafe.transact("write", (tx) => tx.set({ text: "b" }))
  await vi.waitFor(() => expect(view.container.textContent).toBe("bb"))
  await runtime.evict("Note#1")
  await vi.waitFor(() => expect(view.container.textContent).toBe("aa"))
  expect(log).toEqual(["start a", "end a", "start a"])
  expect(liveNotes(runtime).map(({ instanceId }) => instanceId)).toEqual(["Note#2"])
  expect(runtime.list().at(-1)?.local).toEqual({ key: "k", mounts: 2 })
})

test("one that is evicted before it suspends is replaced by one, however often it is tried", async () => {
  const runtime = makeCounter()
  const made: Array<object> = []
  const NoteLive = Note.implement({ initial: { text: "" } })
  const loads = new WeakMap<object, Promise<string>>()
  const load = (instance: object) => {
    const known = loads.get(instance)
    if (known !== undefined) return known
    made.push(instance)
    const loading = Promise.resolve("loaded")
    loads.set(instance, loading)
    return loading
  }
  let suspends = false
  const Editor = () => {
    const note = useModule(NoteLive)
    return <i>{suspends ? use(load(note.runtime)) : "first"}</i>
  }
  const view = render(
    <Provided runtime={runtime}>
      <Suspense fallback="waiting">
        <Editor />
      </Suspense>
    </Provided>
  )
  const [instance] = await vi.waitFor(() => {
    const notes = runtime.list().filter(({ moduleId }) => moduleId === "Note")
    expect(notes).toHaveLength(1)
    return notes
  })
  suspends = true
  await runtime.evict(instance!.instanceId)
  await vi.waitFor(() => expect(view.container.innerText).toBe("loaded"))
  expect(made).toHaveLength(1)
})

describe("what mounts later", () => {
  const Count = () => <i>{useSelector(useModule(Counter), ({ count }) => count)}</i>
  const Double = Derived.make([Counter], ({ count }) => count * 2)
  const Twice = () => <b>{useSelector(useModule(Double))}</b>

  /** Mounts and unmounts both, and gives what mounts them again. */
  const comeAndGo = (runtime: Runtime.AnyRuntime) => {
    const app = (shown: boolean) => (
      <RuntimeProvider runtime={runtime}>
        <Boundary>{shown ? [<Count key="count" />, <Twice key="twice" />] : null}</Boundary>
      </RuntimeProvider>
    )
    const view = render(app(true))
    expect(view.text()).toBe("00")
    view.rerender(app(false))
    return () => {
      view.rerender(app(true))
      return view.text()
    }
  }

  test("has the new instance of a module that was evicted and added again", async () => {
    const runtime = makeCounter()
    const again = comeAndGo(runtime)
    await runtime.evict(runtime.resolve(Counter.tag).instanceId)
    await runtime.add([CounterLive])
    runtime.resolve(Counter.tag).unsafe.dispatch({ _tag: "add", payload: 7 })
    expect(again()).toBe("714")
  })

  test("has its scope's own, where one was added", async () => {
    const scope = makeCounter().scope([])
    const again = comeAndGo(scope)
    await scope.add([CounterLive])
    scope.resolve(Counter.tag).unsafe.dispatch({ _tag: "add", payload: 7 })
    expect(again()).toBe("714")
  })

  test("is refused what was evicted, and a runtime that was disposed of", async () => {
    const runtime = makeCounter()
    const again = comeAndGo(runtime)
    await runtime.evict(runtime.resolve(Counter.tag).instanceId)
    expect(again()).toContain("Counter")
    const ended = makeCounter()
    const againThere = comeAndGo(ended)
    await ended.dispose()
    expect(againThere()).toContain("disposed")
  })
})

test("a provider may have a scope nested in another provider's runtime", async () => {
  const runtime = makeCounter()
  const scope = runtime.scope([Note.implement({ initial: { text: "inner" } })], { label: "page" })
  const Page = () => {
    const [note, counter] = [useModule(Note), useModule(Counter)]
    const text = useSelector([note, counter], ({ text }, { count }) => `${text} ${count}`)
    return <i>{text}</i>
  }
  const view = render(
    <Provided runtime={runtime}>
      <Provided runtime={scope}>
        <Page />
      </Provided>
    </Provided>
  )
  runtime.resolve(Counter.tag).unsafe.dispatch({ _tag: "increment" })
  await vi.waitFor(() => expect(view.container.textContent).toBe("inner 1"))
})

test("after a hot reload, components go on with the same refs, which have what the module has now", async () => {
  const evaluate = (step: number) => {
    const Tally = Module.make("Tally", {
      state: Schema.Struct({ count: Schema.Number }),
      actions: { up: Schema.Void, ...(step > 1 ? { down: Schema.Void } : {}) },
      reducers: { up: ({ count }) => ({ count: count + step }) },
      extend: () => ({ step })
    })
    return Tally.implement({ initial: { count: 0 } })
  }
  const [one, two] = [evaluate(1), evaluate(10)]
  const runtime = makeCounter()
  const refs = new Set<{ readonly actions: { readonly up: () => void } }>()
  const App = ({ module }: { readonly module: typeof one }) => {
    const tally = useModule(module)
    refs.add(tally)
    return (
      <i>{`${useSelector(tally, ({ count }) => count)} by ${tally.step}, ${Object.keys(tally.actions).join(" ")}`}</i>
    )
  }
  const shown = (module: typeof one) => (
    <Provided runtime={runtime}>
      <App module={module} />
    </Provided>
  )
  const view = render(shown(one))
  const [ref] = refs
  ref?.actions.up()
  await vi.waitFor(() => expect(view.container.textContent).toBe("1 by 1, up"))
  await runtime.replace(two)
  view.rerender(shown(two))
  expect(view.container.textContent).toBe("1 by 10, up down")
  ref?.actions.up()
  await vi.waitFor(() => expect(view.container.textContent).toBe("11 by 10, up down"))
  expect(refs.size).toBe(1)
  expect(runtime.instances().map(({ instanceId }) => instanceId)).toEqual(["Counter#1", "Tally#1"])
})
