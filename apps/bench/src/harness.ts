/** Interleaved rounds: every case runs once a round, in a new random order, so that a slow moment hits all alike. */
import { collectAll, collectYoung } from "./garbage.ts"

/** One contender doing one kind of work. */
export interface Case {
  readonly work: string
  readonly contender: string
  /** Does the work this many times. A Promise where the work itself is asynchronous. */
  readonly run: (times: number) => void | Promise<void>
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

/** Nanoseconds for the work done once, by round. */
export interface Samples {
  readonly work: string
  readonly contender: string
  readonly ns: ReadonlyArray<number>
}

/** A case with what it has done so far. */
class Running {
  readonly case: Case
  readonly ns: Array<number> = []
  times: number
  private done = 0
  private fastest = Number.POSITIVE_INFINITY

  constructor(of: Case, { sample }: Plan) {
    this.case = of
    this.times = "times" in sample ? sample.times : 1
  }

  /** Returns nanoseconds for all `times`. */
  async sample(times: number): Promise<number> {
    collectYoung()
    const start = performance.now()
    const pending = this.case.run(times)
    if (pending !== undefined) await pending
    const ns = (performance.now() - start) * 1e6
    this.done += times
    this.case.verify(this.done)
    return ns
  }

  /**
   * Finds how many times fill `ms`. By the fastest sample so far: a slow one, such as the first, may have been
   * interrupted, and would leave all later samples too short to mean anything.
   */
  async calibrate(ms: number): Promise<void> {
    for (let step = 0; step < 8; step++) {
      this.fastest = Math.min(this.fastest, (await this.sample(this.times)) / this.times)
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
      if (round < 0 && "ms" in sample) {
        await each.calibrate(sample.ms)
        continue
      }
      const ns = await each.sample(each.times)
      if (round >= 0) each.ns.push(ns / each.times)
    }
  }
  return running.map(({ case: { work, contender }, ns }) => ({ work, contender, ns }))
}
