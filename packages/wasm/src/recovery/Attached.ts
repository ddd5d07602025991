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
import { type Begun, Journal, type JournalOptions, type Taken } from "./Journal.ts"
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

/** What is in place already when a logic begins. */
export interface There<S> extends Pick<Found<S>, "begun" | "continues"> {
  /** As the logic before has left it, or the handler's first entry has put it in place. */
  readonly state: S
}

interface Left {
  readonly handler: string
  readonly version: number
  readonly there: There<unknown>
}

const leftBy = new WeakMap<HandledInstance, Left>()

/** For the next logic of the instance, if its code and version are the same. */
export const leave = <S>(
  instance: HandledInstance,
  handler: Recordable<S>,
  { version }: Pick<Settings, "version">,
  there: There<S>
): void => void leftBy.set(instance, { handler: handler.sha256, version, there })

const thereIn = <S>(
  instance: HandledInstance,
  handler: Recordable<S>,
  { version }: Pick<Settings, "version">
): There<S> | undefined => {
  const left = leftBy.get(instance)
  leftBy.delete(instance)
  // It was left for an instance of this state.
  return left?.handler === handler.sha256 && left.version === version ? (left.there as There<S>) : undefined
}

/** What was passed over is a warning. */
export const findAt = <S>(
  slots: Slots,
  point: Point,
  target: Target<S>
): Effect.Effect<Found<S> | undefined, RestoreError> =>
  Effect.tap(find(slots, point, target), (found) =>
    Effect.forEach(found?.passed ?? [], (error) => Effect.logWarning(error), { discard: true })
  )

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
  /** What entries that are under way or still wait put in place, by their origins. Written by `put`. */
  private readonly restoring = new Map<Commit.Origin, Found<S>>()

  /** Of an instance as it is, or as what was found says; and from then on of all that becomes of it. */
  static begin<S>(
    instance: Recorded<S>,
    handler: Recordable<S>,
    slots: Slots,
    settings: Settings,
    point: Point
  ): Effect.Effect<Attached<S>, RestoreError> {
    return Effect.gen(function* () {
      // After the handler's first entry
      yield* instance.turn(restored, () => {})
      const there = thereIn(instance.handled, handler, settings)
      const found = there === undefined ? yield* findAt(slots, point, { ...settings, handler }) : undefined
      const attached = new Attached(instance, handler, slots, settings, (there ?? found)?.begun)
      if (found !== undefined) yield* attached.put(found)
      else yield* instance.turn(restored, (state) => attached.started(state, there))
      return attached
    })
  }

  private constructor(
    instance: Recorded<S>,
    handler: Recordable<S>,
    slots: Slots,
    settings: Settings,
    begun: Begun | undefined
  ) {
    this.instance = instance
    this.handler = handler
    this.slots = slots
    this.settings = settings
    this.journal = new Journal(slots, handler, settings, begun, (taken) => this.tell(taken))
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
    const { handler, instance, journal, settings } = this
    const state = instance.current()
    return Effect.map(journal.snapshot, () =>
      leave(instance.handled, handler, settings, { state, continues: true, begun: journal.stored })
    )
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
      const origin = { ...restored }
      this.restoring.set(origin, found)
      return Effect.ensuring(
        this.instance.put(origin, found.state),
        Effect.sync(() => this.restoring.delete(origin))
      )
    })
  }

  /** `there`: what has put the state in place already. */
  private started(state: S, there: There<S> | undefined): void {
    const image = this.handler.memoryOf(state)
    if (there === undefined) this.enter(state, "init", image, false)
    else if (there.continues && there.state === state) this.journal.begin(state, image)
    else this.add(state, "init", image)
    this.live = true
  }

  private changed({ actions, next, origin, previous }: Change<S>): void {
    if (next === previous) return
    // From then on it is another implementation's, which begins with what is stored.
    if (origin.kind === "init" && origin.name === "replace") this.live = false
    const restoring = this.restoring.get(origin)
    if (restoring === undefined) {
      if (this.live) this.enter(next, origin.name, this.handler.memoryOf(next), actions.length > 1)
      return
    }
    const { continues, image } = restoring
    // It may not be the state that was put: derived fields are made again
    if (image !== undefined) this.handler.remember(next, image)
    if (continues) this.journal.begin(next, image)
    else this.add(next, origin.name, image)
    this.live = true
  }

  /** `batch`: its last call was given what the actions before it have made, which was never the instance's state. */
  private enter(state: S, origin: string, image: Image | undefined, batch: boolean): void {
    const call = this.handler.callOf(state)
    if (call === undefined || this.known.has(call)) {
      this.journal.committed(origin, state, image)
      return
    }
    if (batch || isRebased(call)) return this.add(state, origin, image)
    this.known.add(call)
    this.journal.called(call, state, image)
  }

  /** A slot that does not follow from the one before, whatever has made it. */
  private add(state: S, origin: string, image: Image | undefined): void {
    const call = this.handler.callOf(state)
    if (call !== undefined) this.known.add(call)
    this.journal.committed(origin, state, image, true)
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
