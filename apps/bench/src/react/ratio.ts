/** Ratios of two contenders over rounds that both took part in. */
import type { Samples } from "../harness.ts"

/** A geometric mean, and the interval that holds the true one with 95 % confidence. */
export interface Ratio {
  readonly mean: number
  readonly low: number
  readonly high: number
}

/**
 * Student's t that 97.5 % lie below, by the first terms of its expansion around the normal one: within 1 %
 * from 3 degrees of freedom on.
 */
const studentT = (freedom: number): number => {
  const z = 1.959964
  const terms = [
    (z ** 3 + z) / 4,
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96,
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384
  ]
  return terms.reduce((sum, term, power) => sum + term / freedom ** (power + 1), z)
}

/**
 * Of one's values through the other's in the same round: what slows the machine down for a while slows both.
 * Below two rounds, or with a value that is no quantity, the interval is without bounds.
 */
export const ratioOf = (of: ReadonlyArray<number>, to: ReadonlyArray<number>): Ratio => {
  const logs = of.map((value, round) => Math.log(value / (to[round] ?? Number.NaN)))
  const n = logs.length
  const mean = logs.reduce((sum, log) => sum + log, 0) / n
  const variance = logs.reduce((sum, log) => sum + (log - mean) ** 2, 0) / (n - 1)
  const half =
    n < 2 || Number.isNaN(variance) ? Number.POSITIVE_INFINITY : studentT(n - 1) * Math.sqrt(variance / n)
  return { mean: Math.exp(mean), low: Math.exp(mean - half), high: Math.exp(mean + half) }
}

/** As a share of the mean: 0.03 is an interval 3 % wide. */
export const widthOf = ({ mean, low, high }: Ratio): number => (high - low) / mean

/** Of each round, the geometric mean over some figures of a contender. */
export const geometricMean = (name: string, of: ReadonlyArray<Samples>): Samples => {
  const [first] = of
  if (first === undefined) throw new Error(`${name} is the mean of nothing`)
  const { contender, unit } = first
  const values = first.values.map((_, round) =>
    Math.exp(of.reduce((sum, { values }) => sum + Math.log(values[round] ?? Number.NaN), 0) / of.length)
  )
  return { name, contender, unit, values }
}
