/** Persist: what is stored, what an app begins with, and what becomes of a store that fails. */
import { Collection, Module, Runtime } from "@sluice/core"
import * as Persist from "@sluice/core/Persist"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/testing/TestClock"
import { describe, expect, expectTypeOf, test } from "vitest"
import { collectErrors, disposing, entriesOf, idle, latch, rejection } from "./support.ts"

const Row = Schema.Struct({ id: Schema.String, at: Schema.Date })
const Cart = Module.make("Cart", {
  state: Schema.Struct({
    rows: Collection.schema(Row, "id"),
    coupon: Schema.String,
    draft: Schema.String,
    size: Schema.Int
  }),
  actions: { put: Row, apply: Schema.String, type: Schema.String },
  reducers: {
    put: (state, row) => ({ ...state, rows: state.rows.set(row) }),
    apply: (state, coupon) => ({ ...state, coupon }),
    type: (state, draft) => ({ ...state, draft })
  },
  traits: (t) => ({ size: t.computed(({ rows }) => rows.size) })
})
const Settings = Module.make("Settings", {
  state: Schema.Struct({ zoom: Schema.Finite }),
  actions: { zoom: Schema.Finite },
  reducers: { zoom: (_, zoom) => ({ zoom }) }
})
const empty = { rows: Collection.make<typeof Row.Type, "id">("id"), coupon: "", draft: "" }

/** A store in memory whose operations can be held up and made to fail. */
const makeStore = (content: Readonly<Record<string, string>> = {}) => {
  const map = new Map(Object.entries(content))
  const writes: Array<string> = []
  const control = { full: false, broken: false, gate: Promise.resolve() }
  const failing = (method: string, fails: () => boolean) =>
    Effect.suspend(() =>
      fails()
        ? Effect.fail(new KeyValueStore.KeyValueStoreError({ method, message: `${method} failed` }))
        : Effect.void
    )
  const store = KeyValueStore.makeStringOnly({
    get: (key) =>
      Effect.map(
        failing("get", () => control.broken),
        () => map.get(key)
      ),
    set: (key, value) =>
      Effect.promise(() => control.gate).pipe(
        Effect.andThen(failing("set", () => control.full)),
        Effect.map(() => {
          writes.push(value)
          map.set(key, value)
        })
      ),
    remove: (key) => Effect.sync(() => void map.delete(key)),
    clear: Effect.sync(() => map.clear()),
    size: Effect.sync(() => map.size),
    keys: Effect.sync(() => [...map.keys()])
  })
  return { map, writes, control, layer: Layer.succeed(KeyValueStore.KeyValueStore, store) }
}
type Store = ReturnType<typeof makeStore>

const start = async (store: Store, options: Partial<Persist.PersistOptions> = {}) => {
  const reported = collectErrors()
  const setups: Array<number> = []
  const looks = Settings.logic("looks", ($) => Effect.map($.state.get, ({ zoom }) => void setups.push(zoom)))
  const runtime = disposing(
    Runtime.make(
      [Cart.implement({ initial: empty }), Settings.implement({ initial: { zoom: 1 }, logics: [looks] })],
      {
        onError: reported.onError,
        layer: Persist.layer({ key: "app", modules: [Cart, Settings], ...options }).pipe(
          Layer.provide(store.layer)
        )
      }
    )
  )
  await runtime.ready
  return {
    runtime,
    reported,
    setups,
    cart: runtime.resolve(Cart.tag),
    settings: runtime.resolve(Settings.tag)
  }
}

const stored = (store: Store, key = "app"): unknown => JSON.parse(store.map.get(key) ?? "null")
const text = (states: unknown, version = 1) => JSON.stringify({ format: 1, version, states })

