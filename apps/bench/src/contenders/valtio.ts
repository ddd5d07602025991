import { proxy, subscribe } from "valtio/vanilla"
import { subscribeKey } from "valtio/vanilla/utils"
import { type Contender, initial, pool } from "../contender.ts"

const makeCounter = () => proxy({ ...initial })

/** Told in sync: by default it batches, and would tell once of a whole sample. Its getters are not cached, so it computes no graph. */
export const valtio: Contender = {
  name: "valtio",
  counter: () => {
    const state = makeCounter()
    return {
      watch: (probe) =>
        subscribe(
          state,
          () => {
            probe.told++
            probe.count = state.count
          },
          true
        ),
      run: (times) => {
        for (let i = 0; i < times; i++) ++state.count
      },
      count: () => state.count
    }
  },
  keyed: (rows, told) => {
    const state = proxy({ rows: Object.fromEntries(rows.map((row) => [row.id, { ...row }])) })
    for (const { id } of rows) subscribeKey(state.rows[id]!, "value", told, true)
    return { raise: (id) => void ++state.rows[id]!.value, valueOf: (id) => state.rows[id]!.value }
  },
  pool: () => pool(makeCounter, (state) => ++state.count)
}
