/** Many idle instances: what each takes, and the time to make and to end it. */
import type { Pool } from "../contender.ts"
import { able } from "../contenders/index.ts"
import type { Case } from "../harness.ts"
import { grouped, type Scale, type Work } from "../work.ts"

const instances = (scale: Scale): number => 10_000 * scale

/** The first and the last are instances of their own, and work. */
const check = (name: string, pool: Pool, times: number): void => {
  const counts = [0, 0, times - 1].map((at) => pool.increment(at))
  if (counts.join() !== (times === 1 ? "1,2,3" : "1,2,1"))
    throw new Error(`${name}: instances count ${counts.join()}`)
}

const cases = (scale: Scale): ReadonlyArray<Case> => {
  const count = grouped(instances(scale))
  return able("pool").flatMap(({ name, pool: makePool }): ReadonlyArray<Case> => {
    const pool = makePool()
    let made = 0
    const make = (times: number) => {
      pool.make(times)
      made += times
    }
    const end = async (times: number) => {
      check(name, pool, times)
      await pool.clear()
    }
    const verify = () => {
      if (made === 0) throw new Error(`${name} made no instances`)
    }
    const making: Case = { name: `make ${count}`, contender: name, run: make, after: end, verify }
    const holding: Case = {
      name: `hold ${count}`,
      contender: name,
      unit: "bytes",
      run: make,
      after: end,
      verify
    }
    const ending: Case = {
      name: `end ${count}`,
      contender: name,
      before: (times) => {
        make(times)
        check(name, pool, times)
      },
      run: () => pool.clear(),
      verify
    }
    return pool.ends ? [making, ending, holding] : [making, holding]
  })
}

export const instancesWork: Work = {
  cases,
  plan: (scale) => ({ rounds: scale > 1 ? 5 : 15, warmUps: 2, sample: { times: instances(scale) } }),
  baselines: ["xstate"]
}
