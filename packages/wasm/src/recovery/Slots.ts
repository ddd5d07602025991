/**
 * What is stored of one instance, under `computed/<handler>/<instance>/`: `snapshot/<slot>` and
 * `journal/<first slot>-<last slot>`. Each key is written once, so that a kill leaves what was there, and of the new
 * nothing, a torn record that its hash gives away, or all.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { KeyValueStore, KeyValueStoreError } from "effect/persistence/KeyValueStore"
import * as Schema from "effect/Schema"
import type { Image, Page } from "../Image.ts"
import { apply, between, empty } from "../memory/Delta.ts"
import { hashOf } from "../memory/Hash.ts"
import { BrokenRecord } from "./Errors.ts"
import { fromDelta, JournalHeader, mostSlots, SnapshotHeader, toDelta } from "./Headers.ts"
import { open, type Opened, seal } from "./Record.ts"

export interface Address {
  /** The handler's name. */
  readonly handler: string
  /** Its key, or its id where it has none: what it is called in the next run, too. */
  readonly instance: string
}

/** Of an instance, at a slot: what one runtime hands to the next. */
export interface Snapshot {
  readonly slot: number
  readonly module: string
  readonly version: number
  /** JSON. */
  readonly state: string
  /** Undefined: the code remembers nothing. */
  readonly image: Image | undefined
  readonly memory: string | null
  /** The hash of the journal's record that has the slot; null: it has none. */
  readonly batch: string | null
}

export interface StoredSnapshot extends Snapshot {
  /** Of the record. */
  readonly sha256: string
}

export interface Batch extends JournalHeader {
  readonly sha256: string
}

export interface Written {
  readonly path: string
  readonly bytes: number
  readonly sha256: string
}

interface Read<A> extends Omit<Opened, "header"> {
  readonly value: A
}

interface Stored {
  /** Ascending. */
  readonly snapshots: ReadonlyArray<number>
  /** By their first slot, ascending. */
  readonly batches: ReadonlyArray<{ readonly from: number; readonly to: number }>
}

const digits = (slot: number): string => String(slot).padStart(9, "0")

/** Of a name that `digits` has made: any other is no record's. */
const slotOf = (name: string | undefined): number | undefined => {
  const slot = Number(name)
  return slot <= mostSlots && digits(slot) === name ? slot : undefined
}

