/**
 * What jotai's tests of its store assert of one store without React, asked of Sluice: computed fields and Derived in the
 * place of derived atoms. Each names its origin in pmndrs/jotai: `tests/vanilla/store.test.tsx` (store), `tests/vanilla/dependency.test.tsx`.
 *
 * Not here, and why:
 * | async atoms ("should update async atom with delay", "override a promise by setting", "aborting atoms", "async atom with subtle timing", ...) | a derived value is never a Promise; loads are sources: core's source tests assert that an older answer never overwrites a newer one and that a changed key cancels |
 * | `onMount` ("should mount once ...", "recompute dependents' state after onMount", "not inf on subscribe or unsubscribe", ...) | reading has no effects: nothing is called when a value gets its first subscriber |
 * | "should unmount with store.get" of one atom, devstore, `unstable_onInit`, `unstable_derive` | inspect or extend jotai's own internals |
 * | "throws falsy errors in onMount, onUnmount, and listeners" | a listener's error goes to `onError` and not to the writer, whatever it is |
 * | "processes deep atom graph beyond maxDepth" | skipped there; a module's fields are no deep graph |
 * | "Unmount an atom that is no longer dependent within a derived atom (#2658)" | a Derived has the inputs it was made with; a computed field's reads are asserted by "conditional dependencies" |
 * | writable derived atoms ("should update derived atoms during write") | an action has one reducer; asserted with a body that reads what it wrote |
 */
import { Derived, Module, Runtime } from "@sluice/core"
import * as Cause from "effect/Cause"
import * as Schema from "effect/Schema"
import { expect, test, vi } from "vitest"
import { make } from "../support.tsx"

const Numbers = Module.make("Numbers", {
  state: Schema.Struct({
    count: Schema.Number,
    on: Schema.Boolean,
    double: Schema.Number,
    sum: Schema.Number,
    zero: Schema.Number,
    shown: Schema.String
  }),
  actions: { set: Schema.Number, add: Schema.Number, switch: Schema.Boolean, same: Schema.Void },
  reducers: {
    set: (state, count) => ({ ...state, count }),
    add: (state, by) => ({ ...state, count: state.count + by }),
    switch: (state, on) => ({ ...state, on }),
    same: (state) => state
  },
  traits: (t) => ({
    double: t.computed(({ count }) => count * 2),
    sum: t.computed(({ count, double }) => count + double),
    zero: t.computed(({ count }) => (Number.isNaN(count) ? 1 : 0)),
    shown: t.computed(({ double, on }) => (on ? `on ${double}` : "off"))
  })
})
const Others = Module.make("Others", {
  state: Schema.Struct({ count: Schema.Number }),
  actions: { set: Schema.Number },
  reducers: { set: (_, count) => ({ count }) }
})

const start = () => {
  const errors: Array<unknown> = []
  const runtime = make(
    Runtime.make(
      [Numbers.implement({ initial: { count: 1, on: false } }), Others.implement({ initial: { count: 10 } })],
      { onError: (cause) => void errors.push(Cause.squash(cause)) }
    )
  )
  return {
    errors,
    runtime,
    numbers: runtime.resolve(Numbers.tag).unsafe,
    others: runtime.resolve(Others.tag).unsafe
  }
}

test("store: should not fire on subscribe", () => {
  const { numbers } = start()
  const listener = vi.fn()
  numbers.subscribe(listener)
  numbers.subscribeTo((state) => state.count, listener)
  expect(listener).not.toHaveBeenCalled()
})

test("store: should not fire subscription if primitive atom value is the same; ... if derived atom value is the same", () => {
  const { numbers } = start()
  const whole = vi.fn()
  const count = vi.fn()
  const zero = vi.fn()
  numbers.subscribe(whole)
  numbers.subscribeTo((state) => state.count, count)
  numbers.subscribeTo((state) => state.zero, zero)
  numbers.dispatch({ _tag: "same" })
  expect(whole).not.toHaveBeenCalled()
  numbers.dispatch({ _tag: "set", payload: 1 })
  expect(count).not.toHaveBeenCalled()
  numbers.dispatch({ _tag: "set", payload: 2 })
  expect(count).toHaveBeenCalledExactlyOnceWith(2)
  expect(zero).not.toHaveBeenCalled()
})

