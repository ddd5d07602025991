/** What is recorded while something else is under way, or in a process that another one follows. */
import { Recovery } from "@sluice/wasm"
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import { describe, expect, it } from "vitest"
import { makeSecretive, start, storeOf } from "./ledger.ts"

const run = Effect.runPromise

export const recordedTurns = (): void => {
  describe("an instance that is recorded", () => {
    it("has with each state the memory of that slot, where two are restored at once", async () => {
      const store = storeOf()
      const [gate, waiting] = [Latch.makeUnsafe(true), { count: 0 }]
      const getUint8Array: typeof store.getUint8Array = (key) => {
        waiting.count++
        return Effect.andThen(gate.await, store.getUint8Array(key))
      }
      const live = await start(
        await makeSecretive("worker"),
        { ...store, getUint8Array },
        { snapshotEvery: 1 }
      )
      await expect.poll(() => Recovery.of(live.ledger)).toBeDefined()
      const kept = [{ state: live.state(), hidden: await live.hidden() }]
      for (let n = 1; n < 4; n++) {
        await live.act({ do: "add", by: n })
        kept.push({ state: live.state(), hidden: await live.hidden() })
      }
      const recovery = live.recovery()
      waiting.count = 0
      gate.closeUnsafe()
      const restores = [1, 3].map((slot) => run(recovery.restore({ slot })))
      await expect.poll(() => waiting.count).toBe(2)
      // Serial calls are under way, for which both wait
      const calls = Array.from({ length: 100 }, () => live.act({ do: "add", by: 100 }))
      gate.openUnsafe()
      await Promise.all([...calls, ...restores])
      const newest = await run(recovery.slot)
      for (const slot of [newest - 1, newest]) {
        const { state, memory } = await run(recovery.read(slot))
        const original = [1, 3].find((at) => JSON.stringify(kept[at]?.state) === state)
        const before = await run(recovery.read(original ?? -1))
        expect([slot, memory]).toEqual([slot, before.memory])
      }
      const last = kept.find(({ state }) => state.count === live.state().count)
      expect(await live.hidden()).toEqual(last?.hidden)
    })

    it("is that of one process or of the other, where two have one key at once", async () => {
      const store = storeOf()
      const begin = async (of: typeof store) => {
        const live = await start(await makeSecretive("inline"), of, { key: "one", snapshotEvery: 3 })
        await expect.poll(() => Recovery.of(live.ledger)).toBeDefined()
        return live
      }
      const told = async ({ hidden, state }: Awaited<ReturnType<typeof begin>>) =>
        JSON.stringify([state(), await hidden()])
      const [one, other] = [await begin(store), await begin(store)]
      const were = [await told(one), await told(other)]
      for (let n = 0; n < 24; n++) {
        const [live, sum] = n % 3 === 0 ? [one, 0] : [other, 1000]
        if (n % 4 === 0) await live.act({ do: "add", by: sum + n })
        else await run(live.ledger.actions.set(sum + n))
        if (n % 5 > 1) await run(live.recovery().flush)
        were.push(await told(live))
        // Begins with what is stored, and stores nothing
        const third = await begin({ ...store, set: () => Effect.void })
        expect(were).toContain(await told(third))
      }
    })

    it("is recorded after a state that its handler could not be given", async () => {
      const store = storeOf()
      const live = await start(await makeSecretive("inline", { below: 1000 }), store)
      await expect.poll(() => Recovery.of(live.ledger)).toBeDefined()
      await live.act({ do: "add", by: 2 })
      await run(live.ledger.actions.set(5000))
      // Refused: it has no such state
      await live.act({ do: "add", by: 1 })
      await run(live.recovery().flush)
      await run(live.ledger.actions.set(6))
      await live.act({ do: "add", by: 1 })
      await run(live.recovery().flush)
      const hidden = await live.hidden()
      const second = await start(await makeSecretive("inline", { below: 1000 }), store)
      await expect.poll(() => Recovery.of(second.ledger)).toBeDefined()
      expect([second.state(), await second.hidden()]).toEqual([{ count: 7 }, hidden])
      expect(await run(Effect.flip(second.recovery().read(2)))).toMatchObject({
        _tag: "SlotUnreadable",
        reached: 1
      })
      await run(live.ledger.actions.set(5000))
      await live.runtime.dispose()
    })

    it("is read to its end, where calls come while a snapshot is written", async () => {
      const [store, gate] = [storeOf(), Latch.makeUnsafe(false)]
      let waits = 0
      const set: typeof store.set = (key, value) => {
        if (!key.endsWith("snapshot/000000000")) return store.set(key, value)
        waits++
        return Effect.andThen(gate.await, store.set(key, value))
      }
      const live = await start(await makeSecretive("inline"), { ...store, set })
      await expect.poll(() => waits).toBe(1)
      for (let n = 0; n < 5; n++) await live.act({ do: "add", by: 1 })
      gate.openUnsafe()
      await run(live.recovery().flush)
      await live.act({ do: "add", by: 1 })
      await run(live.recovery().flush)
      const newest = await run(live.recovery().read("newest"))
      expect([newest.slot, newest.from, newest.state]).toEqual([6, 5, '{"count":7}'])
    })

    it("is read past a broken snapshot with which another process has begun", async () => {
      const store = storeOf()
      const first = await start(await makeSecretive("inline"), store)
      await expect.poll(() => Recovery.of(first.ledger)).toBeDefined()
      for (let n = 0; n < 7; n++) await first.act({ do: "add", by: 1 })
      // With a snapshot of its last slot
      await first.runtime.dispose()
      const second = await start(await makeSecretive("inline"), store)
      await expect.poll(() => Recovery.of(second.ledger)).toBeDefined()
      for (let n = 0; n < 2; n++) await second.act({ do: "add", by: 1 })
      await run(second.recovery().flush)
      const state = second.state()
      expect(state).toEqual({ count: 10 })
      const key = (await run(store.keys)).find((one) => one.endsWith("snapshot/000000007")) ?? ""
      await run(store.set(key, "torn"))
      const third = await start(await makeSecretive("inline"), store)
      await expect.poll(() => Recovery.of(third.ledger)).toBeDefined()
      expect([third.state(), await third.hidden()]).toEqual([state, await second.hidden()])
    })
  })
}