describe("there and back", () => {
  test("T10 what is committed is stored encoded, without derived fields, and the next run begins with it", async () => {
    const store = makeStore()
    const one = await start(store)
    one.cart.unsafe.dispatch({ _tag: "put", payload: { id: "a", at: new Date(5) } })
    one.settings.unsafe.dispatch({ _tag: "zoom", payload: 2 })
    await one.runtime.dispose()
    expect(stored(store)).toEqual({
      format: 1,
      version: 1,
      states: {
        Cart: { rows: [{ id: "a", at: "1970-01-01T00:00:00.005Z" }], coupon: "", draft: "" },
        Settings: { zoom: 2 }
      }
    })
    const two = await start(store)
    expect(two.cart.unsafe.getState()).toMatchObject({ size: 1 })
    expect(two.cart.unsafe.getState().rows.get("a")?.at).toEqual(new Date(5))
    // Before logic looks.
    expect(two.setups).toEqual([2])
    expect(two.reported.errors).toEqual([])
    expect(entriesOf(two.runtime)).toMatchObject([
      { origin: { kind: "hydrate", name: "app" } },
      { origin: { kind: "hydrate", name: "app" } }
    ])
    // A server's page does not show what this browser has stored.
    expect(two.settings.unsafe.getServerState()).toEqual({ zoom: 1 })
  })

  test("only the picked fields; the others begin as they are without a store", async () => {
    const store = makeStore()
    const options = { modules: [Persist.pick(Cart, ["coupon"])] }
    const one = await start(store, options)
    one.cart.unsafe.dispatch({ _tag: "apply", payload: "TEN" })
    one.cart.unsafe.dispatch({ _tag: "type", payload: "half a se" })
    one.settings.unsafe.dispatch({ _tag: "zoom", payload: 2 })
    await one.runtime.dispose()
    expect(stored(store)).toMatchObject({ states: { Cart: { coupon: "TEN" } } })
    expect(store.map.get("app")).not.toContain("draft")
    expect(store.map.get("app")).not.toContain("zoom")
    const two = await start(store, options)
    expect(two.cart.unsafe.getState()).toMatchObject({ coupon: "TEN", draft: "" })
  })

  test("keyed local instances, also those that have ended", async () => {
    const store = makeStore()
    const Live = Settings.implement({ initial: { zoom: 1 } })
    const one = await start(store)
    const local = one.runtime.local(Live, { key: "left" })
    local.mount()
    local.ref.unsafe.dispatch({ _tag: "zoom", payload: 3 })
    await one.runtime.evict(local.ref.instanceId)
    await one.runtime.dispose()
    const two = await start(store)
    expect(two.runtime.local(Live, { key: "left" }).ref.unsafe.getState()).toEqual({ zoom: 3 })
    expect(two.runtime.local(Live, { key: "right" }).ref.unsafe.getState()).toEqual({ zoom: 1 })
  })

  test("what is stored of modules that are not there any more stays", async () => {
    const store = makeStore({ app: text({ Gone: { a: 1 } }) })
    const { runtime, settings } = await start(store)
    settings.unsafe.dispatch({ _tag: "zoom", payload: 2 })
    await runtime.dispose()
    expect(stored(store)).toMatchObject({ states: { Gone: { a: 1 }, Settings: { zoom: 2 } } })
  })
})

