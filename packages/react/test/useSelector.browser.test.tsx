import { Module, Runtime } from "@sluice/core"
import * as Schema from "effect/Schema"
import { startTransition, StrictMode, useLayoutEffect, useState } from "react"
import { flushSync } from "react-dom"
import { expect, test, vi } from "vitest"
import { useModule, useSelector } from "../src/index.ts"
import {
  Boundary,
  Counter,
  CounterLive,
  make,
  makeCounter,
  Provided,
  render,
  RuntimeProvider
} from "./support.tsx"

test("a counter renders and follows its state", async () => {
  const App = () => {
    const counter = useModule(Counter)
    const count = useSelector(counter, (state) => state.count)
    return (
      <>
        <p>{count}</p>
        <button onClick={() => counter.actions.increment()}>more</button>
        <button onClick={() => counter.actions.add(10)}>much more</button>
      </>
    )
  }
  const view = render(
    <Provided runtime={makeCounter()}>
      <App />
    </Provided>
  )
  expect(view.container.querySelector("p")?.textContent).toBe("0")
  view.click("more")
  view.click("much more")
  await vi.waitFor(() => expect(view.container.querySelector("p")?.textContent).toBe("11"))
})

test("without a selector the selection is the whole state", async () => {
  const runtime = makeCounter()
  const App = () => <>{JSON.stringify(useSelector(useModule(Counter)))}</>
  const view = render(
    <Provided runtime={runtime}>
      <App />
    </Provided>
  )
  runtime.resolve(Counter.tag).unsafe.dispatch({ _tag: "rename", payload: "one" })
  await vi.waitFor(() => expect(view.text()).toBe('{"count":0,"label":"one"}'))
})

test("a component does not render again when its selection did not change", async () => {
  const runtime = makeCounter()
  const renders = { count: 0, label: 0 }
  const Count = () => {
    renders.count++
    return <>{useSelector(useModule(Counter), (state) => state.count)}</>
  }
  const Label = () => {
    renders.label++
    return <>{useSelector(useModule(Counter), (state) => state.label)}</>
  }
  const view = render(
    <Provided runtime={runtime}>
      <Count /> <Label />
    </Provided>
  )
  const { unsafe } = runtime.resolve(Counter.tag)
  for (let i = 0; i < 5; i++) flushSync(() => unsafe.dispatch({ _tag: "increment" }))
  flushSync(() => unsafe.dispatch({ _tag: "ping", payload: 1 }))
  expect(view.text()).toBe("5 zero")
  expect(renders).toEqual({ count: 6, label: 1 })
})

test("NaN is the same selection as NaN", () => {
  const runtime = makeCounter()
  let renders = 0
  const App = () => {
    renders++
    return <>{useSelector(useModule(Counter), (state) => Number(state.label))}</>
  }
  const view = render(
    <Provided runtime={runtime}>
      <App />
    </Provided>
  )
  flushSync(() => runtime.resolve(Counter.tag).unsafe.dispatch({ _tag: "increment" }))
  expect(view.text()).toBe("NaN")
  expect(renders).toBe(1)
})

test("several commits in one task are one render, of the last state", async () => {
  const runtime = makeCounter()
  const seen: Array<number> = []
  const App = () => {
    const count = useSelector(useModule(Counter), (state) => state.count)
    seen.push(count)
    return <>{count}</>
  }
  const view = render(
    <Provided runtime={runtime}>
      <App />
    </Provided>
  )
  for (let i = 0; i < 100; i++) runtime.resolve(Counter.tag).unsafe.dispatch({ _tag: "increment" })
  await vi.waitFor(() => expect(view.text()).toBe("100"))
  expect(seen).toEqual([0, 100])
})

test("an inline selector sees the props of its own render", () => {
  const runtime = makeCounter()
  const Times = ({ by }: { by: number }) => {
    const product = useSelector(useModule(Counter), (state) => state.count * by)
    return <>{`${by}:${product}`}</>
  }
  const App = ({ by }: { by: number }) => (
    <Provided runtime={runtime}>
      <Times by={by} />
    </Provided>
  )
  const view = render(<App by={2} />)
  flushSync(() => runtime.resolve(Counter.tag).unsafe.dispatch({ _tag: "add", payload: 3 }))
  expect(view.text()).toBe("2:6")
  view.rerender(<App by={5} />)
  expect(view.text()).toBe("5:15")
  // A new prop and a new state in one batch.
  flushSync(() => {
    runtime.resolve(Counter.tag).unsafe.dispatch({ _tag: "add", payload: 1 })
    view.rerender(<App by={10} />)
  })
  expect(view.text()).toBe("10:40")
})

