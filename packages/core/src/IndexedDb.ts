/** A `KeyValueStore` in the browser's IndexedDB, for what is too much for localStorage or must not block. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as KeyValueStore from "effect/persistence/KeyValueStore"

// Of the DOM's types, which core does without: React Native has none.

interface Request<Result> {
  readonly result: Result
  readonly error: unknown
  onsuccess: (() => void) | null
  onerror: (() => void) | null
}

interface ObjectStore {
  readonly get: (key: string) => Request<unknown>
  readonly getAllKeys: () => Request<ReadonlyArray<unknown>>
  readonly count: () => Request<number>
  readonly put: (value: unknown, key: string) => Request<unknown>
  readonly delete: (key: string) => Request<unknown>
  readonly clear: () => Request<unknown>
}

interface DbTransaction {
  readonly error: unknown
  readonly objectStore: (name: string) => ObjectStore
  oncomplete: (() => void) | null
  onabort: (() => void) | null
}

interface Database {
  readonly transaction: (
    store: string,
    mode: "readonly" | "readwrite",
    options?: { readonly durability: "strict" }
  ) => DbTransaction
  readonly createObjectStore: (name: string) => unknown
  readonly close: () => void
  onversionchange: (() => void) | null
}

interface OpenRequest extends Request<Database> {
  onupgradeneeded: (() => void) | null
}

interface Factory {
  readonly open: (name: string, version: number) => OpenRequest
}

export interface IndexedDbOptions {
  /** The database. Default `sluice`. */
  readonly database?: string
}

const storeName = "values"

/**
 * Opens the database when it is built, and closes it with its scope. It fails to build where there is no
 * IndexedDB, as in some private windows. A write has ended when the browser has it on disk.
 */
export const layer = ({ database = "sluice" }: IndexedDbOptions = {}): Layer.Layer<
  KeyValueStore.KeyValueStore,
  KeyValueStore.KeyValueStoreError
> =>
  Layer.effect(
    KeyValueStore.KeyValueStore,
    Effect.map(
      Effect.acquireRelease(open(database), (opened) => Effect.sync(() => opened.close())),
      make
    )
  )

const failure = (method: string, key: string | undefined, cause: unknown) =>
  new KeyValueStore.KeyValueStoreError({
    method,
    ...(key === undefined ? {} : { key }),
    message: `IndexedDB: ${method}${key === undefined ? "" : ` of ${JSON.stringify(key)}`} failed: ${String(cause)}`,
    cause
  })

const open = (name: string): Effect.Effect<Database, KeyValueStore.KeyValueStoreError> =>
  Effect.callback((resume) => {
    const fail = (cause: unknown) => resume(Effect.fail(failure("open", undefined, cause)))
    const factory = (globalThis as { readonly indexedDB?: Factory }).indexedDB
    if (factory === undefined) return fail("there is none here")
    try {
      const request = factory.open(name, 1)
      request.onupgradeneeded = () => void request.result.createObjectStore(storeName)
      request.onerror = () => fail(request.error)
      request.onsuccess = () => {
        const database = request.result
        // Another tab deletes or upgrades it, and waits for this one.
        database.onversionchange = () => database.close()
        resume(Effect.succeed(database))
      }
    } catch (error) {
      fail(error)
    }
  })

const make = (database: Database): KeyValueStore.KeyValueStore => {
  const run = <Result>(
    method: string,
    mode: "readonly" | "readwrite",
    key: string | undefined,
    ask: (store: ObjectStore) => Request<Result>
  ): Effect.Effect<Result, KeyValueStore.KeyValueStoreError> =>
    Effect.callback((resume) => {
      try {
        const transaction = database.transaction(
          storeName,
          mode,
          // Written, not only accepted: what is flushed has to outlive the page.
          mode === "readwrite" ? { durability: "strict" } : undefined
        )
        const request = ask(transaction.objectStore(storeName))
        transaction.oncomplete = () => resume(Effect.succeed(request.result))
        // Of the whole, such as of a quota, also where the request itself went well.
        transaction.onabort = () =>
          resume(Effect.fail(failure(method, key, transaction.error ?? request.error)))
      } catch (error) {
        resume(Effect.fail(failure(method, key, error)))
      }
    })
  return KeyValueStore.makeStringOnly({
    get: (key) =>
      Effect.map(
        run("get", "readonly", key, (store) => store.get(key)),
        (value) => (typeof value === "string" ? value : undefined)
      ),
    set: (key, value) => Effect.asVoid(run("set", "readwrite", key, (store) => store.put(value, key))),
    remove: (key) => Effect.asVoid(run("remove", "readwrite", key, (store) => store.delete(key))),
    clear: Effect.asVoid(run("clear", "readwrite", undefined, (store) => store.clear())),
    size: run("size", "readonly", undefined, (store) => store.count()),
    keys: Effect.map(
      run("keys", "readonly", undefined, (store) => store.getAllKeys()),
      (keys) => keys.map(String)
    )
  })
}
