/** What is stored of an instance, and read again with nothing but the store. */
import { describe, expect, it } from "vitest"
import * as Effect from "effect/Effect"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import type { Machine } from "@sluice/wasm"
import { between } from "@sluice/wasm/memory/Delta"
import { hashOf } from "@sluice/wasm/memory/Hash"
import { track } from "@sluice/wasm/memory/Tracker"
import { read } from "@sluice/wasm/recovery/Read"
import { Slots } from "@sluice/wasm/recovery/Slots"
import { built } from "../fixture.ts"
import { bytesOf, valueOf } from "./core.ts"
import { everyTen, loadSecretive, Recording, reveal, runnerOn, script } from "./recording.ts"
import expected from "./recovery.expected.json" with { type: "json" }

const address = { handler: "secretive", instance: "Ledger/1" }

const path = "computed/secretive/Ledger%2F1/"

const stored = Effect.gen(function* () {
  const store = yield* KeyValueStore.KeyValueStore
  const program = yield* Effect.promise(loadSecretive)
  return { store, program, slots: new Slots(address, store), runners: [runnerOn(program)] }
})

const inMemory = <A, E>(effect: Effect.Effect<A, E, KeyValueStore.KeyValueStore>): Effect.Effect<A, E> =>
  Effect.provide(effect, KeyValueStore.layerMemory)

/** Writes over a stored record. */
const change = (key: string, f: (bytes: Uint8Array) => Uint8Array) =>
  Effect.gen(function* () {
    const store = yield* KeyValueStore.KeyValueStore
    const bytes = yield* store.getUint8Array(key)
    if (bytes === undefined) return yield* Effect.die(new Error(`There is no ${key}`))
    yield* store.set(key, f(bytes))
  })

const flip = (at: number) => (bytes: Uint8Array) => {
  const changed = bytes.slice()
  changed[at] = (changed[at] ?? 0) ^ 1
  return changed
}

const snapshotPath = (slot: number) => `${path}snapshot/${String(slot).padStart(9, "0")}`

