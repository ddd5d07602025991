/** What devtools measure of a runtime, and that it changes nothing. */
import { Derived, Module, Runtime } from "@sluice/core"
import * as CallSites from "@sluice/core/CallSites"
import * as Profile from "@sluice/core/Profile"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { Consumer } from "../src/Channel.ts"
import { Entries } from "../src/Entries.ts"
import * as Faces from "../src/ModuleRuntime.ts"
import { Subscriptions } from "../src/Subscription.ts"
import { disposing, entriesOf, idle, statesOf } from "./support.ts"

/** A clock that only the app's own functions move. */
const makeClock = () => {
  let now = 0
  return { now: () => now, pass: (ms: number) => void (now += ms) }
}

const makeCart = (pass: (ms: number) => void) => {
  const Cart = Module.make("Cart", {
    state: Schema.Struct({ prices: Schema.Array(Schema.Number), note: Schema.String, total: Schema.Number }),
    actions: { add: Schema.Number, write: Schema.String, ping: Schema.Void, fail: Schema.Void },
    reducers: {
      add: (state, price) => {
        pass(3)
        return { ...state, prices: [...state.prices, price] }
      },
      write: (state, note) => ({ ...state, note }),
      fail: () => {
        pass(2)
        throw new Error("no")
      }
    },
    traits: (t) => ({
      total: t.computed(({ prices }) => {
        pass(5)
        return prices.reduce((sum, price) => sum + price, 0)
      })
    })
  })
  const audit = Cart.logic("audit", ($) =>
    $.onAction("add").run(() =>
      Effect.gen(function* () {
        pass(30)
        yield* Effect.promise(async () => {
          await Promise.resolve()
          // Others have the thread meanwhile.
          pass(8)
        })
        pass(5)
      })
    )
  )
  return { Cart, module: Cart.implement({ initial: { prices: [], note: "" }, logics: [audit] }) }
}

const setup = () => {
  const clock = makeClock()
  const { Cart, module } = makeCart(clock.pass)
  const runtime = disposing(Runtime.make(module, { onError: () => {} }))
  const cart = runtime.resolve(Cart.tag).unsafe
  return { clock, runtime, cart }
}

type Setup = ReturnType<typeof setup>

const measuring = ({ clock, runtime }: Pick<Setup, "clock" | "runtime">) =>
  Profile.begin(runtime, { now: clock.now })

const measured = (profile: Profile.Profile) =>
  Object.fromEntries(
    profile
      .measures()
      .map(({ count, kind, maxMs, name, selfMs, totalMs }) => [
        `${kind} ${name}`,
        { count, totalMs, selfMs, maxMs }
      ])
  )

