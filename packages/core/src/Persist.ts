/**
 * Keeps the states of some modules in a `KeyValueStore`, and begins with what is there.
 *
 * Given as the runtime's layer it reads before any setup runs. After that it writes the latest states, all under
 * one key: soon after a commit, one write at a time, and what came meanwhile in the next. Nobody waits for a
 * store, so a commit may be lost with the process before it is written; `flush` waits.
 *
 * Do not infer that two tabs see each other: each begins with what is stored, and the last to write stands.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { KeyValueStore } from "effect/persistence/KeyValueStore"
import * as Predicate from "effect/Predicate"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import { InvalidState } from "./Errors.ts"
import type { NotPromise } from "./Handle.ts"
import type { Any } from "./internal/any.ts"
import type { AnyModuleDef, ModuleDef } from "./Module.ts"
import * as Faces from "./ModuleRuntime.ts"
import { type AnyRuntime, current } from "./Runtime.ts"
import { type Address, encodeState, type InstanceSnapshot } from "./Snapshot.ts"

/** What is stored was not used. It was moved aside, as it is; if that failed, nothing is written in its place. */
export class StoredStateRefused extends Data.TaggedError("StoredStateRefused")<{
  readonly key: string
  /** `newer` and `older`: than the versions that can be read. */
  readonly reason: "unreadable" | "newer" | "older" | "migration" | "state"
  readonly issue: string
  readonly movedTo: string | undefined
}> {
  override get message() {
    const kept =
      this.movedTo === undefined
        ? "It stays where it is, and nothing is written in its place"
        : `It was moved to ${JSON.stringify(this.movedTo)}`
    return `What is stored under ${JSON.stringify(this.key)} was not used: ${this.issue}. ${kept}; the app begins with its initial states. Add a migration, or correct the stored value and put it back.`
  }
}

/** The store failed. A read is not tried again, and then nothing is written; a write is, by `retry`. */
export class StoreFailed extends Data.TaggedError("StoreFailed")<{
  readonly key: string
  readonly operation: "read" | "write" | "remove"
  readonly cause: unknown
}> {
  override get message() {
    const next = {
      read: "Nothing is written there in this run; make the store available and start again",
      write: "The states are in memory alone until a later write succeeds; make room, or look at the store",
      remove: "It is still stored; try again"
    }[this.operation]
    return `The ${this.operation} of ${JSON.stringify(this.key)} failed: ${String(this.cause)}. ${next}.`
  }
}

/** Two of one runtime store under one key: each would write over what the other keeps. */
export class KeyInUse extends Data.TaggedError("KeyInUse")<{ readonly key: string }> {
  override get message() {
    return `Persist keeps something else under ${JSON.stringify(this.key)} already, and the two would overwrite each other. Name all modules in one, or give each a key of its own.`
  }
}

/** Encoded states by module id; of a keyed local instance, or one in a named scope, by its address as JSON. */
export type States = Readonly<Record<string, unknown>>

/** Steps from one version to the next. Each gets what the one before gives; the last gives what is read. */
export interface Migrations<Last> {
  /** The oldest that can be read, and the one that is written. */
  readonly oldest: number
  readonly version: number
  readonly steps: ReadonlyArray<(states: never) => unknown>
  readonly step: <Next>(migrate: (states: Last) => NotPromise<Next>) => Migrations<Next>
}

/** From a version of the stored states, and the shape that they had then. */
export const migrations = <Oldest = States>(oldest: number): Migrations<Oldest> => migrating(oldest, [])

const migrating = <Last>(
  oldest: number,
  steps: ReadonlyArray<(states: never) => unknown>
): Migrations<Last> => ({
  oldest,
  version: oldest + steps.length,
  steps,
  step: (migrate) => migrating(oldest, [...steps, migrate])
})

/** A module of which only some fields are stored. */
export interface Picked {
  readonly def: AnyModuleDef
  readonly fields: ReadonlyArray<string>
}

type Persisted = AnyModuleDef | Picked | { readonly def: AnyModuleDef }

/** Only these fields: the others begin as they are without a store. Derived fields are never stored. */
export const pick = <Id extends string, S, A, X, T>(
  def: ModuleDef<Id, S, A, X, T>,
  fields: ReadonlyArray<Exclude<keyof S & string, keyof T>>
): Picked => ({ def, fields })

export interface PersistOptions {
  /** Of the store. */
  readonly key: string
  readonly modules: ReadonlyArray<Persisted>
  /** The steps to the present version. Default: version 1, and no other can be read. */
  readonly migrations?: Migrations<Any>
  /** Waits so long after a commit, for others to be written with it. Default 0. */
  readonly delay?: Duration.Input
  /** When to try a failed write again. Default: after 100 ms, then ever later up to 30 s. */
  readonly retry?: Schedule.Schedule<unknown, StoreFailed>
}

export interface Persist {
  /** Ends when what has been committed is stored. */
  readonly flush: Effect.Effect<void, StoreFailed>
  /** Removes what is stored. The next commit stores its instance's state again. */
  readonly clear: Effect.Effect<void, StoreFailed>
}

const eventually = Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced("30 seconds")])