const isJson = (text: string): boolean => {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

export const pathOf = ({ handler, instance }: Address): string =>
  `computed/${encodeURIComponent(handler)}/${encodeURIComponent(instance)}/`

const decodeSnapshot = Schema.decodeUnknownOption(SnapshotHeader)
const decodeJournal = Schema.decodeUnknownOption(JournalHeader)

export class Slots {
  readonly address: Address
  private readonly store: KeyValueStore
  private readonly path: string

  constructor(address: Address, store: KeyValueStore) {
    this.address = address
    this.store = store
    this.path = pathOf(address)
  }

  get list(): Effect.Effect<Stored, KeyValueStoreError> {
    return Effect.map(this.store.keys, (keys) => {
      const [snapshots, batches]: [Array<number>, Array<{ from: number; to: number }>] = [[], []]
      for (const key of keys) {
        if (!key.startsWith(this.path)) continue
        const [, kind, first, last] =
          /^(snapshot|journal)\/(\d+)(?:-(\d+))?$/.exec(key.slice(this.path.length)) ?? []
        const [from, to] = [slotOf(first), slotOf(last)]
        if (from === undefined) continue
        if (kind === "snapshot" && last === undefined) snapshots.push(from)
        else if (kind === "journal" && to !== undefined) batches.push({ from, to })
      }
      return {
        snapshots: snapshots.toSorted((one, other) => one - other),
        batches: batches.toSorted((one, other) => one.from - other.from || one.to - other.to)
      }
    })
  }

  putBatch(header: Omit<JournalHeader, "kind">): Effect.Effect<Written, KeyValueStoreError> {
    const path = `${this.path}journal/${digits(header.from)}-${digits(header.to)}`
    return this.put(path, { kind: "journal", ...header } satisfies JournalHeader, [])
  }

  /** `base`: an earlier snapshot that is stored, of which only the difference is written. */
  putSnapshot(
    snapshot: Snapshot,
    base: StoredSnapshot | undefined
  ): Effect.Effect<Written, KeyValueStoreError> {
    const { header, pages } = recordOf(snapshot, base)
    return this.put(this.snapshotPath(snapshot.slot), header, pages)
  }

  /** With its memory, checked against its hash. Fails for the first broken record that it is made of. */
  snapshot(slot: number): Effect.Effect<StoredSnapshot, BrokenRecord | KeyValueStoreError> {
    const path = this.snapshotPath(slot)
    return Effect.gen({ self: this }, function* () {
      const opened = yield* this.get(path, decodeSnapshot)
      const { base, slot: actual } = opened.value
      if (actual !== slot) return yield* broken(path, `it is of slot ${actual}`)
      if (base === null) return yield* this.whole(path, opened, undefined)
      if (base.slot >= slot) return yield* broken(path, `it is based on slot ${base.slot}, which comes later`)
      const from = yield* this.snapshot(base.slot)
      if (from.sha256 !== base.sha256 || from.module !== opened.value.module)
        return yield* broken(path, `the snapshot of slot ${base.slot} is not the one that it is based on`)
      return yield* this.whole(path, opened, from)
    })
  }

  private whole(
    path: string,
    { pages, sha256, value }: Read<SnapshotHeader>,
    from: StoredSnapshot | undefined
  ): Effect.Effect<StoredSnapshot, BrokenRecord> {
    return Effect.gen(function* () {
      const { memory, base: _, ...rest } = value
      if (!isJson(rest.state)) return yield* broken(path, "its state is no JSON")
      if (memory === null) return { ...rest, image: undefined, memory: null, sha256 }
      const delta = toDelta(memory.parts, pages)
      if (typeof delta === "string") return yield* broken(path, delta)
      const image = apply(from?.image ?? empty(rest.module), delta)
      const hash = yield* Effect.promise(() => hashOf(image))
      if (hash !== memory.hash)
        return yield* broken(path, `its memory has the hash ${hash}, not ${memory.hash}`)
      return { ...rest, image, memory: hash, sha256 }
    })
  }

  /** What another runtime handed over, as a full snapshot of its slot. */
  accept(record: Uint8Array): Effect.Effect<number, BrokenRecord | KeyValueStoreError> {
    return Effect.gen({ self: this }, function* () {
      const path = "what was handed over"
      const own = record.slice()
      const opened = yield* this.opened(path, own, decodeSnapshot)
      const { base, slot } = opened.value
      if (base !== null) return yield* broken(path, "it is an increment")
      if (slot > mostSlots / 2) return yield* broken(path, `there are not enough slots after ${slot}`)
      yield* this.whole(path, opened, undefined)
      yield* this.store.set(this.snapshotPath(slot), own)
      return slot
    })
  }

  batch(from: number, to: number): Effect.Effect<Batch, BrokenRecord | KeyValueStoreError> {
    const path = `${this.path}journal/${digits(from)}-${digits(to)}`
    return Effect.flatMap(this.get(path, decodeJournal), ({ sha256, value }) =>
      value.from === from && value.to === to && value.entries.length === to - from + 1
        ? Effect.succeed({ ...value, sha256 })
        : broken(path, `it is of the slots ${value.from} to ${value.to}`)
    )
  }

  private snapshotPath(slot: number): string {
    return `${this.path}snapshot/${digits(slot)}`
  }

  private put(path: string, header: unknown, pages: Parameters<typeof seal>[1]) {
    return Effect.gen({ self: this }, function* () {
      const { bytes, sha256 } = yield* Effect.promise(() => seal(header, pages))
      yield* this.store.set(path, bytes)
      return { path, bytes: bytes.length, sha256 }
    })
  }

  private get<A>(path: string, decode: (header: unknown) => Option.Option<A>) {
    return Effect.flatMap(this.store.getUint8Array(path), (bytes) =>
      bytes === undefined ? broken(path, "it is not there") : this.opened(path, bytes, decode)
    )
  }

  private opened<A>(
    path: string,
    bytes: Uint8Array,
    decode: (header: unknown) => Option.Option<A>
  ): Effect.Effect<Read<A>, BrokenRecord> {
    return Effect.gen(function* () {
      const opened = yield* Effect.promise(() => open(bytes))
      if (typeof opened === "string") return yield* broken(path, opened)
      const value = decode(opened.header)
      if (Option.isNone(value)) return yield* broken(path, "its header is of another format")
      return { pages: opened.pages, sha256: opened.sha256, value: value.value }
    })
  }
}

/** The header and the pages of a snapshot's record. */
export const recordOf = (
  { batch, image, memory, module, slot, state, version }: Snapshot,
  base: StoredSnapshot | undefined
): { readonly header: SnapshotHeader; readonly pages: ReadonlyArray<Page> } => {
  const from = base?.image ?? empty(module)
  const delta = image === undefined ? undefined : fromDelta(between(from, image))
  const header: SnapshotHeader = {
    kind: "snapshot",
    slot,
    base: base === undefined ? null : { slot: base.slot, sha256: base.sha256 },
    batch,
    module,
    version,
    state,
    memory: delta === undefined || memory === null ? null : { hash: memory, parts: delta.parts }
  }
  return { header, pages: delta?.pages ?? [] }
}

const broken = (path: string, reason: string) => Effect.fail(new BrokenRecord({ path, reason }))