describe("a profile", () => {
  test("measures entries, and in them reducers, computed fields and listeners", async () => {
    const { cart, clock, runtime } = setup()
    cart.subscribe(function told() {
      clock.pass(7)
    })
    cart.subscribeTo(
      ({ total }) => total,
      () => clock.pass(11)
    )
    const profile = measuring({ clock, runtime })
    cart.dispatch({ _tag: "add", payload: 10 })
    cart.dispatch({ _tag: "add", payload: 20 })
    cart.dispatch({ _tag: "write", payload: "x" })
    await idle()
    expect(measured(profile)).toEqual({
      "entry add": { count: 2, totalMs: 52, selfMs: 0, maxMs: 26 },
      "entry write": { count: 1, totalMs: 7, selfMs: 0, maxMs: 7 },
      "reducer add": { count: 2, totalMs: 6, selfMs: 6, maxMs: 3 },
      "reducer write": { count: 1, totalMs: 0, selfMs: 0, maxMs: 0 },
      "computed total": { count: 2, totalMs: 10, selfMs: 10, maxMs: 5 },
      "listener told": { count: 3, totalMs: 21, selfMs: 21, maxMs: 7 },
      "listener ({ total }) => total": { count: 2, totalMs: 22, selfMs: 22, maxMs: 11 },
      "handler audit: add": { count: 2, totalMs: 86, selfMs: 70, maxMs: 43 }
    })
    expect(profile.measures().every(({ instanceId }) => instanceId === "Cart#1")).toBe(true)
  })

  test("says who called what, also an entry that a listener makes", () => {
    const { cart, clock, runtime } = setup()
    const profile = measuring({ clock, runtime })
    const stop = cart.subscribe(function again() {
      clock.pass(1)
      stop()
      cart.dispatch({ _tag: "add", payload: 1 })
    })
    cart.dispatch({ _tag: "write", payload: "x" })
    const calls = profile.calls()
    const pathOf = (at: number | undefined): string => {
      const call = at === undefined ? undefined : calls[at]
      return call === undefined ? "" : `${pathOf(call.parent)}/${call.measure.name}`
    }
    const paths = Object.fromEntries(calls.map(({ totalMs }, at) => [pathOf(at), totalMs]))
    expect(paths).toEqual({
      "/write": 9,
      "/write/write": 0,
      "/write/again": 1,
      "/write/add": 8,
      "/write/add/add": 3,
      "/write/add/total": 5
    })
  })

  test("measures what fails, and leaves the failure to its caller", () => {
    const { cart, clock, runtime } = setup()
    const profile = measuring({ clock, runtime })
    expect(() => cart.dispatch({ _tag: "fail" })).toThrow("no")
    expect(measured(profile)).toMatchObject({
      "entry fail": { count: 1, totalMs: 2 },
      "reducer fail": { count: 1, totalMs: 2 }
    })
  })

  test("measures instances that come while it runs, and tells of those that have gone", async () => {
    const { clock, runtime } = setup()
    const { Cart: Other, module } = makeCart(clock.pass)
    const profile = measuring({ clock, runtime })
    const scope = runtime.scope(module, { label: "inner" })
    await scope.ready
    await idle()
    scope.resolve(Other.tag).unsafe.dispatch({ _tag: "add", payload: 1 })
    await scope.dispose()
    expect(profile.measures()).toContainEqual(
      expect.objectContaining({ kind: "reducer", instanceId: "Cart#2", count: 1 })
    )
  })

  test("ended, it measures nothing, and instances are what they were before", () => {
    const { cart, clock, runtime } = setup()
    const profile = measuring({ clock, runtime })
    const other = measuring({ clock, runtime })
    const late: Array<number> = []
    cart.subscribe(({ total }) => late.push(total))
    cart.dispatch({ _tag: "add", payload: 1 })
    profile.end()
    cart.dispatch({ _tag: "add", payload: 1 })
    other.end()
    cart.dispatch({ _tag: "add", payload: 1 })
    expect(late).toEqual([1, 2, 3])
    expect(measured(profile)).toMatchObject({ "reducer add": { count: 1 } })
    expect(measured(other)).toMatchObject({ "reducer add": { count: 2 } })
    expect(profile.durationMs()).toBe(8)
  })
})

test("an instance is what it was, once a profile, a count and call sites have ended, in any order", () => {
  const { cart, clock, runtime } = setup()
  const instance = Faces.instanceOf(runtime.list()[0]?.runtime ?? {})
  cart.subscribe(() => {})
  cart.dispatch({ _tag: "add", payload: 1 })
  const objects = [
    instance,
    instance?.subscriptions,
    instance?.subscriptions.index,
    instance?.derivation?.nodeAt[2],
    instance?.deliveries.consumers[0]
  ]
  const keys = () => objects.map((object) => Object.keys(object ?? {}))
  const look = () => [
    instance?.derivation?.nodeAt[2]?.read,
    instance?.subscriptions.first?.notify,
    Object.values(instance ?? {}).filter((value) => typeof value === "function"),
    ...[Entries.prototype, Subscriptions.prototype, Consumer.prototype].flatMap((prototype) =>
      Object.values(Object.getOwnPropertyDescriptors(prototype)).map(({ value }): unknown => value)
    )
  ]
  const shapes = keys()
  const before = [look(), instance?.plans] as const
  const profile = measuring({ clock, runtime })
  const sites = CallSites.keep(runtime)
  const counted = Profile.countRecomputations(runtime)
  cart.dispatch({ _tag: "add", payload: 1 })
  expect(look()).not.toEqual(before[0])
  // V8 would keep an object that has got and lost a property as a dictionary.
  expect(keys()).toEqual(shapes)
  for (const { end } of [sites, profile, counted]) end()
  expect(look()).toEqual(before[0])
  expect(instance?.plans).toBe(before[1])
})