test("store: should notify subscription with tree dependencies (#1956); ... with bail-out", () => {
  const { numbers } = start()
  const sums = vi.fn()
  numbers.subscribeTo((state) => state.double, vi.fn())
  numbers.subscribeTo((state) => state.sum + state.zero, sums)
  numbers.dispatch({ _tag: "add", payload: 1 })
  expect(sums).toHaveBeenCalledExactlyOnceWith(6)
})

test("store: no glitch: nobody sees a derived value that does not fit its base", () => {
  const { numbers } = start()
  const seen: Array<readonly [number, number, number]> = []
  const look = () => {
    const { count, double, sum } = numbers.getState()
    seen.push([count, double, sum])
  }
  for (const select of ["count", "double", "sum"] as const)
    numbers.subscribeTo((state) => state[select], look)
  numbers.subscribe(look)
  for (const count of [5, -1, 7]) numbers.dispatch({ _tag: "set", payload: count })
  expect(seen).toHaveLength(12)
  for (const [count, double, sum] of seen) expect([double, sum]).toEqual([count * 2, count * 3])
})

test("store: should bail out with the same value with chained dependency (#2014); should not recompute a derived atom value if unchanged (#2168)", () => {
  const { numbers, others, runtime } = start()
  const computed = vi.fn((parity: number) => `parity ${parity}`)
  const Parity = Derived.make([Numbers], ({ count }) => count % 2)
  const Text = Derived.make([Parity, Others], (parity, { count }) => `${computed(parity)} of ${count}`)
  const text = runtime.resolve(Text).unsafe
  const listener = vi.fn()
  text.subscribe(listener)
  computed.mockClear()
  numbers.dispatch({ _tag: "add", payload: 2 })
  expect(computed).not.toHaveBeenCalled()
  expect(listener).not.toHaveBeenCalled()
  others.dispatch({ _tag: "set", payload: 11 })
  expect(text.getState()).toBe("parity 1 of 11")
  expect(listener).toHaveBeenCalledTimes(1)
})

test("store: should not call read function for unmounted atoms (#2076)", () => {
  const { numbers, runtime } = start()
  const read = vi.fn((count: number) => count)
  const unread = vi.fn((count: number) => count)
  runtime.resolve(Derived.make([Numbers], ({ count }) => unread(count)))
  runtime.resolve(Derived.make([Numbers], ({ count }) => read(count))).unsafe.subscribe(() => {})
  read.mockClear()
  numbers.dispatch({ _tag: "add", payload: 1 })
  expect(unread).not.toHaveBeenCalled()
  expect(read).toHaveBeenCalledTimes(1)
})

test("store: should update with conditional dependencies (#2084); should update derived atom even if dependances changed (#2697)", () => {
  const { numbers } = start()
  const shown = vi.fn()
  numbers.subscribeTo((state) => state.shown, shown)
  numbers.dispatch({ _tag: "add", payload: 1 })
  expect(shown).not.toHaveBeenCalled()
  numbers.dispatch({ _tag: "switch", payload: true })
  numbers.dispatch({ _tag: "add", payload: 1 })
  numbers.dispatch({ _tag: "switch", payload: false })
  numbers.dispatch({ _tag: "add", payload: 1 })
  expect(shown.mock.calls.map(([text]) => text as unknown)).toEqual(["on 4", "on 6", "off"])
})

test("store: should update derived atoms during write (#2107): what is computed is there when the commit is told, and not for those after a rollback", () => {
  const { numbers } = start()
  const doubles: Array<number> = []
  numbers.subscribe(({ double }) => doubles.push(double))
  numbers.transact("twice", (tx) => {
    tx.update((state) => ({ ...state, count: 2 }))
    tx.update((state) => ({ ...state, count: state.count + 2 }))
  })
  expect(() =>
    numbers.transact("fails", (tx) => {
      tx.update((state) => ({ ...state, count: 100 }))
      throw new Error("in a synchronous write")
    })
  ).toThrow("in a synchronous write")
  expect(doubles).toEqual([8])
})

test("store: should invoke flushPending only after all atoms are updated (#2804); dependency: batches sync writes", () => {
  const { numbers, others, runtime } = start()
  const log: Array<string> = []
  const Sum = Derived.make([Numbers, Others], (a, b) => a.count + b.count)
  const sum = runtime.resolve(Sum).unsafe
  numbers.subscribe(() => log.push(`numbers ${sum.getState()}`))
  others.subscribe(() => log.push(`others ${sum.getState()}`))
  sum.subscribe(() => log.push(`sum ${sum.getState()}`))
  log.push("before")
  runtime.unsafe.transact([Numbers, Others], "both", (a, b) => {
    a.update((state) => ({ ...state, count: 2 }))
    log.push("between")
    b.update(() => ({ count: 20 }))
    log.push("after")
  })
  expect(log.slice(0, 3)).toEqual(["before", "between", "after"])
  expect(log.slice(3).toSorted()).toEqual(["numbers 22", "others 22", "sum 22"])
})

