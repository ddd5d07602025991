/**
 * Interleaved rounds of fresh pages. In a round every contender has a page; each step is run once in every page,
 * in a new random order, before it is run again, so that a slow second hits all alike.
 */
import type { Samples } from "../harness.ts"
import { median } from "../statistics.ts"
import type { BenchPage, Lap } from "./BenchPage.ts"
import type { BenchBrowser } from "./browser.ts"
import { randomFrom, shuffled } from "./random.ts"
import { geometricMean } from "./ratio.ts"
import type { ReactWork, Step } from "./work.ts"

export interface Pace {
  /** At least and at most. */
  readonly rounds: readonly [number, number]
  /** No round is begun after so many. */
  readonly minutes: number
  /** A limit for what each step says of itself. */
  readonly times?: number
  /** Whether enough is known. */
  readonly settled: (samples: ReadonlyArray<Samples>) => boolean
  readonly seed: number
  readonly onRound?: (round: number, samples: ReadonlyArray<Samples>) => void
}

/** What a step gave in a page: a value, or a lap that has one once the trace has ended. */
interface Given<Value> {
  readonly figure: string
  readonly contender: string
  readonly value: Value
}

const give = async (step: Step, page: BenchPage): Promise<ReadonlyArray<Given<number | Lap>>> => {
  const values = await step.run(page)
  return Object.keys(step.figures).map((figure) => {
    const value = values[figure]
    if (value === undefined) throw new Error(`${page.contender} gave no ${figure}`)
    return { figure, contender: page.contender, value }
  })
}

const closeAll = async (pages: ReadonlyArray<BenchPage>): Promise<void> => {
  for (const page of pages) await page.close()
}

/** One value for each figure and contender: the median of what its page gave. */
const condensed = (given: ReadonlyArray<Given<number>>): ReadonlyArray<Given<number>> => {
  const groups = new Map<string, Array<Given<number>>>()
  for (const each of given) {
    const key = JSON.stringify([each.figure, each.contender])
    groups.set(key, [...(groups.get(key) ?? []), each])
  }
  return Array.from(groups.values(), (group) => ({
    ...group[0]!,
    value: median(group.map(({ value }) => value))
  }))
}

/** By figure and contender, in the order of the work. */
const samplesOf = (
  { pages, steps, mean }: ReactWork,
  given: ReadonlyArray<Given<number>>
): ReadonlyArray<Samples> => {
  const figures = steps.flatMap((step) => Object.entries(step.figures))
  const samples = figures.flatMap(([name, unit]) =>
    pages.map(({ contender }) => ({
      name,
      contender,
      unit,
      values: given
        .filter((each) => each.figure === name && each.contender === contender)
        .map(({ value }) => value)
    }))
  )
  if (mean === undefined) return samples
  const means = pages.map(({ contender }) =>
    geometricMean(
      mean.name,
      samples.filter((each) => each.contender === contender && mean.of.includes(each.name))
    )
  )
  return [...means, ...samples]
}

export const measure = async (
  browser: BenchBrowser,
  work: ReactWork,
  pace: Pace
): Promise<ReadonlyArray<Samples>> => {
  const random = randomFrom(pace.seed)
  const given: Array<Given<number>> = []
  const contenders = work.pages.map(({ contender }) => contender)

  /** Opens a page for each and runs the steps in all of them. */
  const inFreshPages = async (steps: ReadonlyArray<Step>): Promise<void> => {
    const pages: Array<BenchPage> = []
    const unresolved: Array<Given<number | Lap>> = []
    // Before the trace: Chromium waits seconds for a process that began in it, at its end and before the next
    for (const contender of shuffled(contenders, random)) pages.push(await browser.open(contender))
    const timeOf = await browser.traced(async () => {
      for (const step of steps) {
        const times = Math.min(step.times ?? 1, pace.times ?? Number.POSITIVE_INFINITY)
        for (let time = 0; time < times; time++) {
          for (const page of shuffled(pages, random)) unresolved.push(...(await give(step, page)))
        }
      }
    })
    await closeAll(pages)
    const resolved = unresolved.map((each) => ({
      ...each,
      value: typeof each.value === "number" ? each.value : timeOf(each.value)
    }))
    given.push(...condensed(resolved))
  }

  const alone = work.steps.filter(({ fresh }) => fresh !== undefined)
  for (const step of alone) {
    const times = Math.min(step.fresh ?? 0, pace.times ?? Number.POSITIVE_INFINITY)
    for (let time = 0; time < times; time++) await inFreshPages([step])
  }

  const together = work.steps.filter(({ fresh }) => fresh === undefined)
  const end = performance.now() + pace.minutes * 60_000
  const [least, most] = pace.rounds
  for (let round = 1; round <= most; round++) {
    await inFreshPages(together)
    const samples = samplesOf(work, given)
    pace.onRound?.(round, samples)
    if (round >= least && (performance.now() > end || pace.settled(samples))) break
  }
  return samplesOf(work, given)
}
