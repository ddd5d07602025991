/** One instance that is recorded: from its commits and its handler's calls to its journal, and back. */
import type { Commit } from "@sluice/core"
import type { HandledInstance } from "@sluice/core/Handler"
import * as HandlerActivity from "@sluice/core/HandlerActivity"
import type { Change } from "@sluice/core/Replay"
import * as Effect from "effect/Effect"
import type { KeyValueStoreError } from "effect/persistence/KeyValueStore"
import type { HandlerMismatch } from "../Errors.ts"
import { type Image, pageSize } from "../Image.ts"
import { type CallRecord, isRebased, type Recordable } from "../Recordable.ts"
import { find, type Found, type Point, type Target, toRecord } from "./Begin.ts"
import type { ReplayDiverged, SlotUnreadable } from "./Errors.ts"
import { Journal, type JournalOptions, type Taken } from "./Journal.ts"
import { read, type ReadError, runnerOf, type SlotRead } from "./Read.ts"
import type { Slots } from "./Slots.ts"

export type RestoreError = SlotUnreadable | ReplayDiverged | HandlerMismatch | KeyValueStoreError

/** What is asked of the instance. */
export interface Recorded<in out S> {
  readonly handled: HandledInstance
  readonly current: () => S
  readonly observe: (listener: (change: Change<S>) => void) => () => void
  /** An entry of this origin, that puts the state in place. */
  readonly put: (origin: Commit.Origin, state: S) => Effect.Effect<void>
  /** Its turn as an entry that changes nothing: after that by which its handler begins it. */
  readonly turn: (origin: Commit.Origin, body: (state: S) => void) => Effect.Effect<void>
}

export type Settings = JournalOptions & Pick<Target<never>, "former" | "migrate">

/** What it puts in place stands for itself: the memory of the state before is not carried to it. */
const restored: Commit.Origin = { kind: "hydrate", name: "recovery" }

const text = new TextDecoder()

export class Attached<in out S> {
  private readonly instance: Recorded<S>
  private readonly handler: Recordable<S>
  private readonly slots: Slots
  private readonly settings: Settings
  /** Calls that are a slot: another state that has one of them was carried from there. */
  private readonly known = new WeakSet<CallRecord>()
  private readonly journal: Journal<S>
  private readonly endings: ReadonlyArray<() => void>
  /** From then on what becomes of the instance is a slot. Written once it has begun. */
  private live = false
  /** What the entry that is under way puts in place. Written by `put`. */
  private restoring: Found<S> | undefined

  /** Of an instance as it is, or as what was found says; and from then on of all that becomes of it. */
  static begin<S>(
    instance: Recorded<S>,
    handler: Recordable<S>,
    slots: Slots,
    settings: Settings,
    point: Point
  ): Effect.Effect<Attached<S>, RestoreError> {
    return Effect.gen(function* () {
      const found = yield* find(slots, point, { ...settings, handler })
      for (const error of found?.passed ?? []) yield* Effect.logWarning(error)
      const attached = new Attached(instance, handler, slots, settings, found)
      if (found !== undefined) yield* attached.put(found)
      else yield* instance.turn(restored, (state) => attached.started(state))
      return attached
    })
  }

  private constructor(
    instance: Recorded<S>,
    handler: Recordable<S>,
    slots: Slots,
    settings: Settings,
    found: Found<S> | undefined
  ) {
    this.instance = instance
    this.handler = handler
    this.slots = slots
    this.settings = settings
    this.journal = new Journal(slots, handler, settings, found?.begun, (taken) => this.tell(taken))
    this.endings = [
      instance.observe((change) => this.changed(change)),
      handler.onFailed(instance.handled.instanceId, (call) => {
        if (this.live) this.journal.failed(call)
      })
    ]
  }

  readonly slot: Effect.Effect<number> = Effect.sync(() => this.journal.newest)

  readonly flush: Effect.Effect<void, KeyValueStoreError> = Effect.suspend(() => this.journal.flush)