describe("writing", () => {
  test("commits of one moment are one write, those during a write the next", async () => {
    const store = makeStore()
    const { runtime, settings } = await start(store)
    const gate = latch()
    store.control.gate = gate.promise
    for (const zoom of [2, 3, 4]) settings.unsafe.dispatch({ _tag: "zoom", payload: zoom })
    await idle()
    for (const zoom of [5, 6]) settings.unsafe.dispatch({ _tag: "zoom", payload: zoom })
    gate.resolve()
    await expect.poll(() => store.writes).toHaveLength(2)
    await runtime.dispose()
    expect(store.writes.map((each) => (JSON.parse(each) as { states: unknown }).states)).toEqual([
      { Settings: { zoom: 4 } },
      { Settings: { zoom: 6 } }
    ])
  })

  test("`delay` waits for others", async () => {
    const store = makeStore()
    const runtime = disposing(
      Runtime.make(Settings.implement({ initial: { zoom: 1 } }), {
        layer: Persist.layer({ key: "app", modules: [Settings], delay: "1 second" }).pipe(
          Layer.provide(store.layer),
          Layer.provideMerge(TestClock.layer())
        )
      })
    )
    await runtime.ready
    const { unsafe } = runtime.resolve(Settings.tag)
    unsafe.dispatch({ _tag: "zoom", payload: 2 })
    await runtime.runPromise(TestClock.adjust("900 millis"))
    unsafe.dispatch({ _tag: "zoom", payload: 3 })
    expect(store.writes).toEqual([])
    await runtime.runPromise(TestClock.adjust("100 millis"))
    expect(store.writes).toEqual([text({ Settings: { zoom: 3 } })])
  })

  test("devtools' states are not stored", async () => {
    const store = makeStore()
    const { runtime, settings } = await start(store)
    runtime.travel.to(new Map([[settings.instanceId, { zoom: 9 }]]))
    await idle()
    runtime.travel.live()
    await runtime.dispose()
    expect(store.writes).toEqual([])
  })

  test("a store that fails: reported, tried again, and nobody waits; the newest is what is written", async () => {
    const store = makeStore()
    const { reported, runtime, settings } = await start(store, { retry: Schedule.recurs(0) })
    store.control.full = true
    await runtime.runPromise(settings.actions.zoom(2))
    await expect
      .poll(() => reported.errors)
      .toMatchObject([{ _tag: "StoreFailed", operation: "write", key: "app" }])
    expect(reported.infos).toMatchObject([{ during: "store", entry: "app" }])
    store.control.full = false
    await runtime.runPromise(settings.actions.zoom(3))
    await expect.poll(() => store.writes).toEqual([text({ Settings: { zoom: 3 } })])
  })

  test("it is tried again by `retry`", async () => {
    const store = makeStore()
    const failures = latch()
    const { runtime, settings, reported } = await start(store, {
      retry: Schedule.tap(Schedule.forever, () =>
        Effect.sync(() => {
          store.control.full = false
          failures.resolve()
        })
      )
    })
    store.control.full = true
    settings.unsafe.dispatch({ _tag: "zoom", payload: 2 })
    await failures.promise
    await expect.poll(() => store.writes).toEqual([text({ Settings: { zoom: 2 } })])
    expect(reported.errors).toHaveLength(1)
    await runtime.dispose()
  })

  test("T10 a state that cannot be encoded is reported, the last that could stays, others are written", async () => {
    const store = makeStore()
    const { cart, reported, runtime, settings } = await start(store)
    settings.unsafe.dispatch({ _tag: "zoom", payload: 2 })
    await expect.poll(() => store.writes).toHaveLength(1)
    settings.unsafe.dispatch({ _tag: "zoom", payload: Number.NaN })
    cart.unsafe.dispatch({ _tag: "apply", payload: "TEN" })
    await runtime.dispose()
    expect(stored(store)).toMatchObject({ states: { Settings: { zoom: 2 }, Cart: { coupon: "TEN" } } })
    expect(reported.errors).toMatchObject([{ _tag: "InvalidState", instanceId: "Settings#1" }])
  })

  test("`flush` ends when it is stored, or fails; `clear` removes it", async () => {
    const store = makeStore()
    const reported = collectErrors()
    const runtime = disposing(
      Runtime.make(Settings.implement({ initial: { zoom: 1 } }), { onError: reported.onError })
    )
    const program = Effect.gen(function* () {
      const persist = yield* Persist.make({ key: "app", modules: [Settings], delay: "1 hour" })
      const settings = yield* Settings.tag
      yield* settings.actions.zoom(2)
      yield* persist.flush
      expect(stored(store)).toMatchObject({ states: { Settings: { zoom: 2 } } })
      store.control.full = true
      yield* settings.actions.zoom(3)
      expect(yield* Effect.flip(persist.flush)).toMatchObject({ _tag: "StoreFailed" })
      store.control.full = false
      yield* persist.clear
      expect(store.map.size).toBe(0)
    })
    await runtime.runPromise(Effect.scoped(program).pipe(Effect.provide(store.layer)))
    expect(store.map.size).toBe(0)
  })
})

