/** Writes what becomes of one instance: its entries in order, and snapshots of some slots. Nobody waits for it. */
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import type { KeyValueStoreError } from "effect/persistence/KeyValueStore"
import * as Semaphore from "effect/Semaphore"
import type { Image } from "../Image.ts"
import { hashOf } from "../memory/Hash.ts"
import type { CallRecord, Recordable } from "../Recordable.ts"
import { entryOf, failedOf, lost, type Told } from "./Entries.ts"
import type { Entry } from "./Headers.ts"
import type { Slots, StoredSnapshot, Written } from "./Slots.ts"

export interface JournalOptions {
  /** A snapshot of each slot that this divides. */
  readonly snapshotEvery: number
  /** Of the snapshots each so-manieth is a full one; the others hold what changed since the one before. */
  readonly fullEvery: number
  /** Of the state's schema. */
  readonly version: number
  /** Whether the module derives fields, which are committed with what its code gave. */
  readonly derives: boolean
}

/** A snapshot that has been written. */
export interface Taken extends Written {
  readonly slot: number
  readonly full: boolean
  readonly image: Image | undefined
}

/** What is known of the instance's slot before the journal goes on from there. */
export interface Begun {
  readonly slot: number
  /** SHA-256 of the last batch of entries. */
  readonly batch: string | null
}

/** A snapshot that is to be written. */
interface Due<S> extends Told<S> {
  /** SHA-256 of the batch that has its slot. Written by `writeBatch`. */
  batch: string | null
}

/** In one batch, so that its record stays small. */
const mostEntries = 256

const text = new TextDecoder()

export class Journal<S> {
  private readonly slots: Slots
  private readonly handler: Pick<Recordable<S>, "encode" | "sha256">
  private readonly options: JournalOptions
  private readonly taken: (snapshot: Taken) => void
  /** Of what was told last. */
  private slot: number
  private last: Pick<Told<S>, "state" | "image"> | undefined
  /** Told and not in the store yet. Written by `tell` at the end, and by `write` from the front. */
  private entries: Array<Told<S>> = []
  private snapshots: Array<Due<S>> = []
  /** Written by `write`. */
  private batch: string | null
  private base: StoredSnapshot | undefined
  /** Whether the state of the last entry could not be stored. */
  private lost = false
  private sinceFull = 0
  private readonly some = Latch.makeUnsafe(false)
  private readonly writing = Semaphore.makeUnsafe(1)

  constructor(
    slots: Slots,
    handler: Journal<S>["handler"],
    options: JournalOptions,
    begun: Begun | undefined,
    taken: (snapshot: Taken) => void
  ) {
    this.slots = slots
    this.handler = handler
    this.options = options
    this.taken = taken
    this.slot = begun?.slot ?? -1
    this.batch = begun?.batch ?? null
  }

  /** The last that it was told of; -1: none. */
  get newest(): number {
    return this.slot
  }

  /** Where another goes on, once all is stored. */
  get stored(): Begun {
    return { slot: this.slot, batch: this.batch }
  }

  /** A call that committed this state. */
  called(call: CallRecord, state: S, image: Image | undefined): void {
    this.tell({ call, state, image, origin: "", carried: true })
  }

  /** A call that gave no state: its slot has that of the slot before. */
  failed(call: CallRecord): void {
    if (this.last !== undefined) this.tell({ call, ...this.last, origin: "", carried: true })
  }

  /** A commit that no call made. `anchored`: its memory is not that of the slot before, whatever it is. */
  committed(origin: string, state: S, image: Image | undefined, anchored = false): void {
    const carried = !anchored && image === this.last?.image
    this.tell({ call: undefined, state, image, origin, carried })
  }

  /** What the stored slot is from which the journal goes on. */
  begin(state: S, image: Image | undefined): void {
    this.last = { state, image }
  }

  private tell(told: Omit<Told<S>, "slot" | "snapshot">): void {
    this.slot++
    const snapshot = this.slot % this.options.snapshotEvery === 0 || !told.carried
    this.last = { state: told.state, image: told.image }
    const next = { ...told, slot: this.slot, snapshot }
    this.entries.push(next)
    if (snapshot) this.snapshots.push({ ...next, batch: null })
    this.some.openUnsafe()
  }

