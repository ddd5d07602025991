import type { Case, Plan } from "./harness.ts"

/** How large the work is: as in the table of targets, ten times that, or a tenth for tests. */
export type Scale = 0.1 | 1 | 10

/** Works that are run one by one, each in a process of its own: what one does to V8 is not the others'. */
export interface Work {
  readonly cases: (scale: Scale) => ReadonlyArray<Case>
  readonly plan: (scale: Scale) => Plan
  /** Contenders that the ratios of the results are taken to. */
  readonly baselines: ReadonlyArray<string>
  /** Whether each contender has a process of its own, too. */
  readonly alone?: true
  /** The sizes at which it is run. Default: that of the targets, and ten times that. */
  readonly sizes?: ReadonlyArray<Scale>
}

export const grouped = (n: number): string => n.toLocaleString("en")
