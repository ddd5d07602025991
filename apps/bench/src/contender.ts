/** What contenders are asked to do. Each leaves out what its documentation has no way for. */
import type { Graph } from "./graph.ts"
import type { Row } from "./row.ts"

export interface Contender {
  readonly name: string
  readonly counter?: () => Counter
  readonly keyed?: (rows: ReadonlyArray<Row>, told: (value: number) => void) => Keyed
  readonly graph?: (graph: Graph, told: (value: number) => void) => Write
  /** Its computed values list what they may read, and are computed again when any of it changed. */
  readonly listsReads?: boolean
  readonly pool?: () => Pool
}

/** One that does a job. */
export type Able<Job extends keyof Contender> = Contender & {
  readonly [J in Job]-?: NonNullable<Contender[J]>
}

// ---------------------------------------------------------------------------------------------------------
// A counter in a small state

/** Small, as most of a state's slices are: one field changes, three stay. */
export interface State {
  readonly count: number
  readonly step: number
  readonly label: string
  readonly open: boolean
}

export const initial: State = { count: 0, step: 1, label: "clicks", open: true }

export const increment = (state: State): State => ({ ...state, count: state.count + 1 })

/** What a subscriber saw: how often it was told of a change, and the field that it read. */
export interface Probe {
  told: number
  count: number
}

export interface Counter {
  /** Subscribes a listener that reads the new state's `count` into the probe. */
  readonly watch: (probe: Probe) => void
  /** Increments `count` by one, `times` times, in the contender's own loop. */
  readonly run: (times: number) => void | Promise<void>
  readonly count: () => number
}

/** For contenders whose listener runs once when it is made: that time does not count. */
export const watching = (probe: Probe, subscribe: (listener: (count: number) => void) => void): void => {
  subscribe((count) => {
    probe.told++
    probe.count = count
  })
  probe.told = 0
}

// ---------------------------------------------------------------------------------------------------------
// Rows with a subscriber each

/** Every row has a subscriber, which was given `told`, and calls it with its row's new value. */
export interface Keyed {
  /** Raises the value of one row by one. */
  readonly raise: (id: string) => void
  readonly valueOf: (id: string) => number
}

// ---------------------------------------------------------------------------------------------------------
// Computed graphs

/** Writes a source of a graph whose leaves each have a subscriber that calls `told` with the leaf's value. */
export type Write = (source: number, value: number) => void

// ---------------------------------------------------------------------------------------------------------
// Many instances

/** Instances of the counter, each with an identity of its own, without a subscriber. */
export interface Pool {
  readonly make: (times: number) => void
  /** Ends them all, if they have an end, and drops them. */
  readonly clear: () => void | Promise<void>
  /** Increments the instance at an index and gives its count. */
  readonly increment: (at: number) => number
  /** Whether instances have an end that must be called. */
  readonly ends: boolean
}

/** A pool that is an array. */
export const pool = <I>(
  make: () => I,
  increment: (instance: I) => number,
  end?: (instance: I) => void
): Pool => {
  let instances: Array<I> = []
  return {
    make: (times) => {
      for (let i = 0; i < times; i++) instances.push(make())
    },
    clear: () => {
      if (end !== undefined) instances.forEach(end)
      instances = []
    },
    increment: (at) => {
      const instance = instances[at]
      if (instance === undefined) throw new Error(`There are ${instances.length} instances, none at ${at}`)
      return increment(instance)
    },
    ends: end !== undefined
  }
}
