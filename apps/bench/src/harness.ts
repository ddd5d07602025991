/** Interleaved rounds: every case runs once a round, in a new random order, so that a slow moment hits all alike. */
import { collectAll, collectYoung, heapUsed, now } from "./host.ts"

export type Unit = "ns" | "bytes" | "count"

/** One contender doing one kind of work. */
export interface Case {
  readonly name: string
  readonly contender: string
  /** What is measured of `run`: the time it takes (the default), or the memory it leaves in use. */
  readonly unit?: Unit
  /** Of the work done once, as its contender counts it: the figure, in the place of what is measured. */
  readonly counted?: () => number
  /** Units of the work in doing it once, if the figure is to be for one of them. Default 1. */
  readonly per?: number
  /** For one that would take minutes: how much of a planned sample it does. Default all. */
  readonly share?: number
  /** Before and after each sample; not measured. */
  readonly before?: (times: number) => void | Promise<void>
  /** Does the work this many times. A Promise where the work itself is asynchronous. */
  readonly run: (times: number) => void | Promise<void>
  readonly after?: (times: number) => void | Promise<void>
  /** Throws unless the work was done this many times in all, and everyone was told of each. */
  readonly verify: (times: number) => void
}

export interface Plan {
  readonly rounds: number
  /** Rounds that are run and not recorded, for all cases, before the first recorded one. */
  readonly warmUps: number
  /** How long one sample should last, in milliseconds (short ones are seldom interrupted); or how many times each sample does the work. */
  readonly sample: { readonly ms: number } | { readonly times: number }
}

/** Nanoseconds or bytes for the work done once, by round. */
export interface Samples {
  readonly name: string
  readonly contender: string
  readonly unit: Unit
  readonly values: ReadonlyArray<number>
}

/** Nanoseconds that any clock here can tell from none. */
const shortest = 20_000

/** A case with what it has done so far. */
class Running {
  readonly case: Case
  readonly values: Array<number> = []
  times: number
  private done = 0
  private fastest = Number.POSITIVE_INFINITY

  constructor(of: Case, { sample }: Plan) {
    this.case = of
    this.times = "times" in sample ? Math.ceil(sample.times * (of.share ?? 1)) : 1
  }

  /** Returns nanoseconds or bytes for all `times`. */
  async sample(times: number): Promise<number> {
    const { before, run, after, verify, unit } = this.case
    if (before !== undefined) await before(times)
    const isBytes = unit === "bytes" && this.case.counted === undefined
    if (!isBytes) collectYoung()
    const start = isBytes ? heapUsed() : now()
    const pending = run(times)
    if (pending !== undefined) await pending
    const value = isBytes ? heapUsed() - start : (now() - start) * 1e6
    this.done += times
    verify(this.done)
    if (after !== undefined) await after(times)
    return value
  }

  async record(): Promise<void> {
    const value = await this.sample(this.times)
    this.values.push(this.case.counted?.() ?? value / this.times / (this.case.per ?? 1))
  }

  /**
   * Finds how many times fill `ms`. By the fastest sample so far: a slow one, such as the first, may have been
   * interrupted, and would leave all later samples too short to mean anything.
   */
  async calibrate(ms: number): Promise<void> {
    for (let step = 0; step < 8; step++) {
      // Once takes longer than that, and is not much faster the next time.
      if (step > 1 && this.fastest > ms * 1e6) return
      const ns = await this.sample(this.times)
      // A clock of coarse steps shows little or nothing of a short sample.
      if (ns < shortest) {
        this.times *= 4
        continue
      }
      this.fastest = Math.min(this.fastest, ns / this.times)
      this.times = Math.max(1, Math.round((ms * 1e6) / this.fastest))
    }
  }
}

const shuffled = <A>(all: ReadonlyArray<A>): Array<A> => {
  const order = [...all]
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(Math.random() * (i + 1))
    const swapped = order[i]!
    order[i] = order[j]!
    order[j] = swapped
  }
  return order
}

/**
 * Warms up all cases, then measures all of them in each round. A full collection comes once a round and not
 * once a sample: V8 forgets the compiled code of functions that several full collections in a row found idle.
 */
export const measure = async (cases: ReadonlyArray<Case>, plan: Plan): Promise<ReadonlyArray<Samples>> => {
  const { rounds, warmUps, sample } = plan
  const running = cases.map((each) => new Running(each, plan))
  for (let round = -warmUps; round < rounds; round++) {
    collectAll()
    for (const each of shuffled(running)) {
      if (round >= 0) await each.record()
      else if ("ms" in sample) await each.calibrate(sample.ms)
      else await each.sample(each.times)
    }
  }
  return running.map(({ case: { name, contender, unit = "ns" }, values }) => ({
    name,
    contender,
    unit,
    values
  }))
}
