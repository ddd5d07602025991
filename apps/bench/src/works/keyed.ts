/** Rows with a subscriber each; one row changes. */
import { able } from "../contenders/index.ts"
import type { Case } from "../harness.ts"
import { makeRows } from "../row.ts"
import { grouped, type Scale, type Work } from "../work.ts"

// It has no divisor in common with any number of rows here, so it comes to all of them, far from the one before.
const stride = 7919

const cases = (scale: Scale): ReadonlyArray<Case> => {
  const count = 10_000 * scale
  const rows = makeRows(count)
  const ids = rows.map(({ id }) => id)
  const first = rows.length * makeRows(1)[0]!.value
  return able("keyed").map(({ name, keyed }) => {
    let told = 0
    let last = 0
    const store = keyed(rows, (value) => {
      told++
      last = value
    })
    told = 0
    let at = 0
    let raised = 0
    return {
      name: `${grouped(count)} keyed subscribers`,
      contender: name,
      run: (times) => {
        for (let i = 0; i < times; i++) {
          at = (at + stride) % count
          raised++
          store.raise(ids[at]!)
        }
      },
      verify: (times) => {
        const id = ids[at]!
        if (told !== times)
          throw new Error(`${name}: after ${times} changes subscribers were told ${told} times`)
        if (store.valueOf(id) !== last) throw new Error(`${name}: the subscriber of ${id} was told ${last}`)
        // All rows, but not after each sample: it takes longer than many samples do.
        if (raised !== times || raised > 4 * count) return
        const total = ids.reduce((sum, id) => sum + store.valueOf(id), 0)
        if (total !== first + times)
          throw new Error(`${name}: ${times} changes raised the sum by ${total - first}`)
      }
    }
  })
}

export const keyed: Work = {
  cases,
  plan: (scale) => ({ rounds: scale > 1 ? 11 : 41, warmUps: scale > 1 ? 2 : 4, sample: { ms: 5 } }),
  baselines: ["alien-signals", "zustand"]
}