test("a selection that is a new object each time does not loop: one render a commit, and one warning", () => {
  const runtime = makeCounter()
  vi.mocked(console.warn).mockImplementation(() => {})
  let renders = 0
  const App = () => {
    renders++
    const { twice } = useSelector(useModule(Counter), (state) => ({ twice: state.count * 2 }))
    return <>{twice}</>
  }
  const view = render(
    <Provided runtime={runtime}>
      <App />
    </Provided>
  )
  expect(renders).toBe(1)
  flushSync(() => runtime.resolve(Counter.tag).unsafe.dispatch({ _tag: "increment" }))
  expect(view.text()).toBe("2")
  expect(renders).toBe(2)
  const warnings = vi.mocked(console.warn).mock.calls.splice(0)
  expect(warnings).toEqual([[expect.stringContaining("twice: state.count * 2")]])
})

test("an equality function keeps the old selection, and the component does not render again", () => {
  const runtime = makeCounter()
  let renders = 0
  const selections = new Set<object>()
  const App = () => {
    renders++
    const half = useSelector(
      useModule(Counter),
      (state) => ({ floor: Math.floor(state.count / 2) }),
      (a, b) => a.floor === b.floor
    )
    selections.add(half)
    return <>{half.floor}</>
  }
  const view = render(
    <Provided runtime={runtime}>
      <App />
    </Provided>
  )
  const { unsafe } = runtime.resolve(Counter.tag)
  flushSync(() => unsafe.dispatch({ _tag: "increment" }))
  expect(view.text()).toBe("0")
  expect(renders).toBe(1)
  flushSync(() => unsafe.dispatch({ _tag: "increment" }))
  expect(view.text()).toBe("1")
  expect(renders).toBe(2)
  expect(selections.size).toBe(2)
})

test("what a selector throws reaches the error boundary", () => {
  const runtime = makeCounter()
  const App = () => {
    const count = useSelector(useModule(Counter), (state) => {
      if (state.count > 0) throw new Error("too many")
      return state.count
    })
    return <>{count}</>
  }
  const view = render(
    <Provided runtime={runtime}>
      <Boundary>
        <App />
      </Boundary>
    </Provided>
  )
  expect(view.text()).toBe("0")
  flushSync(() => runtime.resolve(Counter.tag).unsafe.dispatch({ _tag: "increment" }))
  expect(view.text()).toBe("caught: Error: too many")
})

const Mirror = Module.make("Mirror", {
  state: Schema.Struct({ count: Schema.Number }),
  actions: { copy: Schema.Number },
  reducers: { copy: (_, count) => ({ count }) }
})
const MirrorLive = Mirror.implement({ initial: { count: 0 } })

test("one selector of two refs shows both at one moment in every render and in the DOM", async () => {
  const runtime = make(Runtime.make([CounterLive, MirrorLive]))
  const counter = runtime.resolve(Counter.tag)
  const mirror = runtime.resolve(Mirror.tag)
  // Commits in pairs: outside a pair the two are equal, and no one but a reader in between can see more.
  const torn: Array<string> = []
  const App = () => {
    const pair = useSelector([useModule(Counter), useModule(Mirror)], (a, b) => `${a.count}/${b.count}`)
    const [left, right] = useSelector([useModule(Counter), useModule(Mirror)])
    if (pair !== `${left.count}/${right.count}`) torn.push(`${pair} and ${left.count}/${right.count}`)
    return <>{pair}</>
  }
  const view = render(
    <RuntimeProvider runtime={runtime}>
      <App />
      <b>
        <App />
      </b>
    </RuntimeProvider>
  )
  const watcher = new MutationObserver(() => {
    const [first, second] = [
      view.container.firstChild?.textContent,
      view.container.querySelector("b")?.textContent
    ]
    const [a, b] = first?.split("/") ?? []
    if (first !== second || a !== b) torn.push(`${first} and ${second}`)
  })
  watcher.observe(view.container, { subtree: true, characterData: true, childList: true })
  for (let count = 1; count <= 50; count++) {
    counter.unsafe.dispatch({ _tag: "increment" })
    mirror.unsafe.dispatch({ _tag: "copy", payload: count })
    if (count % 5 === 0) await new Promise(requestAnimationFrame)
  }
  await vi.waitFor(() => expect(view.text()).toBe("50/5050/50"))
  watcher.disconnect()
  expect(torn).toEqual([])
})

