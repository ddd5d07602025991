/** Where each call stands in a flame graph: as wide as its time, below the call that it was made in. */
import type { Call } from "./Recording.ts"

export interface Bar {
  /** Index of the call. */
  readonly call: number
  readonly depth: number
  /** Shares of the whole. */
  readonly from: number
  readonly width: number
}

/** Those of at least `least` of the whole, by depth and from left to right; of a call and what is within it, or all. */
export const barsOf = (
  calls: ReadonlyArray<Call>,
  root: number | undefined,
  least: number
): ReadonlyArray<Bar> => {
  const children = new Map<number | undefined, Array<number>>()
  for (const [index, { parent }] of calls.entries()) {
    const siblings = children.get(parent)
    if (siblings === undefined) children.set(parent, [index])
    else siblings.push(index)
  }
  const byTime = (indexes: ReadonlyArray<number>) =>
    indexes.toSorted((a, b) => (calls[b]?.totalMs ?? 0) - (calls[a]?.totalMs ?? 0))
  const tops = root === undefined ? byTime(children.get(undefined) ?? []) : [root]
  const whole = tops.reduce((sum, index) => sum + (calls[index]?.totalMs ?? 0), 0)
  const bars: Array<Bar> = []
  let level = tops.reduce<{ readonly at: number; readonly row: Array<Bar> }>(
    ({ at, row }, call) => {
      const width = whole > 0 ? (calls[call]?.totalMs ?? 0) / whole : 0
      row.push({ call, depth: 0, from: at, width })
      return { at: at + width, row }
    },
    { at: 0, row: [] }
  ).row
  while (level.length > 0) {
    const next: Array<Bar> = []
    for (const bar of level) {
      if (bar.width < least) continue
      bars.push(bar)
      let from = bar.from
      for (const call of byTime(children.get(bar.call) ?? [])) {
        const width = (calls[call]?.totalMs ?? 0) / whole
        next.push({ call, depth: bar.depth + 1, from, width })
        from += width
      }
    }
    level = next
  }
  return bars
}