test("a module that is replaced meanwhile goes on as the new one, measured and after", async () => {
  const make = (by: number) => {
    const Count = Module.make("Count", {
      state: Schema.Struct({ n: Schema.Number }),
      actions: { up: Schema.Void },
      reducers: { up: ({ n }) => ({ n: n + by }) }
    })
    return { Count, module: Count.implement({ initial: { n: 0 } }) }
  }
  const { Count, module } = make(1)
  const runtime = disposing(Runtime.make(module))
  const count = runtime.resolve(Count.tag).unsafe
  const profile = Profile.begin(runtime)
  count.dispatch({ _tag: "up" })
  await runtime.replace(make(10).module)
  count.dispatch({ _tag: "up" })
  profile.end()
  count.dispatch({ _tag: "up" })
  expect(count.getState()).toEqual({ n: 21 })
  expect(measured(profile)).toMatchObject({ "reducer up": { count: 2 } })
})

test("recomputations are counted from then on, of each derived field", () => {
  const { cart, runtime } = setup()
  cart.dispatch({ _tag: "add", payload: 1 })
  const counted = Profile.countRecomputations(runtime)
  expect(counted.of("Cart#1", "total")).toBe(0)
  cart.dispatch({ _tag: "add", payload: 1 })
  cart.dispatch({ _tag: "write", payload: "x" })
  cart.dispatch({ _tag: "add", payload: 1 })
  expect(counted.of("Cart#1", "total")).toBe(2)
  counted.end()
  cart.dispatch({ _tag: "add", payload: 1 })
  expect(counted.of("Cart#1", "total")).toBe(2)
})

test("of an instance that has closed no recomputations are kept", async () => {
  const Row = Module.make("Row", {
    state: Schema.Struct({ n: Schema.Number, twice: Schema.Number }),
    actions: { up: Schema.Void },
    reducers: { up: (state) => ({ ...state, n: state.n + 1 }) },
    traits: (t) => ({ twice: t.computed(({ n }) => 2 * n) })
  })
  const module = Row.implement({ initial: { n: 0 } })
  const runtime = disposing(Runtime.make(module))
  const counted = Profile.countRecomputations(runtime)
  const local = runtime.local(module)
  local.mount()
  const { instanceId, unsafe } = local.ref
  unsafe.dispatch({ _tag: "up" })
  expect(counted.of(instanceId, "twice")).toBe(1)
  await runtime.evict(instanceId)
  expect(counted.of(instanceId, "twice")).toBe(0)
  counted.end()
})

type Step =
  | { readonly _tag: "begin" }
  | { readonly _tag: "end" }
  | { readonly _tag: "count" }
  | { readonly _tag: "sites" }
  | { readonly _tag: "fail" }
  | { readonly _tag: "ping" }
  | { readonly _tag: "add"; readonly payload: number }
  | { readonly _tag: "write"; readonly payload: string }

const steps: fc.Arbitrary<ReadonlyArray<Step>> = fc.array(
  fc.oneof(
    fc.constantFrom<Step>(
      { _tag: "begin" },
      { _tag: "end" },
      { _tag: "count" },
      { _tag: "sites" },
      { _tag: "fail" },
      { _tag: "ping" }
    ),
    fc.integer({ min: 0, max: 9 }).map((payload): Step => ({ _tag: "add", payload })),
    fc.constantFrom("a", "b").map((payload): Step => ({ _tag: "write", payload }))
  ),
  { maxLength: 40 }
)

