/**
 * Keeps what an instance and its handler's code were at each of their slots in a `KeyValueStore`, begins again
 * with that, and reads any slot of it. Nobody waits for the store: what was committed last may be lost with the
 * process. `flush` waits.
 */
import type { Module, ModuleIdentity } from "@sluice/core"
import * as Handled from "@sluice/core/Handled"
import type { OutsideHandler } from "@sluice/core/Handler"
import * as HandlerPort from "@sluice/core/HandlerPort"
import * as Replay from "@sluice/core/Replay"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { KeyValueStore, type KeyValueStoreError } from "effect/persistence/KeyValueStore"
import * as Schedule from "effect/Schedule"
import { restoreBy } from "./Escalation.ts"
import type { Recordable } from "./Recordable.ts"
import { Attached, findAt, leave, type RestoreError } from "./recovery/Attached.ts"
import type { Migrate, Point } from "./recovery/Begin.ts"
import type { BrokenRecord } from "./recovery/Errors.ts"
import { read as readSlot, type ReadError, type Runner, runnerOf, type SlotRead } from "./recovery/Read.ts"
import { type Address, Slots } from "./recovery/Slots.ts"

export * as Errors from "./recovery/Errors.ts"
export type { Migrate, Point } from "./recovery/Begin.ts"
export type { RestoreError } from "./recovery/Attached.ts"
export type { ReadError, Runner, SlotRead } from "./recovery/Read.ts"
export type { Address, Snapshot } from "./recovery/Slots.ts"

export interface Options {
  /** A snapshot of each slot that this divides. Default 50. */
  readonly snapshotEvery?: number
  /** Of the snapshots each so-manieth holds all of the memory; the others what changed since the one before. Default 10. */
  readonly fullEvery?: number
  /** What the instance is called in the store. Default its id, which another run may give to another instance. */
  readonly key?: string
  /** What it begins with. Default `newest`. */
  readonly start?: Point
  /** Of the state's schema. Default 1. */
  readonly version?: number
  /** Asked where the code or the version is another than that of what is stored. Default: the handler's own, or else the state as it is. */
  readonly migrate?: Migrate
  /** What the code was before, so that calls that no snapshot has can be made again. */
  readonly former?: ReadonlyArray<Runner>
}

/** An instance that is recorded. */
export interface Recovery<S> {
  /** The last slot that there is, stored or not. Each call of the handler is one, and each other commit. */
  readonly slot: Effect.Effect<number>
  /** Ends when all slots are stored. */
  readonly flush: Effect.Effect<void, KeyValueStoreError>
  /** Takes a snapshot of the last slot, and ends when it is stored. */
  readonly snapshot: Effect.Effect<void, KeyValueStoreError>
  /** Does not change the instance. */
  readonly read: (slot: number | "newest") => Effect.Effect<SlotRead, ReadError>
  /** Puts state and memory of that slot in place, as a new entry and a new slot. Gives the state. */
  readonly restore: (point: Point) => Effect.Effect<S, RestoreError>
  /** All of the last slot, for `accept` in another runtime. */
  readonly export: Effect.Effect<Uint8Array<ArrayBuffer>>
}

/** Each of its instance's state. */
const recorded = new WeakMap<object, unknown>()

/** Of a ModuleRuntime or a handle whose module has the logic. Undefined before that has begun. */
export const of = <S>(
  face: Handled.Face & { readonly getState: Effect.Effect<S> }
): Recovery<S> | undefined => recorded.get(Handled.instanceOf(face)) as Attached<S> | undefined

/**
 * A logic that records its instance, and begins with what is stored. Do not infer that entries wait for that: without
 * `first`, it takes the place of what was committed before the store has answered.
 */