  readonly snapshot: Effect.Effect<void, KeyValueStoreError> = Effect.suspend(() => this.journal.snapshot)

  /** Stores what becomes of the instance, as it comes. */
  readonly run: Effect.Effect<never, KeyValueStoreError> = Effect.suspend(() => this.journal.run)

  /** Hears no more of the instance, and stores its last slot whole: code that takes its place need not replay. */
  readonly end: Effect.Effect<void, KeyValueStoreError> = Effect.suspend(() => {
    for (const end of this.endings) end()
    return this.journal.snapshot
  })

  readonly export: Effect.Effect<Uint8Array<ArrayBuffer>> = Effect.suspend(() => {
    const { handler, instance, journal, settings } = this
    const state = instance.current()
    return toRecord({
      slot: journal.newest,
      module: handler.sha256,
      version: settings.version,
      state: text.decode(handler.encode(state)),
      image: handler.memoryOf(state)
    })
  })

  read(slot: number | "newest"): Effect.Effect<SlotRead, ReadError> {
    const runners = [runnerOf(this.handler), ...this.settings.former]
    return Effect.andThen(this.journal.flush, read(this.slots, slot, runners))
  }

  restore(point: Point): Effect.Effect<S, RestoreError> {
    return Effect.gen({ self: this }, function* () {
      yield* this.journal.flush
      const found = yield* find(this.slots, point, { ...this.settings, handler: this.handler })
      if (found === undefined) return this.instance.current()
      yield* this.put({ ...found, continues: false })
      return this.instance.current()
    })
  }

  /** Puts nothing in place: the state is then one that the handler knows the memory of. */
  stateAt(point: Point): Effect.Effect<S | undefined, RestoreError> {
    return Effect.gen({ self: this }, function* () {
      yield* this.journal.flush
      const found = yield* find(this.slots, point, { ...this.settings, handler: this.handler })
      if (found?.image !== undefined) this.handler.remember(found.state, found.image)
      return found?.state
    })
  }

  private put(found: Found<S>): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.restoring = found
      return Effect.ensuring(
        this.instance.put(restored, found.state),
        Effect.sync(() => {
          this.restoring = undefined
        })
      )
    })
  }

  private started(state: S): void {
    this.enter(state, "init", this.handler.memoryOf(state), false)
    this.live = true
  }

  private changed({ actions, next, origin, previous }: Change<S>): void {
    if (next === previous) return
    if (origin !== restored || this.restoring === undefined) {
      if (this.live) this.enter(next, origin.name, this.handler.memoryOf(next), false, actions.length > 1)
      return
    }
    const { continues, image } = this.restoring
    // It may not be the state that was put: derived fields are made again
    if (image !== undefined) this.handler.remember(next, image)
    if (continues) this.journal.begin(next, image)
    else this.enter(next, origin.name, image, true)
    this.live = true
  }

  /** `batch`: its last call was given what the actions before it have made, which was never the instance's state. */
  private enter(state: S, origin: string, image: Image | undefined, anchored: boolean, batch = false): void {
    const call = this.handler.callOf(state)
    if (call === undefined || this.known.has(call)) {
      this.journal.committed(origin, state, image, anchored)
      return
    }
    this.known.add(call)
    if (batch || isRebased(call)) return this.journal.committed(origin, state, image, true)
    this.journal.called(call, state, image)
  }

  private tell({ bytes, full, image, path, sha256, slot }: Taken): void {
    const pages = image?.parts.reduce((sum, part) => sum + part.pages.length, 0) ?? 0
    HandlerActivity.of(this.instance.handled.host).tell({
      _tag: "Snapshot",
      at: Date.now(),
      handler: this.handler.name,
      instanceId: this.instance.handled.instanceId,
      slot,
      full,
      bytes,
      memoryBytes: pages * pageSize,
      sha256,
      path
    })
  }
}
