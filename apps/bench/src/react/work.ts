/** What is done in the pages of React apps: a page for each contender, the same steps in all of them. */
import type { Unit } from "../harness.ts"
import type { BenchPage, Lap } from "./BenchPage.ts"

export interface Page {
  readonly contender: string
  /** The module that makes the page, as text. Its imports start from `src/react`; it renders into `#main`. */
  readonly entry: string
}

export interface Step {
  /** What it measures, by name. */
  readonly figures: Readonly<Record<string, Unit>>
  /** How often it is run in each page; of what it measures then, the median counts. Default 1. */
  readonly times?: number
  /** Before the rounds instead of in them, in so many fresh pages of each contender. */
  readonly fresh?: number
  /** A value for each of its figures: in their unit, or the lap whose time it is. */
  readonly run: (page: BenchPage) => Promise<Readonly<Record<string, number | Lap>>>
}

export interface ReactWork {
  readonly pages: ReadonlyArray<Page>
  readonly style: string
  /** In the order in which every page does them. */
  readonly steps: ReadonlyArray<Step>
  /** A figure that is the geometric mean of others. */
  readonly mean?: { readonly name: string; readonly of: ReadonlyArray<string> }
  /** Frames come at the rate of a display. Without it, as soon as they are asked for. */
  readonly display?: boolean
  /** Contenders that the ratios of the results are taken to. */
  readonly baselines: ReadonlyArray<string>
}
