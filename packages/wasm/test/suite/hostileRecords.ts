/** Stored records with hashes that are right, and content that is made to harm: what reads them is not led on. */
import { Recovery } from "@sluice/wasm"
import { pageSize } from "@sluice/wasm/Image"
import { find } from "@sluice/wasm/recovery/Begin"
import { read } from "@sluice/wasm/recovery/Read"
import { seal } from "@sluice/wasm/recovery/Record"
import { pathOf, Slots } from "@sluice/wasm/recovery/Slots"
import * as Effect from "effect/Effect"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import { describe, expect, it } from "vitest"
import { sha256 } from "../fixture.ts"
import { valueOf } from "./core.ts"
import { Recording, loadSecretive, runnerOn } from "./recording.ts"

const address = { handler: "secretive", instance: "main" }
const snapshotPath = (slot: number) => `${pathOf(address)}snapshot/${String(slot).padStart(9, "0")}`

const empty = { length: 1, changed: [], zero: [], globals: [] }

const header = (module: string, more: object) => ({
  kind: "snapshot",
  slot: 20,
  base: null,
  batch: null,
  module,
  version: 1,
  state: '{"count":1}',
  memory: { hash: "", parts: [empty] },
  ...more
})

const part = (more: object) => ({ memory: { hash: "", parts: [{ ...empty, ...more }] } })

const page = new Uint8Array(pageSize).fill(1)

/** As `seal`, with a header that is no JSON. */
const sealedText = async (text: string, announced = text.length) => {
  const { bytes } = await seal("", [])
  const content = new TextEncoder().encode(text)
  const record = new Uint8Array(12 + content.length + 32)
  record.set(bytes.subarray(0, 8))
  new DataView(record.buffer).setUint32(8, announced, true)
  record.set(content, 12)
  const hash = await sha256(record.slice(0, -32))
  record.set(
    Uint8Array.from({ length: 32 }, (_, at) => Number.parseInt(hash.slice(at * 2, at * 2 + 2), 16)),
    record.length - 32
  )
  return record
}

const cases: ReadonlyArray<
  readonly [what: string, record: (module: string) => Promise<Uint8Array<ArrayBuffer>>]
> = [
  ["a header that is no JSON", () => sealedText("{")],
  ["a header that is no UTF-8", async () => sealedText("\uD800".padEnd(9, '"'))],
  ["a header that is longer than the record", () => sealedText("{}", 2 ** 32 - 1)],
  ...(
    [
      ["a global that is no number", part({ globals: ["ihello"] })],
      ["a global of another kind", part({ globals: [""] })],
      ["more pages than there are", part({ length: 2 ** 52 })],
      ["a zero page outside its memory", part({ zero: [2 ** 31] })],
      ["itself for its base", { base: { slot: 20, sha256: "" } }],
      ["a slot after which there is none", { slot: Number.MAX_SAFE_INTEGER }],
      ["a state that is no JSON", { state: "{", memory: null }]
    ] satisfies ReadonlyArray<readonly [string, object]>
  ).map(
    ([what, more]) => [what, async (module: string) => (await seal(header(module, more), [])).bytes] as const
  ),
  [
    "a page outside its memory",
    async (module) => (await seal(header(module, part({ changed: [7] })), [page])).bytes
  ],
  [
    "many memories of the most pages",
    async (module) =>
      (
        await seal(
          header(module, {
            memory: { hash: "", parts: Array.from({ length: 2000 }, () => ({ ...empty, length: 65_536 })) }
          }),
          []
        )
      ).bytes
  ]
]

export const hostileRecords = (): void => {
  describe("a record that was made to harm", () => {
    for (const [what, make] of cases) {
      it(`has ${what}: it is broken, passed over in the store, and not accepted`, () =>
        Effect.gen(function* () {
          const store = yield* KeyValueStore.KeyValueStore
          const program = yield* Effect.promise(loadSecretive)
          const slots = new Slots(address, store)
          const recording = new Recording(program, slots)
          for (let n = 0; n < 25; n++) recording.act({ do: "add", by: n })
          yield* recording.journal.flush
          const record = yield* Effect.promise(() => make(program.sha256))
          yield* store.set(snapshotPath(20), record)
          yield* store.set(snapshotPath(30), record)
          const found = yield* read(slots, "newest", [runnerOn(program)])
          expect(found).toMatchObject(yield* Effect.promise(() => recording.expected(24)))
          expect([found.from, found.broken.map(({ path }) => path)]).toEqual([10, [30, 20].map(snapshotPath)])
          const before = yield* store.keys
          expect(yield* Effect.flip(Recovery.accept(address, record))).toMatchObject({ _tag: "BrokenRecord" })
          expect(yield* store.keys).toEqual(before)
        }).pipe(Effect.provide(KeyValueStore.layerMemory), Effect.runPromise))
    }

    it("is one of 200,000: the last is found", () =>
      Effect.gen(function* () {
        const store = yield* KeyValueStore.KeyValueStore
        const program = yield* Effect.promise(loadSecretive)
        const recording = new Recording(program, new Slots(address, store))
        recording.act({ do: "add", by: 1 })
        yield* recording.journal.flush
        const path = pathOf(address)
        const digits = (slot: number) => String(slot).padStart(9, "0")
        const others = Array.from(
          { length: 200_000 },
          (_, at) => `${path}journal/${digits(at + 1)}-${digits(at + 1)}`
        )
        const many = { ...store, keys: Effect.map(store.keys, (keys) => [...keys, ...others]) }
        const found = yield* find(new Slots(address, many), "newest", {
          handler: { ...runnerOn(program), name: "", decode: valueOf } as never,
          former: [],
          version: 1,
          migrate: undefined
        })
        expect([found?.read.slot, found?.begun.slot]).toEqual([0, 200_000])
      }).pipe(Effect.provide(KeyValueStore.layerMemory), Effect.runPromise))

    it("is named as no record is: it is not there", () =>
      Effect.gen(function* () {
        const store = yield* KeyValueStore.KeyValueStore
        const slots = new Slots(address, store)
        const path = pathOf(address)
        for (const name of [
          "snapshot/1",
          "snapshot/99999999999999999999",
          `journal/000000000-${"9".repeat(400)}`
        ]) {
          yield* store.set(`${path}${name}`, "")
        }
        expect(yield* slots.list).toEqual({ snapshots: [], batches: [] })
      }).pipe(Effect.provide(KeyValueStore.layerMemory), Effect.runPromise))
  })
}
