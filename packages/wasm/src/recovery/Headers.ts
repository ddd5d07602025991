/** What the headers of records say. */
import * as Schema from "effect/Schema"
import type { Delta, GlobalValue, Page } from "../Image.ts"
import { zeroPage } from "../memory/Pages.ts"

/** So far, numbers of slots are counted up exactly. */
export const mostSlots = 2 ** 52

const Slot = Schema.Natural.check(Schema.isLessThanOrEqualTo(mostSlots))
const Hash = Schema.String

/** Of all memories of an image together: 4 GiB. */
const mostPages = 65_536

/** As `fromGlobal` writes them. */
const Global = Schema.String.check(Schema.isPattern(/^(?:i-?\d{1,19}|f[0-9a-f]{1,16})$/))

/** A part of a delta, but for the bytes of its pages, which follow the header in the same order. */
const Part = Schema.Struct({
  length: Schema.Natural,
  changed: Schema.Array(Schema.Int),
  /** Of those that became zero. */
  zero: Schema.Array(Schema.Int),
  globals: Schema.Array(Global)
})

export const SnapshotHeader = Schema.Struct({
  kind: Schema.Literal("snapshot"),
  slot: Slot,
  /** What its delta leads from; null: from the empty image, so it is a full one. */
  base: Schema.NullOr(Schema.Struct({ slot: Slot, sha256: Hash })),
  /** SHA-256 of the batch that has the slot's entry: only what follows that one leads on from here. */
  batch: Schema.NullOr(Hash),
  /** Of the code that has this memory. */
  module: Hash,
  /** Of the state's schema: what a migration begins from. */
  version: Schema.Int,
  /** JSON. */
  state: Schema.String,
  /** Null where the code remembers nothing. */
  memory: Schema.NullOr(Schema.Struct({ hash: Hash, parts: Schema.Array(Part) }))
})
export type SnapshotHeader = typeof SnapshotHeader.Type

const Made = {
  /** The memory's hash, where a snapshot was taken of the slot. */
  memory: Schema.NullOr(Hash)
}

export const CallEntry = Schema.Struct({
  _tag: Schema.Literal("call"),
  kind: Schema.Literals(["init", "send", "request", "child-error"]),
  action: Schema.NullOr(Schema.String),
  /** JSON. */
  params: Schema.String,
  clock: Schema.NullOr(Schema.Finite),
  seed: Schema.NullOr(Schema.Finite),
  outcome: Schema.String,
  error: Schema.NullOr(Schema.String),
  /** Of the state that was committed; null where it gave none. */
  state: Schema.NullOr(Hash),
  /** The state itself, as JSON, where more is in it than the code gave: derived fields. */
  completed: Schema.NullOr(Schema.String),
  ...Made
})

export type CallEntry = typeof CallEntry.Type

/** A commit that no call made, by its state. */
export const StateEntry = Schema.Struct({
  _tag: Schema.Literal("state"),
  origin: Schema.String,
  /** JSON. */
  state: Schema.String,
  /** Whether the memory is that of the slot before. If not, it is that of the slot's own snapshot. */
  carried: Schema.Boolean,
  ...Made
})

export const Entry = Schema.Union([CallEntry, StateEntry])
export type Entry = typeof Entry.Type

/** Entries in a row: those that came while the one before was being written. */
export const JournalHeader = Schema.Struct({
  kind: Schema.Literal("journal"),
  from: Slot,
  to: Slot,
  /** SHA-256 of the batch before. */
  previous: Schema.NullOr(Hash),
  module: Hash,
  version: Schema.Int,
  entries: Schema.Array(Entry)
})
export type JournalHeader = typeof JournalHeader.Type

const view = new DataView(new ArrayBuffer(8))

/** JSON has no NaN, no negative zero and no bigint. */
const fromGlobal = (value: GlobalValue): string => {
  if (typeof value === "bigint") return `i${value}`
  view.setFloat64(0, value)
  return `f${view.getBigUint64(0).toString(16)}`
}

const toGlobal = (stored: string): GlobalValue => {
  if (stored.startsWith("i")) return BigInt(stored.slice(1))
  view.setBigUint64(0, BigInt(`0x${stored.slice(1)}`))
  return view.getFloat64(0)
}

/** The parts of a header, and the pages that follow it. */
export const fromDelta = (
  delta: Delta
): { readonly parts: ReadonlyArray<typeof Part.Type>; readonly pages: ReadonlyArray<Page> } => {
  const pages: Array<Page> = []
  const parts = delta.parts.map(({ changed, globals, length }) => {
    const [some, zero]: [Array<number>, Array<number>] = [[], []]
    for (const [index, page] of changed) {
      if (page === zeroPage) zero.push(index)
      else {
        some.push(index)
        pages.push(page)
      }
    }
    return { length, changed: some, zero, globals: globals.map(fromGlobal) }
  })
  return { parts, pages }
}

/** A string says what is wrong: an index that a memory does not have would make another one of it. */
export const toDelta = (
  parts: ReadonlyArray<typeof Part.Type>,
  pages: ReadonlyArray<Page>
): Delta | string => {
  const wanted = parts.reduce((sum, { changed }) => sum + changed.length, 0)
  if (wanted !== pages.length) return `it has ${pages.length} pages, and ${wanted} are named`
  const all = parts.reduce((sum, { length }) => sum + length, 0)
  if (all > mostPages) return `it names ${all} pages, and ${mostPages} are the most`
  const rest = pages.values()
  const next = (index: number): readonly [number, Page] => [index, rest.next().value ?? zeroPage]
  const delta = parts.map(({ changed, globals, length, zero }) => ({
    length,
    changed: [...changed.map(next), ...zero.map((index) => [index, zeroPage] as const)].toSorted(
      ([one], [other]) => one - other
    ),
    globals: globals.map(toGlobal)
  }))
  const isOrdered = delta.every(({ changed, length }) =>
    changed.every(([index], at) => index > (changed[at - 1]?.[0] ?? -1) && index < length)
  )
  return isOrdered ? { parts: delta } : "it has pages that its memory has not, or one twice"
}