/** The keys that are written to. */
const inUse = new WeakMap<AnyRuntime, Map<KeyValueStore, Set<string>>>()

/** Throws KeyInUse. Returns the function that gives the key free. */
const use = (runtime: AnyRuntime, store: KeyValueStore, key: string): (() => void) => {
  const stores = inUse.get(runtime) ?? new Map<KeyValueStore, Set<string>>()
  inUse.set(runtime, stores)
  const keys = stores.get(store) ?? new Set<string>()
  stores.set(store, keys)
  if (keys.has(key)) throw new KeyInUse({ key })
  keys.add(key)
  return () => void keys.delete(key)
}

/** Reads, and writes until the scope closes: then once more, for at most a second. Dies with KeyInUse. */
export const make = (options: PersistOptions): Effect.Effect<Persist, never, KeyValueStore | Scope.Scope> =>
  Effect.gen(function* () {
    const runtime = yield* current
    const store = yield* KeyValueStore
    const { delay = 0, key, retry = eventually } = options
    yield* Effect.acquireRelease(
      Effect.sync(() => use(runtime, store, key)),
      (end) => Effect.sync(end)
    )
    const modules = new Map(options.modules.map((one) => [defOf(one).id, one]))
    const report = (error: unknown): void =>
      runtime.onError(Cause.die(error), { instanceId: "", moduleId: "", during: "store", entry: key })
    const read = yield* restore(runtime, options, modules, report)
    if (read === undefined) return { flush: Effect.void, clear: Effect.void }

    /** What is in the store, or on its way there, by address. */
    const states = new Map(Object.entries(read))
    /** The latest states since, by instance id. */
    const dirty = new Map<string, Dirty>()
    let unsaved = false
    let wake: (() => void) | undefined

    const stop = runtime.onCommit(({ instanceId, moduleId, next, origin }) => {
      const one = modules.get(moduleId)
      if (one === undefined || origin.kind === "devtools") return
      const known = dirty.get(instanceId)
      if (known !== undefined) known.state = next
      else {
        const address = runtime.addressOf(instanceId)
        if (address === undefined) return
        const def = defNow(runtime, instanceId) ?? defOf(one)
        dirty.set(instanceId, { one, def, address: storedKey(address), state: next })
      }
      unsaved = true
      wake?.()
    })

    const encodeDirty = (): void => {
      for (const [instanceId, { address, def, one, state }] of dirty) {
        // It may have been replaced since.
        const outcome = encodeState(defNow(runtime, instanceId) ?? def, state)
        if ("value" in outcome) states.set(address, picked(one, outcome.value))
        // Its last state that could be stored stays.
        else
          report(
            new InvalidState({ instanceId, entry: `store ${JSON.stringify(key)}`, issue: outcome.issue })
          )
      }
      dirty.clear()
    }
    const failed = (operation: StoreFailed["operation"]) => (cause: unknown) =>
      new StoreFailed({ key, operation, cause })
    const version = options.migrations?.version ?? 1
    const oneAtATime = Semaphore.makeUnsafe(1)
    const save = oneAtATime.withPermits(1)(
      Effect.suspend(() => {
        if (!unsaved) return Effect.void
        encodeDirty()
        unsaved = false
        const text = JSON.stringify({ format: 1, version, states: Object.fromEntries(states) })
        return store.set(key, text).pipe(
          Effect.mapError(failed("write")),
          Effect.onError(() => Effect.sync(() => void (unsaved = true)))
        )
      })
    )
    const reporting = Effect.tapError(save, (error) => Effect.sync(() => report(error)))
    const commit = Effect.callback<void>((resume) => {
      if (unsaved) return resume(Effect.void)
      wake = () => {
        wake = undefined
        resume(Effect.void)
      }
    })
    const loop = commit.pipe(
      Effect.andThen(Effect.sleep(delay)),
      Effect.andThen(Effect.retry(reporting, retry)),
      // It has given up: the next commit tries again.
      Effect.catch(() => Effect.callback<void>((resume) => void (wake = () => resume(Effect.void))))
    )
    // The scope's finalizers run last first: the loop has ended when the rest is written.
    yield* Effect.addFinalizer(() => {
      stop()
      return Effect.timeoutOrElse(Effect.ignore(reporting), {
        duration: "1 second",
        orElse: () => Effect.sync(() => report(failed("write")("it had not ended when the app had")))
      })
    })
    yield* Effect.forkScoped(Effect.forever(loop))
    const clear = oneAtATime.withPermits(1)(
      Effect.suspend(() => {
        dirty.clear()
        states.clear()
        unsaved = false
        return Effect.mapError(store.remove(key), failed("remove"))
      })
    )
    return { flush: save, clear }
  })

interface Dirty {
  readonly one: Persisted
  readonly def: AnyModuleDef
  readonly address: string
  /** The latest. Written with each commit. */
  state: unknown
}

/** What a live instance is of: modules are replaced. */
const defNow = (runtime: AnyRuntime, instanceId: string): AnyModuleDef | undefined => {
  const live = runtime.instances().find((instance) => instance.instanceId === instanceId)
  return live && Faces.instanceOf(live)?.impl.def
}