/** `write`: takes what is found for what is expected from now on, as after a change of the fixture. */
export const recovery = (write?: (expected: string) => void): void => {
  describe("recovery", () => {
    it("reads 1,000 actions with snapshotEvery 50 cold at 0, 49, 50, 777 and 999", () =>
      Effect.gen(function* () {
        const { program, slots } = yield* stored
        const recording = new Recording(program, slots, { ...everyTen, snapshotEvery: 50, fullEvery: 5 })
        const outcomes: Record<string, number> = {}
        for (let n = 0; n < 1000; n++) {
          const outcome = recording.act(script(n))
          outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
        }
        yield* recording.journal.flush
        expect(outcomes).toEqual({ ok: 974, trap: 10, err: 16 })
        // Nothing of the run but the store; the code is loaded anew.
        const cold = yield* stored
        const found: Record<string, unknown> = {}
        for (const slot of [0, 49, 50, 777, 999]) {
          const { broken, from, image, memory, state } = yield* read(cold.slots, slot, cold.runners)
          expect({ slot, state, memory }).toEqual(yield* Effect.promise(() => recording.expected(slot)))
          expect({ from, broken }).toEqual({ from: slot - (slot % 50), broken: [] })
          found[slot] = { state, memory, hidden: reveal(cold.program, state, image) }
        }
        const all = { module: program.sha256, slots: found }
        // Made by one engine and compared in the other
        if (write === undefined) expect(all).toEqual(expected)
        else write(`${JSON.stringify(all, undefined, 2)}\n`)
        expect(recording.taken.map(({ full }) => full)).toEqual(
          Array.from({ length: 20 }, (_, index) => index % 5 === 0)
        )
      }).pipe(inMemory, Effect.runPromise))

    it("replays what was recorded: failures are not decided again, and grants are those of then", () =>
      Effect.gen(function* () {
        const { program, runners, slots } = yield* stored
        const recording = new Recording(program, slots)
        const doings = ["add", "draw", "trap", "refuse", "draw"] as const
        expect(doings.map((doing) => recording.act({ do: doing, by: 3 }))).toEqual([
          "ok",
          "ok",
          "trap",
          "err",
          "ok"
        ])
        recording.put({ count: 100 })
        recording.act({ do: "add", by: 1 })
        yield* recording.journal.flush
        let runs = 0
        const counting = runners.map((runner) => ({
          ...runner,
          run: (...given: Parameters<typeof runner.run>) => {
            runs++
            return runner.run(...given)
          }
        }))
        const last = yield* read(slots, "newest", counting)
        expect(last).toMatchObject(yield* Effect.promise(() => recording.expected(6)))
        expect([last.from, last.replayed, runs, last.state]).toEqual([0, 3, 3, '{"count":101}'])
      }).pipe(inMemory, Effect.runPromise))

    it("finds a flipped bit in an increment, wherever it is, and replays from the last good one", () =>
      Effect.gen(function* () {
        const { program, runners, slots } = yield* stored
        const recording = new Recording(program, slots)
        for (let n = 0; n < 36; n++) recording.act(script(n))
        yield* recording.journal.flush
        const key = snapshotPath(20)
        const store = yield* KeyValueStore.KeyValueStore
        const whole = (yield* store.getUint8Array(key)) ?? new Uint8Array()
        expect(recording.taken.map(({ full }) => full)).toEqual([true, false, false, true])
        for (const at of [0, 9, 40, 400, whole.length >> 1, whole.length - 33, whole.length - 1]) {
          yield* change(key, flip(at))
          const found = yield* read(slots, 25, runners)
          expect(found).toMatchObject(yield* Effect.promise(() => recording.expected(25)))
          expect([found.from, found.broken.map(({ path }) => path)]).toEqual([10, [key]])
          yield* store.set(key, whole)
        }
        // An increment stands on the one before it
        yield* change(snapshotPath(10), flip(500))
        const found = yield* read(slots, 25, runners)
        expect(found.from).toBe(0)
        expect(found).toMatchObject(yield* Effect.promise(() => recording.expected(25)))
        // So it does where that one is whole, and another than it was
        const another = yield* slots.snapshot(0)
        yield* slots.putSnapshot({ ...another, slot: 10 }, undefined)
        expect(yield* Effect.flip(slots.snapshot(20))).toMatchObject({ _tag: "BrokenRecord" })
        yield* change(snapshotPath(10), flip(500))
        // With no good snapshot left: from the first call on
        yield* change(snapshotPath(0), flip(500))
        const again = yield* read(slots, 25, runners)
        expect(again.from).toBeUndefined()
        expect(again).toMatchObject(yield* Effect.promise(() => recording.expected(25)))
        expect((yield* read(slots, 33, runners)).from).toBe(30)
      }).pipe(inMemory, Effect.runPromise))

    it("takes a torn record for none, and goes on from what is whole", () =>
      Effect.gen(function* () {
        const { program, runners, slots } = yield* stored
        const recording = new Recording(program, slots)
        for (let n = 0; n < 15; n++) {
          recording.act(script(n))
          yield* recording.journal.flush
        }
        const last = `${path}journal/000000014-000000014`
        yield* change(last, (bytes) => bytes.slice(0, bytes.length >> 1))
        yield* change(snapshotPath(10), (bytes) => bytes.slice(0, 30))
        const newest = yield* read(slots, "newest", runners)
        expect(newest).toMatchObject(yield* Effect.promise(() => recording.expected(13)))
        expect(newest.broken.map(({ path }) => path)).toEqual([snapshotPath(10), last])
        const missing = yield* Effect.flip(read(slots, 14, runners))
        expect(missing).toMatchObject({ _tag: "SlotUnreadable", slot: 14, reached: 13 })
        // In the middle of the entries: what comes after is reached from a later snapshot alone
        yield* change(`${path}journal/000000005-000000005`, flip(60))
        expect(yield* Effect.flip(read(slots, 7, runners))).toMatchObject({ reached: 4 })
      }).pipe(inMemory, Effect.runPromise))

    it("does not go on from code that computes something else", () =>
      Effect.gen(function* () {
        const { program, runners, slots } = yield* stored
        const recording = new Recording(program, slots)
        for (let n = 0; n < 14; n++) recording.act(script(n))
        yield* recording.journal.flush
        const others = runners.map((runner) => ({
          ...runner,
          run: (...[call, image]: Parameters<typeof runner.run>) =>
            runner.run(call, image, { clock: 0, seed: 0 })
        }))
        // The clock makes no difference to these
        expect((yield* read(slots, 13, others)).slot).toBe(13)
        yield* change(snapshotPath(10), flip(50))
        const wrong = runners.map((runner) => ({
          ...runner,
          run: (...[call, image, granted]: Parameters<typeof runner.run>) =>
            Effect.map(runner.run(call, image, granted), (ran) => ({ ...ran, image }))
        }))
        expect(yield* Effect.flip(read(slots, 13, wrong))).toMatchObject({
          _tag: "ReplayDiverged",
          what: "memory",
          slot: 10
        })
        const unknown = yield* Effect.flip(read(slots, 13, []))
        expect(unknown).toMatchObject({ _tag: "SlotUnreadable" })
        expect(unknown.message).toContain(program.sha256)
      }).pipe(inMemory, Effect.runPromise))

    it("walks the whole cycle: execute, snapshot, verify, cache, failure, restore", () =>
      Effect.gen(function* () {
        const { program, runners, slots, store } = yield* stored
        // Execute
        const recording = new Recording(program, slots)
        recording.act({ do: "grow", by: 10 })
        for (let n = 1; n < 24; n++) recording.act({ do: "add", by: n })
        const before = recording.kept.at(-1)
        // Snapshot, at a path that can be named
        yield* recording.journal.flush
        expect((yield* store.keys).filter((key) => key.includes("/snapshot/"))).toEqual(
          [0, 10, 20].map(snapshotPath)
        )
        // Verify: the stored memory has the hash that is computed from the pages
        const snapshot = yield* slots.snapshot(20)
        const { image } = snapshot
        expect(image === undefined ? null : yield* Effect.promise(() => hashOf(image))).toBe(snapshot.memory)
        // Cache: the increment holds no page that is stored already
        const [full, increment] = recording.taken
        expect(increment?.bytes).toBeLessThan((full?.bytes ?? 0) - 65_000)
        // Failure: the code traps after it has written
        expect(recording.act({ do: "trap", by: 5 })).toBe("trap")
        yield* recording.journal.flush
        // Restore: state, memory and what is in neither the state nor an export
        const restored = yield* read(slots, "newest", runners)
        expect([restored.slot, restored.state]).toEqual([24, JSON.stringify(before?.state)])
        expect(reveal(program, restored.state, restored.image)).toEqual(
          reveal(program, JSON.stringify(before?.state), before?.image)
        )
        expect(reveal(program, restored.state, restored.image)).toMatchObject({ seen: 25, pages: 10 })
        expect(reveal(program, restored.state, undefined)).toMatchObject({ seen: 1 })
      }).pipe(inMemory, Effect.runPromise))

    it("gives back what only the code knows, after a trap that has written to it, at 40 pages", async () => {
      const program = await loadSecretive()
      const exports = WebAssembly.Module.exports(await WebAssembly.compile(await built("secretive.wasm")))
      expect(exports.filter(({ kind }) => kind === "global")).toEqual([])
      const granted = { console: () => {} }
      const asked = (machine: Machine, doing: string, by: number) => {
        const given = machine.call({
          kind: "request",
          state: bytesOf({ count: 1 }),
          params: bytesOf({ do: doing, by })
        })
        return given._tag === "Ok" ? valueOf(given.response) : given
      }
      const tracker = track(program.instantiate(granted), program.sha256)
      expect(asked(tracker.machine, "reveal", 1)).toMatchObject({ pages: 1, seen: 1 })
      asked(tracker.machine, "grow", 40)
      tracker.changes()
      const image = tracker.image()
      expect(() => asked(tracker.machine, "trap", 9)).toThrow()
      // What the trap has written is in the machine, and nowhere else
      const again = tracker.restore(program.instantiate(granted), between(image, image))
      const other = track(program.instantiate(granted), program.sha256, image)
      const fresh = track(program.instantiate(granted), program.sha256)
      const secret = ((7 * 31 + 1) * 31 + 40) * 31
      const hidden = { secret, seen: 3, pages: 40, last: (7 * 31 + 1) * 31 + 40 }
      expect(asked(again.machine, "reveal", 0)).toEqual(hidden)
      expect(asked(other.machine, "reveal", 0)).toEqual(hidden)
      expect(asked(fresh.machine, "reveal", 0)).toMatchObject({ seen: 1, secret: 217 })
    })
  })
}
