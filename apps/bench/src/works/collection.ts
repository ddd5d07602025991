/** Keyed rows: a Collection beside what one would write by hand. */
import { collection } from "../contenders/rows/collection.ts"
import { copiedArray } from "../contenders/rows/copiedArray.ts"
import { copiedMap } from "../contenders/rows/copiedMap.ts"
import { hashMap } from "../contenders/rows/hashMap.ts"
import { mutableMap } from "../contenders/rows/mutableMap.ts"
import { pathCopy } from "../contenders/rows/pathCopy.ts"
import type { Growing, Rows, RowsContender } from "../contenders/rows/rows.ts"
import type { Case } from "../harness.ts"
import { makeRow, makeRows } from "../row.ts"
import { grouped, type Scale, type Work } from "../work.ts"

const contenders: ReadonlyArray<RowsContender> = [
  mutableMap,
  pathCopy,
  copiedMap,
  copiedArray,
  hashMap,
  collection
]

// Ten times a million rows is more than a browser's heap holds of all contenders at once.
const sizes = (scale: Scale): ReadonlyArray<number> =>
  scale > 1 ? [1000, 100_000] : [100, 10_000, 1_000_000].map((size) => size * scale)

/** Does a job `times` times to rows of these ids; returns how often it found what it should. */
type Job = (rows: Rows, ids: ReadonlyArray<string>, times: number) => number

// A stride that has no divisor in common with any size visits every row, far from the one before.
const stride = 7919

const iterations: Readonly<Record<string, Job>> = {
  iterate: (rows, ids, times) => {
    let found = 0
    for (let i = 0; i < times; i++) if (rows.iterate() >= ids.length) found++
    return found
  },
  forEach: (rows, ids, times) => {
    let found = 0
    for (let i = 0; i < times; i++) if (rows.forEach() >= ids.length) found++
    return found
  }
}

const jobs: Readonly<Record<string, Job>> = {
  get: (rows, ids, times) => {
    let found = 0
    for (let i = 0; i < times; i++) if (rows.get(ids[(i * stride) % ids.length]!) !== undefined) found++
    return found
  },
  update: (rows, ids, times) => {
    let found = 0
    for (let i = 0; i < times; i++) {
      rows.update(ids[(i * stride) % ids.length]!)
      if (rows.size() === ids.length) found++
    }
    return found
  },
  ...iterations
}

const growingOf = ({ growing }: Rows): Growing => {
  if (growing === undefined) throw new Error("These rows neither grow nor shrink")
  return growing
}

// Insertions go on until there are twice as many rows, removals until there are half: an index that grows or
// shrinks in steps has its steps counted.
const growingJobs: Readonly<Record<string, Job>> = {
  insert: (rows, ids, times) => {
    const { start, insert } = growingOf(rows)
    let found = 0
    for (let i = 0; i < times; i++) {
      const at = i % ids.length
      if (at === 0) start()
      insert(makeRow(ids.length + at))
      if (rows.size() === ids.length + at + 1) found++
    }
    return found
  },
  remove: (rows, ids, times) => {
    const { start, remove } = growingOf(rows)
    let found = 0
    for (let i = 0; i < times; i++) {
      const at = i % (ids.length / 2)
      if (at === 0) start()
      remove(ids[(at * stride) % ids.length]!)
      if (rows.size() === ids.length - at - 1) found++
    }
    return found
  }
}

const toCase = (name: string, contender: string, run: (times: number) => number): Case => {
  let found = 0
  return {
    name,
    contender,
    run: (times) => void (found += run(times)),
    verify: (times) => {
      if (found === times) return
      throw new Error(`${contender}, ${name}: ${found} of ${times} gave what they should`)
    }
  }
}

const casesOf = (contender: RowsContender, size: number): ReadonlyArray<Case> => {
  const first = makeRows(size)
  const ids = first.map(({ id }) => id)
  const named = (job: string): string => `${job}, ${grouped(size)} rows`
  const copiesTooMuch = size > (contender.copiesUpTo ?? size)
  const rows = contender.make(first)
  const plain = Object.entries(copiesTooMuch ? iterations : jobs).map(([job, run]) =>
    toCase(named(job), contender.name, (times) => run(rows, ids, times))
  )
  if (copiesTooMuch || rows.growing === undefined) return plain
  // Of its own, so that the others keep their number of rows.
  const changing = contender.make(first)
  const growing = Object.entries(growingJobs).map(([job, run]) =>
    toCase(named(job), contender.name, (times) => run(changing, ids, times))
  )
  return [...plain, ...growing]
}

const order = [...Object.keys(jobs), ...Object.keys(growingJobs)]
const jobOf = ({ name }: Case): number => order.findIndex((job) => name.startsWith(`${job},`))

export const collectionWork: Work = {
  cases: (scale) =>
    sizes(scale)
      .flatMap((size) => contenders.flatMap((contender) => casesOf(contender, size)))
      .sort((a, b) => jobOf(a) - jobOf(b)),
  plan: () => ({ rounds: 21, warmUps: 3, sample: { ms: 3 } }),
  baselines: [mutableMap.name, pathCopy.name, copiedArray.name]
}
