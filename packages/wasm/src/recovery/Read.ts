/** Reading a slot with nothing but the store: the nearest good snapshot, then the recorded calls again. */
import * as Effect from "effect/Effect"
import type { KeyValueStoreError } from "effect/persistence/KeyValueStore"
import type { Image } from "../Image.ts"
import { hashOf, sha256Of } from "../memory/Hash.ts"
import type { Recordable } from "../Recordable.ts"
import { type BrokenRecord, ReplayDiverged, SlotUnreadable } from "./Errors.ts"
import type { CallEntry, Entry } from "./Headers.ts"
import type { Batch, Slots, Snapshot, StoredSnapshot } from "./Slots.ts"

/** Code that can do its calls again. */
export interface Runner extends Pick<Recordable<never>, "sha256" | "run"> {
  /** A state that the code gave, as the code is given it. Throws HandlerMismatch. */
  readonly normal: (state: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>
}

export const runnerOf = <S>({ decode, encode, run, sha256 }: Recordable<S>): Runner => ({
  sha256,
  run,
  normal: (state) => encode(decode(state))
})

export interface SlotRead extends Snapshot {
  /** The snapshot that it was read from; undefined: from the first call on. */
  readonly from: number | undefined
  /** Calls that were made again. */
  readonly replayed: number
  /** What was passed over. */
  readonly broken: ReadonlyArray<BrokenRecord>
}

export type ReadError = SlotUnreadable | ReplayDiverged | KeyValueStoreError

type At = Omit<SlotRead, "broken">

const utf8 = new TextEncoder()
const text = new TextDecoder()

/** `newest`: the last that is whole. `runners`: the code, and what it was before, as far as calls are of that. */
export const read = (
  slots: Slots,
  slot: number | "newest",
  runners: ReadonlyArray<Runner>
): Effect.Effect<SlotRead, ReadError> =>
  Effect.gen(function* () {
    const stored = yield* slots.list
    const broken: Array<BrokenRecord> = []
    const reading = new Reading(slots, stored.batches, runners, broken)
    const last = slot === "newest" ? Number.POSITIVE_INFINITY : slot
    let reached: number | undefined
    let reason = "nothing is stored of it"
    const begins = stored.batches.length === 0 ? [] : [undefined]
    for (const from of [...stored.snapshots.filter((at) => at <= last).toReversed(), ...begins]) {
      const begun =
        from === undefined
          ? undefined
          : yield* slots
              .snapshot(from)
              .pipe(Effect.catchTag("BrokenRecord", (error) => reading.passOver(error)))
      if (from !== undefined && begun === undefined) continue
      const ended = yield* reading.walk(begun, last)
      if (ended.at !== undefined && (slot === "newest" || ended.at.slot === slot)) {
        const memory = ended.at.memory ?? (yield* memoryOf(ended.at.image))
        return { ...ended.at, memory, broken }
      }
      reached ??= ended.at?.slot
      reason = ended.reason
      // From further back the same entries are missing
      if (begun !== undefined) break
    }
    const { handler, instance } = slots.address
    return yield* new SlotUnreadable({
      handler,
      instance,
      slot: slot === "newest" ? 0 : slot,
      reached,
      broken,
      reason
    })
  })

const memoryOf = (image: Image | undefined): Effect.Effect<string | null> =>
  image === undefined ? Effect.succeed(null) : Effect.promise(() => hashOf(image))

/** Written by the same again, with more: it was not known that the first was stored. */
const goesOn = (before: Batch, batch: Batch): boolean =>
  batch.from === before.from &&
  batch.previous === before.previous &&
  JSON.stringify(batch.entries.slice(0, before.entries.length)) === JSON.stringify(before.entries)

class Reading {
  private readonly slots: Slots
  private readonly batches: ReadonlyArray<{ readonly from: number; readonly to: number }>
  private readonly runners: ReadonlyArray<Runner>
  private readonly broken: Array<BrokenRecord>

  constructor(
    slots: Slots,
    batches: Reading["batches"],
    runners: ReadonlyArray<Runner>,
    broken: Array<BrokenRecord>
  ) {
    this.slots = slots
    this.batches = batches
    this.runners = runners
    this.broken = broken
  }

  passOver(error: BrokenRecord): Effect.Effect<undefined> {
    return Effect.sync(() => {
      if (!this.broken.some(({ path }) => path === error.path)) this.broken.push(error)
      return undefined
    })
  }