/** States and entries, and what a listener and a selector were told. */
const outcomeOf = (script: ReadonlyArray<Step>, isProfiled: boolean) => {
  const { Cart } = makeCart(() => {})
  const runtime = Runtime.make(Cart.implement({ initial: { prices: [], note: "" } }), { onError: () => {} })
  const cart = runtime.resolve(Cart.tag).unsafe
  const told: Array<unknown> = []
  cart.subscribe((state) => told.push(state))
  cart.subscribeTo(
    ({ total }) => total,
    (total) => {
      told.push(total)
      if (total % 7 === 3) cart.dispatch({ _tag: "write", payload: `at ${total}` })
    }
  )
  const running: Array<{ readonly end: () => void }> = []
  for (const step of script) {
    if (step._tag === "begin") {
      if (isProfiled) running.push(Profile.begin(runtime))
    } else if (step._tag === "count") {
      if (isProfiled) running.push(Profile.countRecomputations(runtime))
    } else if (step._tag === "sites") {
      if (isProfiled) running.push(CallSites.keep(runtime))
    } else if (step._tag === "end") running.shift()?.end()
    else {
      try {
        cart.dispatch(step)
      } catch (error) {
        told.push(String(error))
      }
    }
  }
  for (const { end } of running) end()
  const entries = entriesOf(runtime).map(({ origin, outcome, tags, txnId }) => ({
    origin,
    outcome,
    tags,
    txnId
  }))
  const result = { states: statesOf(runtime), told, entries, backlog: cart.backlog() }
  void runtime.dispose()
  return result
}

test("O2 states, entries and what is told are the same with profiles, counts and call sites, and without, whenever they begin and end", () => {
  fc.assert(
    fc.property(steps, (script) => {
      expect(outcomeOf(script, true)).toEqual(outcomeOf(script, false))
    }),
    { numRuns: 200 }
  )
})

test("what is computed from several modules is measured, in its own runtime alone", () => {
  const clock = makeClock()
  const { Cart, module } = makeCart(() => {})
  const double = Derived.make([Cart], ({ total }) => {
    clock.pass(6)
    return total * 2
  })
  const [one, other] = [Runtime.make(module), Runtime.make(module)].map(disposing)
  const profile = Profile.begin(one!, { now: clock.now })
  for (const runtime of [one!, other!]) {
    runtime.resolve(Cart.tag).unsafe.dispatch({ _tag: "add", payload: 2 })
    expect(runtime.resolve(double).unsafe.getState()).toBe(4)
    expect(runtime.resolve(double).unsafe.getState()).toBe(4)
  }
  profile.end()
  expect(profile.measures().filter(({ name }) => name === "Derived")).toMatchObject([
    { kind: "computed", instanceId: "Derived(Cart#1)", count: 1, totalMs: 6, selfMs: 6 }
  ])
})

test("what a handler forks runs within it, and is its own time", async () => {
  const clock = makeClock()
  const { Cart } = makeCart(() => {})
  const forks = Cart.logic("forks", ($) =>
    $.onAction("ping").run(() =>
      Effect.gen(function* () {
        clock.pass(2)
        yield* Effect.forkChild(
          Effect.sync(() => clock.pass(3)),
          { startImmediately: true }
        )
        yield* Effect.yieldNow
        clock.pass(4)
      })
    )
  )
  const runtime = disposing(
    Runtime.make(Cart.implement({ initial: { prices: [], note: "" }, logics: [forks] }))
  )
  const profile = measuring({ clock, runtime })
  runtime.resolve(Cart.tag).unsafe.dispatch({ _tag: "ping" })
  await idle()
  expect(measured(profile)).toMatchObject({ "handler forks: ping": { count: 1, totalMs: 9, selfMs: 9 } })
  const handlers = profile.calls().filter(({ measure }) => measure.kind === "handler")
  expect(handlers).toMatchObject([{ parent: undefined, totalMs: 9, selfMs: 9 }])
})