export const logic = <Id extends string, S, A, X, T, N = never>(
  def: Module.ModuleDef<Id, S, A, X, T>,
  handler: Recordable<S> | Effect.Effect<Recordable<S>, never, N>,
  options: Options = {}
): Module.Logic<S, A, KeyValueStore | ModuleIdentity<Id> | NoInfer<N>> =>
  def.logic("recovery", ($) =>
    Effect.gen(function* () {
      const runtime = yield* def.tag
      const instance = Handled.instanceOf(runtime)
      const code = yield* loaded(handler)
      const address = { handler: code.name, instance: options.key ?? runtime.instanceId }
      // Before it observes: it is to see states with the memory that is carried to them.
      HandlerPort.keep(instance)
      const attached = yield* Attached.begin(
        {
          handled: instance,
          current: runtime.unsafe.getState,
          observe: (listener) => Replay.observe(runtime, listener),
          turn: (origin, body) => runtime.transact(origin, (tx) => body(tx.get())),
          put: (origin, state) => runtime.transact(origin, (tx) => tx.set(state))
        },
        code,
        new Slots(address, yield* KeyValueStore),
        {
          ...settled(options),
          migrate: options.migrate ?? code.migrateState,
          derives: def.traits !== undefined
        },
        options.start ?? "newest"
      )
      recorded.set(instance, attached)
      const restarting = restoreBy(instance, code.name, (policy) =>
        Effect.matchEffect(attached.stateAt(policy), {
          onFailure: (error) => Effect.as(Effect.logWarning(error), undefined),
          onSuccess: (state) => Effect.succeed(state === undefined ? undefined : { state })
        })
      )
      yield* Effect.addFinalizer(() => Effect.sync(restarting))
      // They are nobody's, and so onError's
      const writing = attached.run.pipe(
        Effect.tapError((error) => $.afterCommit(Effect.fail(error))),
        Effect.retry(eventually),
        Effect.catchDefect((defect) => $.afterCommit(Effect.die(defect)))
      )
      yield* Effect.forkScoped(writing)
      yield* Effect.addFinalizer(() => Effect.ignore(Effect.timeout(attached.end, Duration.seconds(5))))
    })
  )

/**
 * The handler, to be given for the logic's in `implement({ handlers })`: its first entry puts what is stored in place, and only
 * then are others let in. Give it the logic's options. Not inline, where nothing can wait.
 */
export const first = <S, P, R>(
  handler: OutsideHandler<S, P, R> & Recordable<S>,
  options: Options = {}
): OutsideHandler<S, P, R | KeyValueStore> => ({
  ...handler,
  begin: (entry) =>
    Effect.gen(function* () {
      const settings = settled(options)
      const address = { handler: handler.name, instance: options.key ?? entry.instanceId }
      const slots = new Slots(address, yield* KeyValueStore)
      // The logic fails with the same, and says so.
      const found = yield* Effect.orElseSucceed(
        findAt(slots, options.start ?? "newest", { ...settings, handler }),
        () => undefined
      )
      if (found === undefined) return yield* handler.begin?.(entry) ?? Effect.void
      if (found.image !== undefined) handler.remember(found.state, found.image)
      leave(entry.instance, handler, settings, found)
      yield* entry.commit(entry.state(), found.state)
    })
})

const eventually = Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced("30 seconds")])

const loaded = <S, N>(
  handler: Recordable<S> | Effect.Effect<Recordable<S>, never, N>
): Effect.Effect<Recordable<S>, never, N> => (Effect.isEffect(handler) ? handler : Effect.succeed(handler))

const settled = (options: Options) => ({
  snapshotEvery: options.snapshotEvery ?? 50,
  fullEvery: options.fullEvery ?? 10,
  version: options.version ?? 1,
  migrate: options.migrate,
  former: options.former ?? []
})

/** Of an instance that need not be there: by the store, and the code. */
export const read = <S>(
  address: Address,
  slot: number | "newest",
  handlers: ReadonlyArray<Recordable<S>>
): Effect.Effect<SlotRead, ReadError, KeyValueStore> =>
  Effect.flatMap(KeyValueStore, (store) => readSlot(new Slots(address, store), slot, handlers.map(runnerOf)))

/**
 * Stores what another runtime has exported, so that an instance of this address begins with it. Gives its slot. What
 * is stored of that address already is not removed: an older slot is not what it begins with.
 */
export const accept = (
  address: Address,
  exported: Uint8Array
): Effect.Effect<number, BrokenRecord | KeyValueStoreError, KeyValueStore> =>
  Effect.flatMap(KeyValueStore, (store) => new Slots(address, store).accept(exported))

export { runnerOf as former } from "./recovery/Read.ts"