test("commits in the middle of a time-sliced render leave no two rows of one DOM at different moments", async () => {
  const runtime = make(Runtime.make([CounterLive, MirrorLive]))
  const counter = runtime.resolve(Counter.tag)
  const mirror = runtime.resolve(Mirror.tag)
  const Row = () => {
    const pair = useSelector([useModule(Counter), useModule(Mirror)], (a, b) => `${a.count}/${b.count}`)
    const until = performance.now() + 5
    while (performance.now() < until);
    return <li>{pair}</li>
  }
  const rows = Array.from({ length: 20 }, (_, index) => <Row key={index} />)
  let show = () => {}
  const App = () => {
    const [shown, setShown] = useState(false)
    show = () => startTransition(() => setShown(true))
    return <ul>{shown ? rows : null}</ul>
  }
  const view = render(
    <RuntimeProvider runtime={runtime}>
      <App />
    </RuntimeProvider>
  )
  const texts = () => [...view.container.querySelectorAll("li")].map((row) => row.textContent)
  const torn: Array<ReadonlyArray<string | null>> = []
  const watcher = new MutationObserver(() => void (new Set(texts()).size > 1 && torn.push(texts())))
  watcher.observe(view.container, { subtree: true, characterData: true, childList: true })
  show()
  for (let count = 1; count <= 5; count++) {
    await new Promise((resume) => setTimeout(resume, 10))
    counter.unsafe.dispatch({ _tag: "increment" })
    mirror.unsafe.dispatch({ _tag: "copy", payload: count })
  }
  await vi.waitFor(() => expect(texts()).toEqual(rows.map(() => "5/5")), { timeout: 5_000 })
  watcher.disconnect()
  expect(torn).toEqual([])
})

test("a list of other refs, or of more, is followed from then on", () => {
  const runtime = make(Runtime.make([CounterLive, MirrorLive]))
  const Sum = ({ both }: { both: boolean }) => {
    const counter = useModule(Counter)
    const mirror = useModule(Mirror)
    const sum = useSelector(both ? [counter, mirror] : [counter], (...states) =>
      states.reduce((total, state) => total + state.count, 0)
    )
    return <>{sum}</>
  }
  const App = ({ both }: { both: boolean }) => (
    <RuntimeProvider runtime={runtime}>
      <Sum both={both} />
    </RuntimeProvider>
  )
  const view = render(<App both={false} />)
  flushSync(() => runtime.resolve(Mirror.tag).unsafe.dispatch({ _tag: "copy", payload: 7 }))
  expect(view.text()).toBe("0")
  view.rerender(<App both />)
  expect(view.text()).toBe("7")
  flushSync(() => runtime.resolve(Mirror.tag).unsafe.dispatch({ _tag: "copy", payload: 8 }))
  expect(view.text()).toBe("8")
})

test("a commit between render and subscription is seen", () => {
  const runtime = makeCounter()
  const Count = () => <>{useSelector(useModule(Counter), (state) => state.count)}</>
  const Eager = () => {
    const { actions } = useModule(Counter)
    useLayoutEffect(() => actions.increment(), [actions])
    return null
  }
  const view = render(
    <Provided runtime={runtime}>
      <Count />
      <Eager />
    </Provided>
  )
  expect(view.text()).toBe("1")
})

test("in StrictMode a component that left the tree is told nothing", () => {
  const runtime = makeCounter()
  let renders = 0
  const App = () => {
    renders++
    return <>{useSelector(useModule(Counter), (state) => state.count)}</>
  }
  const view = render(
    <StrictMode>
      <Provided runtime={runtime}>
        <App />
      </Provided>
    </StrictMode>
  )
  view.unmount()
  const before = renders
  flushSync(() => runtime.resolve(Counter.tag).unsafe.dispatch({ _tag: "increment" }))
  expect(renders).toBe(before)
})