  /** As far as the entries go, at most to `last`. */
  walk(begun: StoredSnapshot | undefined, last: number) {
    return Effect.gen({ self: this }, function* () {
      let at: At | undefined = begun === undefined ? undefined : { ...begun, from: begun.slot, replayed: 0 }
      let batch: Batch | undefined
      for (;;) {
        const next: number = at === undefined ? 0 : at.slot + 1
        if (next > last) return { at, reason: "" }
        if (batch === undefined || batch.to < next) batch = yield* this.batchOf(next, batch, at?.batch)
        const entry = batch?.entries[next - batch.from]
        if (batch === undefined || entry === undefined)
          return { at, reason: `the entry of slot ${next} is not there` }
        const step: At | string = yield* this.step(at, next, entry, batch)
        if (typeof step === "string") return { at, reason: step }
        at = step
      }
    })
  }

  /** A whole one that has the slot, and follows the one before, of which `sha256` is the hash. Undefined: there is none. */
  private batchOf(slot: number, before: Batch | undefined, sha256: string | null | undefined) {
    return Effect.gen({ self: this }, function* () {
      for (const { from, to } of this.batches) {
        if (slot < from || slot > to) continue
        const batch = yield* this.slots
          .batch(from, to)
          .pipe(Effect.catchTag("BrokenRecord", (error) => this.passOver(error)))
        if (batch === undefined) continue
        const follows = sha256 === undefined || batch.sha256 === sha256 || batch.previous === sha256
        if (follows || (before !== undefined && goesOn(before, batch))) return batch
      }
      return undefined
    })
  }

  /** The slot that the entry leads to; a string says why it does not. */
  private step(at: At | undefined, slot: number, entry: Entry, batch: Batch) {
    return Effect.gen({ self: this }, function* () {
      const { module, version } = batch
      const shared = { slot, from: at?.from, batch: batch.sha256, module, version }
      const replayed = at?.replayed ?? 0
      if (entry._tag === "state") {
        if (!entry.carried) return `its memory was only in the snapshot of slot ${slot}`
        const { image, memory } = at ?? { image: undefined, memory: null }
        return { ...shared, state: entry.state, image, memory, replayed }
      }
      if (entry.outcome !== "ok") {
        // What failed then is not decided again: it left the slot as it was.
        return at === undefined ? "the first call failed" : { ...at, ...shared }
      }
      const runner = this.runners.find(({ sha256 }) => sha256 === module)
      if (runner === undefined) return `its call was made by the code ${module}, which is not given`
      const begins = entry.kind === "init"
      const { image, returned } = yield* runner
        .run(
          {
            kind: entry.kind,
            tag: entry.action ?? undefined,
            state: at === undefined || begins ? null : utf8.encode(at.state),
            params: utf8.encode(entry.params)
          },
          begins ? undefined : at?.image,
          { clock: entry.clock ?? undefined, seed: entry.seed ?? undefined }
        )
        .pipe(Effect.catchTag("HandlerFault", ({ kind }) => this.diverged(slot, "outcome", "ok", kind)))
      if (returned._tag === "Err")
        return yield* this.diverged(slot, "outcome", "ok", `err (${returned.error})`)
      const state = yield* this.stateOf(slot, entry, returned.state ?? utf8.encode("null"), runner)
      const memory = entry.memory === null ? null : yield* memoryOf(image)
      yield* this.same(slot, "memory", entry.memory, memory)
      return { ...shared, state, image, memory, replayed: replayed + 1 }
    })
  }

  private stateOf(
    slot: number,
    { completed, state }: CallEntry,
    gave: Uint8Array<ArrayBuffer>,
    { normal }: Runner
  ) {
    return Effect.gen({ self: this }, function* () {
      if (completed !== null) return completed
      const normalized = yield* Effect.try({ try: () => normal(gave), catch: String }).pipe(
        Effect.catch((issue) => this.diverged(slot, "state", state ?? "none", issue))
      )
      yield* this.same(slot, "state", state, yield* Effect.promise(() => sha256Of(normalized)))
      return text.decode(normalized)
    })
  }

  private same(slot: number, what: "state" | "memory", expected: string | null, actual: string | null) {
    if (expected === null || expected === actual) return Effect.void
    return this.diverged(slot, what, expected, actual ?? "none")
  }

  private diverged(slot: number, what: ReplayDiverged["what"], expected: string, actual: string) {
    return Effect.fail(new ReplayDiverged({ ...this.slots.address, slot, what, expected, actual }))
  }
}