  /** Ends when all that was told is stored. */
  readonly flush: Effect.Effect<void, KeyValueStoreError> = Effect.suspend(() =>
    this.writing.withPermits(1)(this.write())
  )

  /** Stores what it is told, as it comes. */
  readonly run: Effect.Effect<never, KeyValueStoreError> = Effect.suspend(() =>
    Effect.forever(Effect.andThen(this.some.await, this.flush))
  )

  /** A full snapshot of the newest slot, unless there is one. */
  readonly snapshot: Effect.Effect<void, KeyValueStoreError> = Effect.suspend(() => {
    const { batch, last, slot } = this
    const due = this.base?.slot !== slot && !this.snapshots.some((one) => one.slot === slot)
    if (last !== undefined && slot >= 0 && due) {
      const told = { ...last, slot, call: undefined, origin: "", carried: true, snapshot: true }
      this.snapshots.push({ ...told, batch })
    }
    return this.flush
  })

  private write(): Effect.Effect<void, KeyValueStoreError> {
    return Effect.gen({ self: this }, function* () {
      this.some.closeUnsafe()
      for (;;) {
        // Before each snapshot: it names the batch that has its slot
        while (this.entries.length > 0) yield* this.writeBatch(this.entries.slice(0, mostEntries))
        const next = this.snapshots[0]
        if (next === undefined) return
        yield* this.writeSnapshot(next)
        this.snapshots.shift()
      }
      // What failed stays told, and is tried again with the next.
    }).pipe(Effect.onError(() => Effect.sync(() => this.some.openUnsafe())))
  }

  private writeBatch(told: ReadonlyArray<Told<S>>): Effect.Effect<void, KeyValueStoreError> {
    return Effect.gen({ self: this }, function* () {
      const [first, last] = [told[0], told.at(-1)]
      if (first === undefined || last === undefined) return
      const entries: Array<Entry> = []
      let isLost = this.lost
      for (const one of told) {
        const bytes = failedOf(one) ? new Uint8Array() : yield* this.encoded(one)
        entries.push(
          bytes === undefined ? lost(one) : yield* Effect.promise(() => entryOf(one, bytes, this.options))
        )
        if (bytes === undefined) isLost = true
        else if (isLost && !failedOf(one)) {
          isLost = false
          this.anchor(one)
        }
      }
      const { sha256 } = yield* this.slots.putBatch({
        from: first.slot,
        to: last.slot,
        previous: this.batch,
        module: this.handler.sha256,
        version: this.options.version,
        entries
      })
      this.batch = sha256
      this.lost = isLost
      this.entries.splice(0, told.length)
      for (const due of this.snapshots) {
        if (due.slot >= first.slot && due.slot <= last.slot) due.batch = sha256
      }
    })
  }

  /** Undefined: it is none that the handler could be given, and cannot be stored. */
  private encoded({ state }: Told<S>): Effect.Effect<Uint8Array<ArrayBuffer> | undefined> {
    return Effect.try({ try: () => this.handler.encode(state), catch: (error) => error }).pipe(
      Effect.catch((error) => Effect.as(Effect.logWarning(error), undefined))
    )
  }

  /** What comes before it does not lead to it. */
  private anchor(told: Told<S>): void {
    if (this.snapshots.some(({ slot }) => slot === told.slot)) return
    this.snapshots.push({ ...told, batch: null })
    this.snapshots.sort((one, other) => one.slot - other.slot)
  }

  private writeSnapshot(due: Due<S>): Effect.Effect<void, KeyValueStoreError> {
    return Effect.gen({ self: this }, function* () {
      const { batch, image, slot } = due
      const state = yield* this.encoded(due)
      if (state === undefined) return
      const memory = image === undefined ? null : yield* Effect.promise(() => hashOf(image))
      const snapshot = {
        slot,
        batch,
        image,
        memory,
        module: this.handler.sha256,
        version: this.options.version,
        state: text.decode(state)
      }
      const base = this.sinceFull < this.options.fullEvery ? this.base : undefined
      const written = yield* this.slots.putSnapshot(snapshot, base)
      this.sinceFull = base === undefined ? 1 : this.sinceFull + 1
      this.base = { ...snapshot, sha256: written.sha256 }
      this.taken({ ...written, slot, full: base === undefined, image })
    })
  }
}
