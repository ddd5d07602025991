/** Medians, quartiles, and ratios taken within a round. */

/** The value below which the share `at` of the values lie, interpolated. */
export const quantile = (values: ReadonlyArray<number>, at: number): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const place = (sorted.length - 1) * at
  const below = sorted[Math.floor(place)] ?? Number.NaN
  const above = sorted[Math.ceil(place)] ?? Number.NaN
  return below + (above - below) * (place - Math.floor(place))
}

export const median = (values: ReadonlyArray<number>): number => quantile(values, 0.5)

/** A median and the interval that holds the true one with 95 % confidence, whatever the distribution. */
export interface Estimate {
  readonly median: number
  readonly low: number
  readonly high: number
}

/**
 * The interval is between two of the values: as many from either end as a fair coin would seldom fall short
 * of. Below six values no two of them hold 95 %, and it is their whole range.
 */
export const estimate = (values: ReadonlyArray<number>): Estimate => {
  const sorted = [...values].sort((a, b) => a - b)
  const n = sorted.length
  let fromEnd = 0
  // The probability of exactly k heads in n throws, and of at most k.
  let exactly = 2 ** -n
  let atMost = exactly
  for (let k = 0; k < n / 2 && atMost <= 0.025; k++) {
    fromEnd = k
    exactly *= (n - k) / (k + 1)
    atMost += exactly
  }
  return {
    median: median(sorted),
    low: sorted[fromEnd] ?? Number.NaN,
    high: sorted[n - 1 - fromEnd] ?? Number.NaN
  }
}

/**
 * Of one's figures through the other's in the same round. What slows the machine down for a while slows both,
 * so this moves less than the ratio of the medians.
 */
export const ratio = (of: ReadonlyArray<number>, to: ReadonlyArray<number>): Estimate =>
  estimate(of.map((value, round) => value / (to[round] ?? Number.NaN)))
