/** Instances that are recorded as they run, and begin again with what is stored. */
import { Recovery } from "@sluice/wasm"
import { hashOf } from "@sluice/wasm/memory/Hash"
import * as Effect from "effect/Effect"
import * as KeyValueStore from "effect/persistence/KeyValueStore"
import { describe, expect, it } from "vitest"
import { makeSecretive, start, storeOf } from "./ledger.ts"

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
        await second.act({ do: "add", by: 1 })
        await first.act({ do: "add", by: 1 })
        expect(await second.hidden()).toEqual(await first.hidden())
        expect(await run(second.recovery().slot)).toBe(10)
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
}
