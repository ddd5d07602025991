/** Persist over the browser's own stores: what one run has written, the next begins with. */
import { Collection, Module, Runtime } from "@sluice/core"
import * as IndexedDb from "@sluice/core/IndexedDb"
import * as Persist from "@sluice/core/Persist"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import * as Schema from "effect/Schema"
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest"

const Row = Schema.Struct({ id: Schema.String, at: Schema.Date })
const List = Module.make("List", {
  state: Schema.Struct({ rows: Collection.schema(Row, "id"), name: Schema.String }),
  actions: { put: Row, rename: Schema.String },
  reducers: {
    put: (state, row) => ({ ...state, rows: state.rows.set(row) }),
    rename: (state, name) => ({ ...state, name })
  }
})
const empty = { rows: Collection.make<typeof Row.Type, "id">("id"), name: "" }

const start = async (store: Layer.Layer<KeyValueStore.KeyValueStore, unknown>) => {
  const errors: Array<unknown> = []
  const runtime = Runtime.make(List.implement({ initial: empty }), {
    onError: (cause) => errors.push(cause),
    layer: Persist.layer({ key: "list", modules: [List] }).pipe(Layer.provide(store))
  })
  onTestFinished(() => runtime.dispose())
  await runtime.ready
  return { runtime, errors, list: runtime.resolve(List.tag) }
}

const wipe = () =>
  new Promise<void>((resolve, reject) => {
    localStorage.clear()
    const request = indexedDB.deleteDatabase("sluice")
    request.onsuccess = () => resolve()
    request.onerror = () => reject(new Error("It cannot be deleted", { cause: request.error }))
  })
beforeEach(wipe)
afterEach(wipe)

const stores = {
  localStorage: KeyValueStore.layerStorage(() => localStorage),
  IndexedDB: IndexedDb.layer()
}

describe.each(Object.entries(stores))("%s", (_, store) => {
  test("what one run has written, the next begins with", async () => {
    const one = await start(store)
    one.list.unsafe.dispatch({ _tag: "put", payload: { id: "a", at: new Date(7) } })
    one.list.unsafe.dispatch({ _tag: "rename", payload: "ÿ€🌍" })
    await one.runtime.dispose()
    const two = await start(store)
    expect(two.list.unsafe.getState().rows.toArray()).toEqual([{ id: "a", at: new Date(7) }])
    expect(two.list.unsafe.getState().name).toBe("ÿ€🌍")
    expect([...one.errors, ...two.errors]).toEqual([])
  })

  test("get, set, remove, keys, size, clear and prefixes", async () => {
    const program = Effect.gen(function* () {
      const kv = yield* KeyValueStore.KeyValueStore
      expect(yield* kv.get("a")).toBeUndefined()
      yield* kv.set("a", "1")
      yield* kv.set("b", new Uint8Array([1, 2, 255]))
      expect(yield* kv.getUint8Array("b")).toEqual(new Uint8Array([1, 2, 255]))
      expect([...(yield* kv.keys)].toSorted()).toEqual(["a", "b"])
      expect([yield* kv.size, yield* kv.has("a")]).toEqual([2, true])
      yield* kv.remove("a")
      expect(yield* kv.get("a")).toBeUndefined()
      yield* kv.set("x/1", "")
      yield* kv.clearPrefix("x/")
      expect(yield* kv.keys).toEqual(["b"])
      yield* kv.clear
      expect(yield* kv.isEmpty).toBe(true)
    })
    await Effect.runPromise(Effect.provide(program, store))
  })
})

test("localStorage's quota: reported, the app goes on, and it is written once there is room", async () => {
  const { errors, list } = await start(stores.localStorage)
  localStorage.setItem("other", "x".repeat(5 * 1024 * 1024 - 1000))
  list.unsafe.dispatch({ _tag: "rename", payload: "y".repeat(2000) })
  await expect.poll(() => errors.length).toBeGreaterThan(0)
  expect(String(errors[0])).toContain("StoreFailed")
  list.unsafe.dispatch({ _tag: "put", payload: { id: "a", at: new Date(0) } })
  expect(list.unsafe.getState().rows.size).toBe(1)
  localStorage.removeItem("other")
  await expect.poll(() => localStorage.getItem("list"), { timeout: 10_000 }).toContain('"id":"a"')
})

test("another tab's deletion of the database does not wait for this one", async () => {
  const { errors, list } = await start(stores.IndexedDB)
  await wipe()
  list.unsafe.dispatch({ _tag: "rename", payload: "late" })
  await expect.poll(() => errors.length).toBeGreaterThan(0)
  expect(String(errors[0])).toContain("StoreFailed")
})