/** As a layer of a runtime: it has read before the modules start. */
export const layer = (options: PersistOptions): Layer.Layer<never, never, KeyValueStore> =>
  Layer.effectDiscard(make(options))

const defOf = (one: Persisted): AnyModuleDef => ("def" in one ? one.def : one)

const fieldsOf = (one: Persisted): ReadonlyArray<string> | undefined =>
  "fields" in one ? one.fields : undefined

const picked = (one: Persisted, state: unknown): unknown => {
  const fields = fieldsOf(one)
  if (fields === undefined || typeof state !== "object" || state === null) return state
  return Object.fromEntries(Object.entries(state).filter(([name]) => fields.includes(name)))
}

// A root's module by its id, which a migration can write; any other address as JSON.
const storedKey = ({ module, scope }: Address): string =>
  scope.length === 0 && !module.startsWith("[") ? module : JSON.stringify([...scope, module])

const addressOf = (key: string): Address => {
  if (!key.startsWith("[")) return { module: key, scope: [] }
  const names = JSON.parse(key) as ReadonlyArray<string>
  return { module: names.at(-1) ?? "", scope: names.slice(0, -1) }
}

class Refusal extends Error {
  readonly reason: StoredStateRefused["reason"]

  constructor(reason: StoredStateRefused["reason"], issue: string) {
    super(issue)
    this.reason = reason
  }
}

const attempt = <A>(reason: StoredStateRefused["reason"], body: () => A): A => {
  try {
    return body()
  } catch (error) {
    if (error instanceof Refusal) throw error
    if (error instanceof InvalidState) throw new Refusal(reason, `${error.instanceId}: ${error.issue}`)
    throw new Refusal(reason, error instanceof Error ? error.message : String(error))
  }
}

/** The states that are stored, hydrated; none if there are none or they were refused; `undefined`: do not write. */
const restore = (
  runtime: AnyRuntime,
  { key, migrations }: PersistOptions,
  modules: ReadonlyMap<string, Persisted>,
  report: (error: unknown) => void
): Effect.Effect<States | undefined, never, KeyValueStore> =>
  Effect.gen(function* () {
    const store = yield* KeyValueStore
    const text = yield* store.get(key)
    if (text === undefined) return {}
    try {
      const states = attempt("migration", () =>
        migrated(
          attempt("unreadable", () => parse(text)),
          migrations
        )
      )
      const instances = attempt("unreadable", () => instancesOf(states, modules))
      attempt("state", () => runtime.hydrate({ format: 1, instances }, { name: key }))
      return states
    } catch (error) {
      // Nothing else is thrown above.
      const { message: issue, reason } = error as Refusal
      const aside = `${key}.refused.${yield* Clock.currentTimeMillis}`
      const movedTo = yield* Effect.match(store.set(aside, text), {
        onSuccess: () => aside,
        onFailure: () => undefined
      })
      report(new StoredStateRefused({ key, reason, issue, movedTo }))
      return movedTo === undefined ? undefined : {}
    }
  }).pipe(
    Effect.catch((cause) => Effect.sync(() => report(new StoreFailed({ key, operation: "read", cause }))))
  ) as Effect.Effect<States | undefined, never, KeyValueStore>

interface Stored {
  readonly version: number
  readonly states: States
}

const parse = (text: string): Stored => {
  const value: unknown = JSON.parse(text)
  if (
    !Predicate.hasProperty(value, "format") ||
    !Predicate.hasProperty(value, "version") ||
    typeof value.version !== "number" ||
    !Predicate.hasProperty(value, "states") ||
    !isStates(value.states)
  ) {
    throw new Refusal("unreadable", "it is not what Persist writes")
  }
  if (value.format !== 1)
    throw new Refusal(
      "newer",
      `its format is ${JSON.stringify(value.format)}, and this version of Sluice reads 1`
    )
  return { version: value.version, states: value.states }
}

const migrated = ({ states, version }: Stored, migrations: Migrations<Any> | undefined): States => {
  const { oldest, steps, version: present } = migrations ?? { oldest: 1, version: 1, steps: [] }
  if (version > present)
    throw new Refusal("newer", `it is of version ${version}, and this app is of ${present}`)
  if (version < oldest)
    throw new Refusal(
      "older",
      `it is of version ${version}, and the oldest that migrations begin with is ${oldest}`
    )
  // Each step takes what the one before gave, as `step` has typed it.
  const last = steps.slice(version - oldest).reduce<unknown>((given, step) => step(given as never), states)
  if (isStates(last)) return last
  throw new Refusal("migration", "a migration gave no record of states; it must be synchronous")
}

/** Not of a Promise, either, which has no states and would be written in their place. */
const isStates = (value: unknown): value is States =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !Predicate.isPromiseLike(value)

const instancesOf = (
  states: States,
  modules: ReadonlyMap<string, Persisted>
): ReadonlyArray<InstanceSnapshot> =>
  Object.entries(states).flatMap(([key, state]) => {
    const address = addressOf(key)
    const one = modules.get(address.module)
    if (one === undefined) return []
    return [{ ...address, state: picked(one, state), partial: fieldsOf(one) !== undefined }]
  })
