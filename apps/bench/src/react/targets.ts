/** What was to be reached in React apps, as data: one contender's figure through another's, at most. */
import type { Samples } from "../harness.ts"
import { type Ratio, ratioOf, widthOf } from "./ratio.ts"
import type { ReactWorkName } from "./works/index.ts"

export interface Target {
  readonly work: ReactWorkName
  readonly figure: string
  readonly of: string
  /** Of several: the best of them. */
  readonly to: string | ReadonlyArray<string>
  readonly atMost: number
}

/** A target with what was measured, and whom it was measured beside. */
export interface Outcome extends Target {
  readonly to: string
  readonly ratio: Ratio
}

export const libraries = ["zustand", "Redux Toolkit", "jotai", "mobx", "valtio", "TanStack Store"]

const ways = ["message", "click"]
const counts = ["1,000", "10,000", "20,000"]

export const targets: ReadonlyArray<Target> = ["Sluice, concurrent={false}", "Sluice"].flatMap((of) => [
  { work: "ops", figure: "all operations", of, to: "React hooks", atMost: 1.03 },
  { work: "ops", figure: "all operations", of, to: libraries, atMost: 1 },
  ...ways.flatMap((way): ReadonlyArray<Target> => [
    { work: "rows", figure: `one row, by a ${way}`, of, to: "jotai", atMost: 1 },
    // One, as where a row has a state of its own.
    { work: "rows", figure: `components, by a ${way}`, of, to: "React hooks", atMost: 1 }
  ]),
  // Counts of long frames may be none, and have no ratio then. Frames left out are time between those shown.
  ...["", ", 4x slower"].map((slower): Target => ({
    work: "live",
    figure: `between frames${slower}`,
    of,
    to: libraries,
    atMost: 1
  })),
  { work: "form", figure: "one key", of, to: "React hooks", atMost: 1.05 },
  ...counts.flatMap((count) =>
    ["mount", "unmount"].map((what): Target => ({
      work: "mount",
      figure: `${what} ${count}`,
      of,
      to: "zustand",
      atMost: 1.1
    }))
  )
])

/**
 * Reached where the interval lies below the limit, missed where it lies above. Where it includes the limit: reached
 * if it is at most 3 % wide.
 */
export const verdict = ({ atMost, ratio }: Outcome): "reached" | "missed" | "too few rounds" => {
  if (ratio.low > atMost) return "missed"
  return ratio.high <= atMost || widthOf(ratio) <= 0.03 ? "reached" : "too few rounds"
}

/** Whether enough rounds have been run. */
export const isKnown = (outcome: Outcome): boolean => verdict(outcome) !== "too few rounds"

/** Leaves out targets of contenders that took no part. */
export const outcomes = (
  targets: ReadonlyArray<Target>,
  all: ReadonlyArray<Samples>
): ReadonlyArray<Outcome> =>
  targets.flatMap((target) => {
    const find = (contender: string) =>
      all.find((samples) => samples.name === target.figure && samples.contender === contender)
    const of = find(target.of)
    const beside = [target.to].flat().flatMap((to) => find(to) ?? [])
    if (of === undefined) return []
    const ratios = beside.map(({ contender, values }) => ({
      ...target,
      to: contender,
      ratio: ratioOf(of.values, values)
    }))
    // Beside the best of them one is slowest.
    return ratios.sort((a, b) => b.ratio.mean - a.ratio.mean).slice(0, 1)
  })
