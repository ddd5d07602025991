import { Derived, Module, Runtime } from "@sluice/core"
import * as Schema from "effect/Schema"
import { startTransition } from "react"
import { flushSync } from "react-dom"
import { expect, expectTypeOf, test, vi } from "vitest"
import { useModule, useSelector } from "../src/index.ts"
import type { DerivedRef } from "../src/index.ts"
import { Boundary, concurrent, Counter, CounterLive, make, render, RuntimeProvider } from "./support.tsx"

const Price = Module.make("Price", {
  state: Schema.Struct({ each: Schema.Number }),
  actions: { set: Schema.Number },
  reducers: { set: (_, each) => ({ each }) }
})
const Total = Derived.make([Counter, Price], ({ count }, { each }) => ({ total: count * each }), {
  equals: (a, b) => a.total === b.total
})

const setup = () => {
  const runtime = make(Runtime.make([CounterLive, Price.implement({ initial: { each: 2 } })]))
  return { runtime, counter: runtime.resolve(Counter.tag).unsafe, price: runtime.resolve(Price.tag).unsafe }
}

test("a Derived is read like an instance, and renders when its selection changed", () => {
  const { counter, price, runtime } = setup()
  const refs = new Set<object>()
  let renders = 0
  const App = () => {
    renders++
    const ref = useModule(Total)
    expectTypeOf(ref).toEqualTypeOf<DerivedRef<{ total: number }>>()
    refs.add(ref)
    const isOdd = useSelector(ref, ({ total }) => total % 2 === 1)
    return <>{String(isOdd)}</>
  }
  const view = render(
    <RuntimeProvider runtime={runtime}>
      <App />
    </RuntimeProvider>
  )
  expect(view.text()).toBe("false")
  flushSync(() => counter.dispatch({ _tag: "increment" }))
  expect(renders).toBe(1)
  flushSync(() => price.dispatch({ _tag: "set", payload: 3 }))
  expect(view.text()).toBe("true")
  expect(renders).toBe(2)
  expect(refs.size).toBe(1)
})

test("a Derived and its inputs in one selector are of one moment", async () => {
  const { counter, price, runtime } = setup()
  const torn: Array<string> = []
  const App = () => {
    const [count, each, { total }] = useSelector(
      [useModule(Counter), useModule(Price), useModule(Total)],
      (a, b, c) => [a.count, b.each, c] as const,
      (a, b) => a.every((value, index) => value === b[index])
    )
    if (count * each !== total) torn.push(`${count} * ${each} is not ${total}`)
    return <>{total}</>
  }
  const view = render(
    <RuntimeProvider runtime={runtime}>
      <App />
    </RuntimeProvider>
  )
  for (let i = 1; i <= 20; i++) {
    counter.dispatch({ _tag: "increment" })
    if (i % 3 === 0) startTransition(() => price.dispatch({ _tag: "set", payload: i }))
    if (i % 4 === 0) await new Promise(requestAnimationFrame)
  }
  await vi.waitFor(() => expect(view.text()).toBe(String(20 * 18)))
  expect(torn).toEqual([])
})

test("a Derived is of the moment that the pass shows, while a transition is pending", async () => {
  const { counter, price, runtime } = setup()
  const shown: Array<string> = []
  const App = () => {
    const { total } = useSelector(useModule(Total))
    const count = useSelector(useModule(Counter), (state) => state.count)
    shown.push(`${count} ${total}`)
    return <>{`${count} ${total}`}</>
  }
  const view = render(
    <RuntimeProvider runtime={runtime}>
      <App />
    </RuntimeProvider>
  )
  startTransition(() => price.dispatch({ _tag: "set", payload: 10 }))
  flushSync(() => counter.dispatch({ _tag: "increment" }))
  expect(view.text()).toBe(concurrent ? "1 2" : "1 10")
  await vi.waitFor(() => expect(view.text()).toBe("1 10"))
  if (concurrent) expect(shown).not.toContain("0 10")
})

test("what the computation throws is thrown in render", () => {
  const { counter, runtime } = setup()
  const Strict = Derived.make([Counter], ({ count }) => {
    if (count > 0) throw new Error("too many")
    return count
  })
  const App = () => <>{useSelector(useModule(Strict))}</>
  const view = render(
    <RuntimeProvider runtime={runtime}>
      <Boundary>
        <App />
      </Boundary>
    </RuntimeProvider>
  )
  expect(view.text()).toBe("0")
  flushSync(() => counter.dispatch({ _tag: "increment" }))
  expect(view.text()).toBe("caught: Error: too many")
})
