/** Section 5: `Derived` across modules: read like an instance, of one moment, computed and told once a change. */
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { Derived, Module, Runtime } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { describe, expect, expectTypeOf, test } from "vitest"
import { collectErrors, disposing, idle, thrown } from "./support.ts"

const options = {
  state: Schema.Struct({ n: Schema.Number, other: Schema.Number }),
  actions: { add: Schema.Number, touch: Schema.Void },
  reducers: {
    add: (state: { readonly n: number; readonly other: number }, by: number) => ({
      ...state,
      n: state.n + by
    }),
    touch: (state: { readonly n: number; readonly other: number }) => ({ ...state, other: state.other + 1 })
  }
} as const
const A = Module.make("A", options)
const B = Module.make("B", options)
const C = Module.make("C", options)
const initial = (n: number) => ({ n, other: 0 })
const plus = (by: number) => (state: { readonly n: number; readonly other: number }) => ({
  ...state,
  n: state.n + by
})

/** A sum that counts how often it is computed. */
const counting = () => {
  const counts = { computed: 0 }
  const Sum = Derived.make([A, B], (a, b) => {
    counts.computed++
    return a.n + b.n
  })
  return { Sum, counts }
}

const setup = (logics: Parameters<typeof C.implement>[0]["logics"] = []) => {
  const reported = collectErrors()
  const runtime = disposing(
    Runtime.make(
      [
        A.implement({ initial: initial(1) }),
        B.implement({ initial: initial(10) }),
        C.implement({ initial: initial(100), logics: logics as ReadonlyArray<never> })
      ],
      { onError: reported.onError }
    )
  )
  const [a, b, c] = [runtime.resolve(A.tag), runtime.resolve(B.tag), runtime.resolve(C.tag)]
  const both = (by: number) =>
    runtime.unsafe.transact([a, b], "both", (...txs) => txs.forEach((tx) => tx.update(plus(by))))
  return { runtime, a, b, c, both, reported }
}

