/** What an instance begins with, of all that is stored of it. */
import * as Effect from "effect/Effect"
import type { KeyValueStoreError } from "effect/persistence/KeyValueStore"
import { HandlerMismatch } from "../Errors.ts"
import type { Image } from "../Image.ts"
import { hashOf } from "../memory/Hash.ts"
import type { Recordable } from "../Recordable.ts"
import type { BrokenRecord, ReplayDiverged, SlotUnreadable } from "./Errors.ts"
import type { Begun } from "./Journal.ts"
import { read, type Runner, runnerOf } from "./Read.ts"
import { seal } from "./Record.ts"
import { recordOf, type Slots, type Snapshot } from "./Slots.ts"

/** `lastGood`: the newest snapshot that is whole, without the calls since. */
export type Point = "newest" | "lastGood" | { readonly slot: number }

/** From the state of another code or version, as JSON, to that of this one. */
export type Migrate = (state: unknown, from: { readonly module: string; readonly version: number }) => unknown

export interface Target<S> {
  readonly handler: Recordable<S>
  /** Codes that it was before: for calls that are to be made again. */
  readonly former: ReadonlyArray<Runner>
  readonly version: number
  readonly migrate: Migrate | undefined
}

export interface Found<S> {
  readonly state: S
  /** Undefined: as its code begins. */
  readonly image: Image | undefined
  readonly read: Snapshot
  /** It is of other code or of another version, and was migrated. */
  readonly migrated: boolean
  /** Where the journal goes on. */
  readonly begun: Begun
  /** Whether it goes on at that very slot; else the state is to be told as a new one. */
  readonly continues: boolean
  /** What was passed over on the way. */
  readonly passed: ReadonlyArray<BrokenRecord | SlotUnreadable | ReplayDiverged>
}

type Read = Snapshot & { readonly passed: Found<unknown>["passed"] }

const utf8 = new TextEncoder()

/** Undefined: nothing is stored. */
export const find = <S>(
  slots: Slots,
  point: Point,
  target: Target<S>
): Effect.Effect<
  Found<S> | undefined,
  SlotUnreadable | ReplayDiverged | HandlerMismatch | KeyValueStoreError
> =>
  Effect.gen(function* () {
    const { batches, snapshots } = yield* slots.list
    const last = batches.reduce((most, { to }) => Math.max(most, to), snapshots.at(-1) ?? -1)
    if (last < 0) return undefined
    const found = yield* reading(slots, point, snapshots, [runnerOf(target.handler), ...target.former])
    const { image, migrated, state } = yield* stateOf(found, target)
    const continues = !migrated && found.slot === last
    return {
      state,
      image,
      read: found,
      migrated,
      continues,
      begun: {
        slot: last,
        batch: continues ? found.batch : null
      },
      passed: found.passed
    }
  })

const reading = (
  slots: Slots,
  point: Point,
  snapshots: ReadonlyArray<number>,
  runners: ReadonlyArray<Runner>
): Effect.Effect<Read, SlotUnreadable | ReplayDiverged | KeyValueStoreError> => {
  if (point === "lastGood") return lastGood(slots, snapshots, [])
  if (point !== "newest") {
    return Effect.map(read(slots, point.slot, runners), (found) => ({ ...found, passed: found.broken }))
  }
  return read(slots, "newest", runners).pipe(
    Effect.map((found) => ({ ...found, passed: found.broken })),
    // What cannot be done again is passed over: better the last snapshot than none.
    Effect.catchTag("ReplayDiverged", (error) => lastGood(slots, snapshots, [error]))
  )
}

const lastGood = (
  slots: Slots,
  snapshots: ReadonlyArray<number>,
  passed: Found<unknown>["passed"]
): Effect.Effect<Read, SlotUnreadable | KeyValueStoreError> => {
  const last = snapshots.at(-1)
  if (last === undefined) {
    // It says which are broken.
    return Effect.map(read(slots, "newest", []), (found) => ({ ...found, passed: found.broken })).pipe(
      Effect.catchTag("ReplayDiverged", Effect.die)
    )
  }
  return slots.snapshot(last).pipe(
    Effect.map((found) => ({ ...found, passed })),
    Effect.catchTag("BrokenRecord", (error) => lastGood(slots, snapshots.slice(0, -1), [...passed, error]))
  )
}

const stateOf = <S>(
  { image, module, state, version }: Snapshot,
  { handler, migrate, version: present }: Target<S>
): Effect.Effect<Pick<Found<S>, "state" | "image" | "migrated">, HandlerMismatch> => {
  const migrated = module !== handler.sha256 || version !== present
  const bytes =
    migrated && migrate !== undefined
      ? Effect.try({
          try: () => JSON.stringify(migrate(JSON.parse(state), { module, version })),
          catch: (error) =>
            new HandlerMismatch({
              handler: handler.name,
              what: "state",
              issue: `it was not migrated: ${String(error)}`
            })
        })
      : Effect.succeed(state)
  return Effect.flatMap(bytes, (json) =>
    Effect.try({
      try: () => ({
        state: handler.decode(utf8.encode(json)),
        // Other code has another memory.
        image: module === handler.sha256 ? image : undefined,
        migrated
      }),
      // It throws nothing else.
      catch: (error) => error as HandlerMismatch
    })
  )
}

/** All of a slot in one record, to be sent elsewhere. */
export const toRecord = (
  snapshot: Omit<Snapshot, "memory" | "batch">
): Effect.Effect<Uint8Array<ArrayBuffer>> =>
  Effect.promise(async () => {
    const { image } = snapshot
    const memory = image === undefined ? null : await hashOf(image)
    const { header, pages } = recordOf({ ...snapshot, memory, batch: null }, undefined)
    return (await seal(header, pages)).bytes
  })
