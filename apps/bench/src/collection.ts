/** The collection suite: keyed rows against a Map and an array. */
import { collection } from "./contenders/collection.ts"
import { copiedArray, copiedMap } from "./contenders/copies.ts"
import { mutableMap } from "./contenders/mutableMap.ts"
import { makeRow, type PersistentRows, type Row, type Rows, type RowsContender } from "./contenders/rows.ts"
import type { Case } from "./harness.ts"

const sizes = [100, 10_000] as const

const persistent: ReadonlyArray<RowsContender<PersistentRows>> = [copiedMap, copiedArray, collection]
const all: ReadonlyArray<RowsContender> = [mutableMap, ...persistent]

export const collectionBaselines = [mutableMap.name, copiedMap.name]

/** Does a job `times` times to rows of these ids; returns how often it found what it should. */
type Job<Kind extends Rows> = (rows: Kind, ids: ReadonlyArray<string>, times: number) => number

// A stride that has no divisor in common with either size visits every row, far from the one before.
const stride = 7919

const jobs: Readonly<Record<string, Job<Rows>>> = {
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

// Insertions go on until there are twice as many rows, removals until there are half: an index that grows or
// shrinks in steps has its steps counted.
const persistentJobs: Readonly<Record<string, Job<PersistentRows>>> = {
  insert: (rows, ids, times) => {
    let found = 0
    for (let i = 0; i < times; i++) {
      const at = i % ids.length
      if (at === 0) rows.start()
      rows.insert(makeRow(ids.length + at))
      if (rows.size() === ids.length + at + 1) found++
    }
    return found
  },
  remove: (rows, ids, times) => {
    let found = 0
    for (let i = 0; i < times; i++) {
      const at = i % (ids.length / 2)
      if (at === 0) rows.start()
      rows.remove(ids[(at * stride) % ids.length]!)
      if (rows.size() === ids.length - at - 1) found++
    }
    return found
  }
}

const toCase = <Kind extends Rows>(
  name: string,
  job: Job<Kind>,
  contender: RowsContender<Kind>,
  size: number
): Case => {
  const first: ReadonlyArray<Row> = Array.from({ length: size }, (_, i) => makeRow(i))
  const rows = contender.make(first)
  const ids = first.map(({ id }) => id)
  const work = `${name}, ${size.toLocaleString("en")} rows`
  let found = 0
  return {
    work,
    contender: contender.name,
    run: (times) => void (found += job(rows, ids, times)),
    verify: (times) => {
      if (found === times) return
      throw new Error(`${contender.name}, ${work}: ${found} of ${times} gave what they should`)
    }
  }
}

const casesOf = <Kind extends Rows>(
  jobs: Readonly<Record<string, Job<Kind>>>,
  contenders: ReadonlyArray<RowsContender<Kind>>
): ReadonlyArray<Case> =>
  Object.entries(jobs).flatMap(([name, job]) =>
    sizes.flatMap((size) => contenders.map((contender) => toCase(name, job, contender, size)))
  )

export const collectionCases = (): ReadonlyArray<Case> => [
  ...casesOf(jobs, all),
  ...casesOf(persistentJobs, persistent)
]