describe("5 a Derived", () => {
  test("5 is computed when it is read, and again only if the state of an input differs", () => {
    const { Sum, counts } = counting()
    const { a, b, c, runtime } = setup()
    const sum = runtime.resolve(Sum)
    expect(counts.computed).toBe(0)
    expect([sum.unsafe.getState(), sum.unsafe.getState(), runtime.runSync(sum.getState)]).toEqual([
      11, 11, 11
    ])
    expect(counts.computed).toBe(1)
    c.unsafe.dispatch({ _tag: "add", payload: 1 })
    expect(sum.unsafe.getState()).toBe(11)
    expect(counts.computed).toBe(1)
    a.unsafe.dispatch({ _tag: "add", payload: 1 })
    b.unsafe.dispatch({ _tag: "add", payload: 1 })
    expect(counts.computed).toBe(1)
    expect(sum.unsafe.getState()).toBe(13)
    expect(counts.computed).toBe(2)
  })

  test("5 is told once for a commit or a group, with the state of one moment", () => {
    const { Sum, counts } = counting()
    const { a, b, both, runtime } = setup()
    const sum = runtime.resolve(Sum)
    const told: Array<string> = []
    const stop = sum.unsafe.subscribe((value) => told.push(`sum ${value}`))
    a.unsafe.subscribe(() => told.push(`a reads ${sum.unsafe.getState()}`))
    b.unsafe.subscribe(() => told.push(`b reads ${sum.unsafe.getState()}`))
    expect(counts.computed).toBe(1)
    both(1)
    expect(told).toEqual(["sum 13", "a reads 13", "b reads 13"])
    expect(counts.computed).toBe(2)
    b.unsafe.dispatch({ _tag: "add", payload: 1 })
    expect(told.slice(3)).toEqual(["sum 14", "b reads 14"])
    stop()
    both(1)
    expect(told.slice(5)).toEqual(["a reads 16", "b reads 16"])
  })

  test("5 nobody is told, and the last value stays, where the new one equals it", () => {
    const { a, runtime } = setup()
    const Pair = Derived.make([A, B], (x, y) => ({ x: x.n, y: y.n }), {
      equals: (p, q) => p.x === q.x && p.y === q.y
    })
    const pair = runtime.resolve(Pair)
    let told = 0
    pair.unsafe.subscribe(() => told++)
    const before = pair.unsafe.getState()
    a.unsafe.dispatch({ _tag: "touch" })
    expect(pair.unsafe.getState()).toBe(before)
    expect(told).toBe(0)
    a.unsafe.dispatch({ _tag: "add", payload: 1 })
    expect(pair.unsafe.getState()).toEqual({ x: 2, y: 10 })
    expect(told).toBe(1)
  })

  test("5 subscribeTo is told when the selection changed", () => {
    const { a, b, runtime } = setup()
    const pair = runtime.resolve(Derived.make([A, B], (x, y) => ({ x: x.n, y: y.n })))
    const told: Array<number> = []
    pair.unsafe.subscribeTo(
      ({ x }) => x,
      (x) => told.push(x)
    )
    b.unsafe.dispatch({ _tag: "add", payload: 1 })
    a.unsafe.dispatch({ _tag: "add", payload: 1 })
    expect(told).toEqual([2])
  })

  test("5 watch is told when the selection changed, with another selector too, until it ends", () => {
    const { a, b, runtime } = setup()
    const pair = runtime.resolve(Derived.make([A, B], (x, y) => ({ x: x.n, y: y.n })))
    let told = 0
    const watch = pair.unsafe.watch(
      ({ x }) => x,
      () => told++
    )
    b.unsafe.dispatch({ _tag: "add", payload: 1 })
    expect(told).toBe(0)
    watch.select(({ y }) => y)
    a.unsafe.dispatch({ _tag: "add", payload: 1 })
    expect(told).toBe(0)
    b.unsafe.dispatch({ _tag: "add", payload: 1 })
    expect(told).toBe(1)
    watch.end()
    b.unsafe.dispatch({ _tag: "add", payload: 1 })
    expect(told).toBe(1)
  })

  test("5 one of several listeners leaves, twice too, and the others are still told", () => {
    const { a, runtime } = setup()
    const { unsafe } = runtime.resolve(Derived.make([A], ({ n }) => n))
    const told: Array<string> = []
    const stop = unsafe.subscribe((n) => told.push(`first ${n}`))
    unsafe.subscribe((n) => told.push(`second ${n}`))
    stop()
    stop()
    a.unsafe.dispatch({ _tag: "add", payload: 1 })
    expect(told).toEqual(["second 2"])
  })

  test("5 of other Deriveds: one computation of each and one notification for a diamond", () => {
    const { Sum, counts } = counting()
    const { both, runtime } = setup()
    let computed = 0
    const Share = Derived.make([A.tag, Sum], (a, sum) => {
      computed++
      return a.n / sum
    })
    const share = runtime.resolve(Share)
    const told: Array<number> = []
    share.unsafe.subscribe((value) => told.push(value))
    runtime.resolve(Sum).unsafe.subscribe((value) => told.push(value))
    both(9)
    expect(told).toEqual([10 / 29, 29])
    expect([counts.computed, computed]).toEqual([2, 2])
  })

  test("5 every listener is told every change in order, also of those that listeners make", () => {
    const { Sum } = counting()
    const { a, b, runtime } = setup()
    const sum = runtime.resolve(Sum)
    const told: Array<string> = []
    sum.unsafe.subscribe((value) => {
      told.push(`first ${value}`)
      if (value < 14) b.unsafe.dispatch({ _tag: "add", payload: 1 })
    })
    sum.unsafe.subscribe((value) => told.push(`second ${value}`))
    a.unsafe.dispatch({ _tag: "add", payload: 1 })
    expect(told).toEqual(["first 12", "second 12", "first 13", "second 13", "first 14", "second 14"])
  })

  test("5 what it throws its reader gets, and its listeners' onError; then it goes on", () => {
    const { a, reported, runtime } = setup()
    const Odd = Derived.make([A], ({ n }) => {
      if (n % 2 === 0) throw new Error(`${n} is even`)
      return n
    })
    const odd = runtime.resolve(Odd)
    const told: Array<number> = []
    odd.unsafe.subscribe((value) => told.push(value))
    a.unsafe.dispatch({ _tag: "add", payload: 1 })
    expect(thrown(odd.unsafe.getState)).toMatchObject({ message: "2 is even" })
    expect(reported.infos).toMatchObject([{ instanceId: "Derived(A#1)", during: "listener" }])
    a.unsafe.dispatch({ _tag: "add", payload: 1 })
    expect(odd.unsafe.getState()).toBe(3)
    expect(told).toEqual([3])
  })

  test("T5 it makes no entry", () => {
    const { a, runtime } = setup()
    const Writes = Derived.make([A], () => a.unsafe.dispatch({ _tag: "touch" }))
    expect(thrown(() => runtime.resolve(Writes).unsafe.getState())).toMatchObject({
      _tag: "EntryInTransaction",
      instanceId: "A#1",
      openInstanceId: "Derived(A#1)"
    })
    expect(a.unsafe.getVersion()).toBe(0)
  })

  test("T3 in an open window it is computed from what is committed", () => {
    const { Sum } = counting()
    const { both, a, b, runtime } = setup()
    const sum = runtime.resolve(Sum)
    const seen: Array<number> = []
    runtime.unsafe.transact([a, b], "reads", (x) => {
      x.update(plus(5))
      seen.push(sum.unsafe.getState())
    })
    both(0)
    seen.push(sum.unsafe.getState())
    expect(seen).toEqual([11, 16])
  })

  test("5 resolved again it is the same, of other instances another", async () => {
    const { Sum } = counting()
    const { runtime } = setup()
    const other = setup()
    const sum = runtime.resolve(Sum)
    expect(runtime.resolve(Sum)).toBe(sum)
    expect(await runtime.runPromise(Sum)).toBe(sum)
    expect(other.runtime.resolve(Sum)).not.toBe(sum)
    other.both(5)
    expect([sum.unsafe.getState(), other.runtime.resolve(Sum).unsafe.getState()]).toEqual([11, 21])
    expect([sum.id, sum.instanceId]).toEqual(["Derived(A, B)", "Derived(A#1, B#1)"])
  })

  test("5 its inputs are the nearest in the scope where it is read", async () => {
    const { Sum } = counting()
    const { runtime } = setup()
    await using scope = runtime.scope(A.implement({ initial: initial(1000) }))
    expect(scope.resolve(Sum).unsafe.getState()).toBe(1010)
    expect(await scope.runPromise(Effect.flatMap(Sum, (sum) => sum.getState))).toBe(1010)
    expect(runtime.resolve(Sum).unsafe.getState()).toBe(11)
  })

  test("5 in logic it is a handle: changes are conflated and do not travel", async () => {
    const { Sum } = counting()
    const fired: Array<string> = []
    const watches = C.logic("watches", ($) =>
      Effect.gen(function* () {
        const sum = yield* $.use(Sum)
        yield* $.on(sum.changes).run((value) => Effect.sync(() => void fired.push(`on ${value}`)))
        yield* $.onAction("touch").run(() =>
          Effect.map(sum.getState, (value) => void fired.push(`reads ${value}`))
        )
      })
    )
    const { a, both, c, runtime } = setup([watches] as never)
    await idle()
    both(1)
    await idle()
    runtime.travel.to(
      new Map([
        ["A#1", initial(0)],
        ["B#1", initial(0)]
      ])
    )
    expect(runtime.resolve(Sum).unsafe.getState()).toBe(0)
    c.unsafe.dispatch({ _tag: "touch" })
    await idle()
    runtime.travel.live()
    await idle()
    a.unsafe.dispatch({ _tag: "add", payload: 1 })
    await idle()
    expect(fired).toEqual(["on 11", "on 13", "reads 13", "on 14"])
  })

  test("5 travel of several inputs is one change", () => {
    const { Sum } = counting()
    const { runtime } = setup()
    const told: Array<number> = []
    runtime.resolve(Sum).unsafe.subscribe((value) => told.push(value))
    runtime.travel.to(
      new Map([
        ["A#1", initial(2)],
        ["B#1", initial(3)]
      ])
    )
    runtime.travel.live()
    expect(told).toEqual([5, 11])
  })

  test("C7 when an input's instance closes, changes end and the last value can be read", async () => {
    const { Sum } = counting()
    const { a, runtime } = setup()
    const sum = runtime.resolve(Sum)
    const seen = runtime.runPromise(Stream.runCollect(sum.changesOf((value) => value * 2)))
    await idle()
    a.unsafe.dispatch({ _tag: "add", payload: 1 })
    await idle()
    await runtime.evict("B#1")
    expect(await seen).toEqual([22, 24])
    expect(sum.unsafe.getState()).toBe(12)
    expect(thrown(() => runtime.resolve(Sum))).toMatchObject({ _tag: "ModuleNotProvided", moduleId: "B" })
    const added = await runtime.add(B.implement({ initial: initial(20) }))
    expect(added.resolve(Sum).unsafe.getState()).toBe(22)
  })

  test("5 nothing is kept of what nobody reads", async () => {
    setFlagsFromString("--expose-gc")
    const collect = runInNewContext("gc") as () => void
    const { a, runtime } = setup()
    const Big = Derived.make([A, B], (x, y) => ({ sum: x.n + y.n }))
    const read = () => {
      const big = runtime.resolve(Big)
      const stop = big.unsafe.subscribe(() => {})
      a.unsafe.dispatch({ _tag: "add", payload: 1 })
      stops.push(stop)
      return { big: new WeakRef(big), value: new WeakRef(big.unsafe.getState()) }
    }
    const stops: Array<() => void> = []
    const { big, value } = read()
    await idle()
    collect()
    expect(value.deref() === undefined).toBe(false)
    stops.splice(0).forEach((stop) => stop())
    await idle()
    collect()
    expect([big.deref() === undefined, value.deref() === undefined]).toEqual([true, true])
    expect(runtime.resolve(Big).unsafe.getState()).toEqual({ sum: 12 })
  })

  test("5 types: its value, its needs and its inputs' states need no annotation", () => {
    const Sum = Derived.make([A, B.tag], (a, b) => {
      expectTypeOf(a.n).toEqualTypeOf<number>()
      return `${a.n} ${b.n}`
    })
    const Length = Derived.make([Sum, C], (text, c) => {
      expectTypeOf(text).toEqualTypeOf<string>()
      return text.length + c.n
    })
    const { runtime } = setup()
    expectTypeOf(runtime.resolve(Length).unsafe.getState()).toEqualTypeOf<number>()
    const read = Effect.flatMap(Length, (length) => length.getState)
    expectTypeOf<Effect.Success<typeof read>>().toEqualTypeOf<number>()
    expectTypeOf<Effect.Services<typeof read>>().toEqualTypeOf<
      Effect.Services<typeof A.tag> | Effect.Services<typeof B.tag> | Effect.Services<typeof C.tag>
    >()
    // @ts-expect-error -- C is not among the app's modules
    void (() => Runtime.make([A.implement({ initial: initial(1) })]).run(read))
    // @ts-expect-error -- the state of A has no such field
    Derived.make([A], (a: { readonly nope: number }) => a)
    // @ts-expect-error -- a Derived is of something
    void (() => Derived.make([], () => 1))
  })
})
