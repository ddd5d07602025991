/** Instances that are recorded as they run, and begin again with what is stored. */
import { Recovery } from "@sluice/wasm"
import { hashOf } from "@sluice/wasm/memory/Hash"
import * as Effect from "effect/Effect"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import { describe, expect, it } from "vitest"
import { implement, makeSecretive, start, storeOf } from "./ledger.ts"

const run = Effect.runPromise

const doings = [
  { do: "add", by: 3 },
  { do: "draw" },
  { do: "trap", by: 1 },
  { do: "grow", by: 40 },
  { do: "refuse" },
  { do: "add", by: 4 },
  { do: "draw" }
]

export const recorded = (): void => {
  for (const isolation of ["inline", "worker"] as const) {
    describe(`an instance of a handler (${isolation})`, () => {
      it("begins again with the state and the memory of its newest slot", async () => {
        const store = storeOf()
        const handler = await makeSecretive(isolation)
        const first = await start(handler, store)
        await expect.poll(() => Recovery.of(first.ledger)).toBeDefined()
        for (const doing of doings) await first.act(doing)
        await run(first.ledger.actions.set(100))
        await first.act({ do: "add", by: 5 })
        const [state, hidden] = [first.state(), await first.hidden()]
        expect(state).toEqual({ count: 105 })
        expect(hidden).toMatchObject({ pages: 40, seen: 8 })
        // The beginning, the calls, those that failed, and the commit of a reducer
        expect(await run(first.recovery().slot)).toBe(9)
        await run(first.recovery().flush)
        // It is killed: nothing is written at its end
        const second = await start(await makeSecretive(isolation), store)
        await expect.poll(() => Recovery.of(second.ledger)).toBeDefined()
        expect(second.state()).toEqual(state)
        expect(await second.hidden()).toEqual(hidden)
        // Another entry, before any call: the memory goes with the state
        for (const one of [first, second]) {
          await run(one.ledger.actions.set(200))
          await one.act({ do: "add", by: 1 })
        }
        expect(await second.hidden()).toEqual(await first.hidden())
        expect(await run(second.recovery().slot)).toBe(11)
        expect(second.errors).toEqual([])
      })

      it("is read cold at any slot, and put back to it with its memory", async () => {
        const store = storeOf()
        const handler = await makeSecretive(isolation)
        const live = await start(handler, store)
        await expect.poll(() => Recovery.of(live.ledger)).toBeDefined()
        const kept = [{ state: live.state(), hidden: await live.hidden() }]
        for (let n = 0; n < 12; n++) {
          await live.act({ do: n % 4 === 3 ? "draw" : "add", by: n })
          kept.push({ state: live.state(), hidden: await live.hidden() })
        }
        await run(live.recovery().flush)
        const address = { handler: "Secretive", instance: live.ledger.instanceId }
        const other = await makeSecretive(isolation)
        for (const slot of [0, 4, 5, 9, 12]) {
          const found = await run(
            Recovery.read(address, slot, [other]).pipe(
              Effect.provideService(KeyValueStore.KeyValueStore, store)
            )
          )
          expect([slot, JSON.parse(found.state)]).toEqual([slot, kept[slot]?.state])
          expect(found.from).toBe(slot - (slot % 5))
          const image = handler.memoryOf(live.state())
          if (slot === 12 && image !== undefined) expect(found.memory).toBe(await hashOf(image))
        }
        await run(live.recovery().restore({ slot: 4 }))
        expect([live.state(), await live.hidden()]).toEqual([kept[4]?.state, kept[4]?.hidden])
        expect(await run(live.recovery().slot)).toBe(13)
        await live.act({ do: "add", by: 7 })
        await run(live.recovery().flush)
        // The new history is read like the old one
        const [before, after] = [await run(live.recovery().read(12)), await run(live.recovery().read(14))]
        expect(JSON.parse(before.state)).toEqual(kept[12]?.state)
        expect(JSON.parse(after.state)).toEqual(live.state())
        expect(live.snapshots().map(({ full, slot }) => [slot, full])).toEqual([
          [0, true],
          [5, false],
          [10, false],
          [13, true]
        ])
      })
    })
  }

  describe("an instance whose code or version is another", () => {
    it("begins with its migrated state and the memory that the new code begins with", async () => {
      const store = storeOf()
      const old = await makeSecretive("inline")
      const first = await start(old, store)
      await expect.poll(() => Recovery.of(first.ledger)).toBeDefined()
      for (let n = 0; n < 7; n++) await first.act({ do: "add", by: 1 })
      await run(first.recovery().flush)

      const handler = await makeSecretive("inline", { other: true })
      const asked: Array<unknown> = []
      const second = await start(handler, store, {
        version: 2,
        former: [Recovery.former(old)],
        migrate: (state, from) => {
          asked.push([state, from])
          return { count: 1000 }
        }
      })
      await expect.poll(() => Recovery.of(second.ledger)).toBeDefined()
      // The two calls after its last snapshot were made again, by the code that they were made by
      expect(asked).toEqual([[{ count: 8 }, { module: old.sha256, version: 1 }]])
      expect(second.state()).toEqual({ count: 1000 })
      expect(await second.hidden()).toMatchObject({ seen: 1, pages: 1 })
      await second.act({ do: "add", by: 5 })
      await run(second.recovery().flush)
      // It is of the new code from then on
      const third = await start(handler, store, { version: 2 })
      await expect.poll(() => Recovery.of(third.ledger)).toBeDefined()
      expect([third.state(), await third.hidden()]).toEqual([{ count: 1005 }, await second.hidden()])
      expect(third.errors).toEqual([])
    })

    it("needs no old code where the instance ended in good order", async () => {
      const store = storeOf()
      const first = await start(await makeSecretive("inline"), store)
      await expect.poll(() => Recovery.of(first.ledger)).toBeDefined()
      for (let n = 0; n < 7; n++) await first.act({ do: "add", by: 1 })
      await first.runtime.dispose()
      const second = await start(await makeSecretive("inline", { other: true }), store)
      await expect.poll(() => Recovery.of(second.ledger)).toBeDefined()
      expect(second.state()).toEqual({ count: 8 })
    })
  })

  describe("an instance that is recorded", () => {
    it("goes on in another runtime, with what only its code knew", async () => {
      const handler = await makeSecretive("worker")
      const here = await start(handler, storeOf())
      await expect.poll(() => Recovery.of(here.ledger)).toBeDefined()
      for (const doing of doings) await here.act(doing)
      const bytes = await run(here.recovery().export)
      const there = storeOf()
      const address = { handler: "Secretive", instance: "moved" }
      const accept = (record: Uint8Array) =>
        Recovery.accept(address, record).pipe(Effect.provideService(KeyValueStore.KeyValueStore, there))
      const torn = await run(Effect.flip(accept(bytes.slice(0, -1))))
      expect(torn).toMatchObject({ _tag: "BrokenRecord" })
      expect(await run(accept(bytes))).toBe(await run(here.recovery().slot))
      const moved = await start(await makeSecretive("worker"), there, { key: "moved" })
      await expect.poll(() => Recovery.of(moved.ledger)).toBeDefined()
      expect([moved.state(), await moved.hidden()]).toEqual([here.state(), await here.hidden()])
      await moved.act({ do: "add", by: 2 })
      await here.act({ do: "add", by: 2 })
      expect(await moved.hidden()).toEqual(await here.hidden())
    })

    it("restarts from the last good snapshot, where its memory is poison", async () => {
      const restart = { policy: "lastGood", attempts: 1 } as const
      const live = await start(await makeSecretive("worker", { restart }), storeOf())
      await expect.poll(() => Recovery.of(live.ledger)).toBeDefined()
      for (let n = 0; n < 5; n++) await live.act({ do: "add", by: 1 })
      const good = await live.hidden()
      await live.act({ do: "poison", by: 100 })
      expect(live.state()).toEqual({ count: 106 })
      // It traps, and is computed again from slot 5
      await live.act({ do: "add", by: 7 })
      expect(live.state()).toEqual({ count: 13 })
      expect(await live.hidden()).toMatchObject({ seen: (good?.seen ?? 0) + 1 })
    })

    it("is restored before any entry is let in, where its handler's first entry does it", async () => {
      const store = storeOf()
      const handler = await makeSecretive("worker")
      const before = await start(handler, store)
      await expect.poll(() => Recovery.of(before.ledger)).toBeDefined()
      for (const doing of doings) await before.act(doing)
      await run(before.recovery().flush)
      const hidden = await before.hidden()
      const after = await start(await makeSecretive("worker"), store, { first: true })
      // At once: nothing has been read yet
      await after.act({ do: "add", by: 10 })
      expect(after.state()).toEqual({ count: before.state().count + 10 })
      expect(await after.hidden()).toMatchObject({ seen: (hidden?.seen ?? 0) + 1 })
      await expect.poll(() => Recovery.of(after.ledger)).toBeDefined()
      await run(after.recovery().flush)
      const newest = await run(after.recovery().read("newest"))
      expect(JSON.parse(newest.state)).toEqual(after.state())
      expect(after.errors).toEqual([])
    })

    it("keeps its state and memory over a hot reload, and is migrated by one that has other code", async () => {
      const store = storeOf()
      const handler = await makeSecretive("worker")
      const live = await start(handler, store)
      await expect.poll(() => Recovery.of(live.ledger)).toBeDefined()
      const first = live.recovery()
      for (const doing of doings) await live.act(doing)
      const [state, hidden] = [live.state(), await live.hidden()]
      await live.runtime.replace(implement(handler))
      await expect.poll(() => Recovery.of(live.ledger) !== first).toBe(true)
      expect(live.state()).toBe(state)
      expect(await live.hidden()).toEqual(hidden)
      expect(await run(live.recovery().slot)).toBe(doings.length)
      await live.act({ do: "add", by: 1 })
      await run(live.recovery().flush)
      expect(await run(live.recovery().read("newest"))).toMatchObject({ slot: doings.length + 1 })

      const second = live.recovery()
      const other = await makeSecretive("worker", { other: true })
      const migrate = () => ({ count: -1 })
      await live.runtime.replace(implement(other, { version: 2, migrate }))
      await expect.poll(() => Recovery.of(live.ledger) !== second).toBe(true)
      expect(live.state()).toEqual({ count: -1 })
      await live.act({ do: "add", by: 1 })
      const { response } = await run(other.request(live.state(), { do: "reveal", by: 0 }))
      expect(response).toMatchObject({ seen: 2 })
      // The call that traps, and the one that is refused
      expect(live.errors).toHaveLength(2)
    })

    it("stores what it could not store, once the store works again, and says so", async () => {
      const store = storeOf()
      let broken = true
      const set: typeof store.set = (key, value) =>
        broken
          ? Effect.fail(new KeyValueStore.KeyValueStoreError({ method: "set", message: "no room" }))
          : store.set(key, value)
      const live = await start(await makeSecretive("inline"), { ...store, set })
      await expect.poll(() => live.errors.length).toBeGreaterThan(0)
      await live.act({ do: "add", by: 1 })
      expect(await run(Effect.flip(live.recovery().flush))).toMatchObject({ message: "no room" })
      broken = false
      await run(live.recovery().flush)
      const newest = await run(live.recovery().read("newest"))
      expect([newest.slot, newest.state, newest.broken]).toEqual([1, '{"count":2}', []])
    })
  })
}