describe("migrations", () => {
  interface V1 {
    readonly Settings: { readonly percent: number }
  }
  const migrations = Persist.migrations<V1>(1)
    .step(({ Settings }) => ({ View: { factor: Settings.percent / 100 } }))
    .step(({ View }) => ({ Settings: { zoom: View.factor } }))

  test.each([
    ["the oldest", text({ Settings: { percent: 250 } }, 1)],
    ["one between", text({ View: { factor: 2.5 } }, 2)],
    ["the present", text({ Settings: { zoom: 2.5 } }, 3)]
  ])("from %s version", async (_, content) => {
    const store = makeStore({ app: content })
    const { cart, runtime, settings } = await start(store, { migrations })
    expect(settings.unsafe.getState()).toEqual({ zoom: 2.5 })
    cart.unsafe.dispatch({ _tag: "apply", payload: "TEN" })
    await runtime.dispose()
    expect(stored(store)).toMatchObject({ version: 3, states: { Settings: { zoom: 2.5 } } })
  })

  test("a step gets what the one before gives, by type", () => {
    const fourth = migrations.step((states) => {
      expectTypeOf(states).toEqualTypeOf<{ Settings: { zoom: number } }>()
      return states
    })
    expect(fourth.version).toBe(4)
  })
})

describe("a store that cannot be used", () => {
  const migrations = Persist.migrations(2).step(() => {
    throw new Error("no such field")
  })
  test.each([
    ["that is no JSON", "{", "unreadable", {}],
    ["of another program", '"hello"', "unreadable", {}],
    ["of a later version", text({}, 2), "newer", {}],
    ["of a later format", JSON.stringify({ format: 2, version: 1, states: {} }), "newer", {}],
    ["of a version before the migrations", text({}, 1), "older", { migrations }],
    ["that a migration fails on", text({}, 2), "migration", { migrations }],
    ["T10 with a state that does not fit", text({ Settings: { zoom: "x" }, Cart: {} }), "state", {}]
  ])("%s is refused as a whole, reported, and moved aside as it is", async (_, content, reason, options) => {
    const store = makeStore({ app: content })
    const { reported, runtime, settings } = await start(store, options)
    expect(settings.unsafe.getState()).toEqual({ zoom: 1 })
    expect(reported.errors).toMatchObject([{ _tag: "StoredStateRefused", key: "app", reason }])
    const { movedTo } = reported.errors[0] as Persist.StoredStateRefused
    expect(store.map.get(movedTo ?? "")).toBe(content)
    settings.unsafe.dispatch({ _tag: "zoom", payload: 2 })
    await runtime.dispose()
    expect(stored(store)).toMatchObject({ states: { Settings: { zoom: 2 } } })
    expect(store.map.get(movedTo ?? "")).toBe(content)
  })

  test("where it cannot be moved, nothing is written in its place", async () => {
    const store = makeStore({ app: "{" })
    store.control.full = true
    const { reported, runtime, settings } = await start(store)
    store.control.full = false
    settings.unsafe.dispatch({ _tag: "zoom", payload: 2 })
    await runtime.dispose()
    expect(store.map).toEqual(new Map([["app", "{"]]))
    expect(reported.errors).toMatchObject([{ _tag: "StoredStateRefused", movedTo: undefined }])
  })

  test("one that cannot be read: reported, and nothing is written over what it may hold", async () => {
    const store = makeStore({ app: text({ Settings: { zoom: 5 } }) })
    store.control.broken = true
    const { reported, runtime, settings } = await start(store)
    expect(reported.errors).toMatchObject([{ _tag: "StoreFailed", operation: "read" }])
    settings.unsafe.dispatch({ _tag: "zoom", payload: 2 })
    await runtime.dispose()
    expect(store.map.get("app")).toBe(text({ Settings: { zoom: 5 } }))
  })
})

