/** Medians, quartiles, and ratios taken within a round. */
import type { Samples } from "./harness.ts"

/** The value below which the share `at` of the values lie, interpolated. */
export const quantile = (values: ReadonlyArray<number>, at: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const place = (sorted.length - 1) * at
  const below = sorted[Math.floor(place)] ?? Number.NaN
  const above = sorted[Math.ceil(place)] ?? Number.NaN
  return below + (above - below) * (place - Math.floor(place))
}

export const median = (values: ReadonlyArray<number>): number => quantile(values, 0.5)

/**
 * The median over the rounds of one's time through the other's in the same round. What slows the machine
 * down for a while slows both, so this moves less than the ratio of the medians.
 */
export const ratio = (of: Samples, to: Samples): number =>
  median(of.ns.map((ns, round) => ns / (to.ns[round] ?? Number.NaN)))