test("store: should mount and trigger listeners even when an error is thrown; should process all atom listeners even if some of them throw errors", () => {
  const { errors, numbers } = start()
  const [first, last] = [vi.fn(), vi.fn()]
  numbers.subscribe(first)
  numbers.subscribe(() => {
    throw new Error("in the middle")
  })
  numbers.subscribe(last)
  numbers.dispatch({ _tag: "add", payload: 1 })
  expect(first).toHaveBeenCalledTimes(1)
  expect(last).toHaveBeenCalledTimes(1)
  expect(errors).toMatchObject([{ message: "in the middle" }])
  numbers.dispatch({ _tag: "add", payload: 1 })
  expect(last).toHaveBeenCalledTimes(2)
})

test("store: supports recursion in an atom subscriber", () => {
  const { numbers } = start()
  const seen: Array<number> = []
  numbers.subscribe(({ count }) => {
    if (count < 3) numbers.dispatch({ _tag: "add", payload: 1 })
  })
  numbers.subscribe(({ count }) => seen.push(count))
  numbers.dispatch({ _tag: "set", payload: 1 })
  numbers.dispatch({ _tag: "set", payload: 0 })
  expect(numbers.getState().count).toBe(3)
  // Each after the one before was told to all, in order
  expect(seen).toEqual([1, 2, 3, 0, 1, 2, 3])
})

test("store: should flush pending write triggered asynchronously and indirectly (#2451)", async () => {
  const { numbers, others } = start()
  const told = vi.fn<(count: number) => void>()
  others.subscribe(({ count }) => told(count))
  numbers.subscribe(({ count }) => others.dispatch({ _tag: "set", payload: count }))
  await Promise.resolve()
  numbers.dispatch({ _tag: "set", payload: 7 })
  expect(told).toHaveBeenCalledExactlyOnceWith(7)
})

test("a listener that another one ends while a commit is told is not told; one that is added is told of the next", () => {
  const { numbers } = start()
  const [ended, added] = [vi.fn(), vi.fn()]
  let once = true
  numbers.subscribe(() => {
    stop()
    if (once) numbers.subscribe(added)
    once = false
  })
  const stop = numbers.subscribe(ended)
  numbers.dispatch({ _tag: "add", payload: 1 })
  expect(ended).not.toHaveBeenCalled()
  expect(added).not.toHaveBeenCalled()
  numbers.dispatch({ _tag: "add", payload: 1 })
  expect(added).toHaveBeenCalledTimes(1)
})

test("dependency: should not provide stale values to conditional dependents", () => {
  const { numbers, runtime } = start()
  const Filtered = Derived.make([Numbers], ({ count, on }) => (on ? [] : [count]))
  const Stage = Derived.make([Numbers, Filtered], ({ on }, filtered) =>
    on ? (filtered.length === 0 ? "is empty" : "has data") : "no filter"
  )
  const stage = runtime.resolve(Stage).unsafe
  const seen: Array<string> = []
  runtime.resolve(Filtered).unsafe.subscribe(() => {})
  stage.subscribe((text) => seen.push(text))
  expect(stage.getState()).toBe("no filter")
  numbers.dispatch({ _tag: "switch", payload: true })
  expect(stage.getState()).toBe("is empty")
  expect(seen).toEqual(["is empty"])
})

test("store: should unmount dependencies with store.get: they are given up with the last subscriber", () => {
  const { numbers, runtime } = start()
  const computed = vi.fn((count: number) => count)
  const derived = runtime.resolve(Derived.make([Numbers], ({ count }) => computed(count))).unsafe
  const stops = [derived.subscribe(() => {}), derived.subscribe(() => {})]
  stops[0]?.()
  computed.mockClear()
  numbers.dispatch({ _tag: "add", payload: 1 })
  expect(computed).toHaveBeenCalledTimes(1)
  stops[1]?.()
  computed.mockClear()
  numbers.dispatch({ _tag: "add", payload: 1 })
  expect(computed).not.toHaveBeenCalled()
  expect(derived.getState()).toBe(3)
})