test("Effect's own memory store", async () => {
  const layer = Persist.layer({ key: "app", modules: [Settings] }).pipe(
    Layer.provideMerge(KeyValueStore.layerMemory)
  )
  const runtime = disposing(Runtime.make(Settings.implement({ initial: { zoom: 1 } }), { layer }))
  runtime.resolve(Settings.tag).unsafe.dispatch({ _tag: "zoom", payload: 2 })
  const read = Effect.gen(function* () {
    const store = yield* KeyValueStore.KeyValueStore
    return yield* store.get("app")
  })
  await expect.poll(() => runtime.runPromise(read)).toBe(text({ Settings: { zoom: 2 } }))
})

describe("what must not be lost", () => {
  test.each<[string, () => unknown]>([
    ["a Promise", () => Promise.resolve({ Settings: { zoom: 6 } })],
    ["nothing", () => undefined],
    ["a list", () => [{ zoom: 6 }]]
  ])("a migration that gives %s is refused, and what was stored is kept aside", async (_, migrate) => {
    const store = makeStore({ app: text({ Settings: { zoom: 5 } }) })
    // Its type refuses a Promise; JavaScript does not.
    const migrations = Persist.migrations(1).step(migrate)
    const { reported, settings } = await start(store, { migrations })
    expect(reported.errors).toMatchObject([{ _tag: "StoredStateRefused", reason: "migration" }])
    settings.unsafe.dispatch({ _tag: "zoom", payload: 2 })
    const kept = [...store.map].filter(([key]) => key.startsWith("app.refused."))
    expect(kept.map(([, value]) => value)).toEqual([text({ Settings: { zoom: 5 } })])
  })

  test("stored states that are no record are refused", async () => {
    const { reported } = await start(makeStore({ app: text([{ zoom: 5 }]) }))
    expect(reported.errors).toMatchObject([{ _tag: "StoredStateRefused", reason: "unreadable" }])
  })

  test("two of one runtime under one key: KeyInUse, until the first has ended", async () => {
    const store = makeStore()
    const { runtime } = await start(store)
    const again = Persist.make({ key: "app", modules: [Settings] }).pipe(
      Effect.scoped,
      Effect.provide(store.layer)
    )
    expect(await rejection(runtime.runPromise(again))).toMatchObject({ _tag: "KeyInUse", key: "app" })
    const other = Persist.make({ key: "other", modules: [Settings] }).pipe(
      Effect.scoped,
      Effect.provide(store.layer)
    )
    await runtime.runPromise(other)
    await runtime.runPromise(other)
  })

  test("a write that has not ended when the app has is reported", async () => {
    const store = makeStore()
    const { reported, runtime, settings } = await start(store)
    store.control.gate = new Promise(() => {})
    settings.unsafe.dispatch({ _tag: "zoom", payload: 2 })
    await runtime.dispose()
    expect(reported.errors).toMatchObject([{ _tag: "StoreFailed", operation: "write" }])
  })

  test("1 the states of a module that was replaced are stored as it encodes them", async () => {
    const actions = { zoom: Schema.Finite }
    const Extended = Module.make("Settings", {
      state: Schema.Struct({ zoom: Schema.Finite, theme: Schema.optionalKey(Schema.String) }),
      actions,
      reducers: { zoom: (_, zoom) => ({ zoom, theme: "dark" }) }
    })
    const store = makeStore()
    const { runtime, settings } = await start(store)
    await runtime.replace(Extended.implement({ initial: { zoom: 1 } }))
    settings.unsafe.dispatch({ _tag: "zoom", payload: 2 })
    await runtime.dispose()
    expect(stored(store)).toMatchObject({ states: { Settings: { zoom: 2, theme: "dark" } } })
  })
})
