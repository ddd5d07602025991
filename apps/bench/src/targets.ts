/** What was to be reached, as data: one contender's figure through another's, at most. */
import { graphs } from "./graph.ts"
import type { Samples } from "./harness.ts"
import { type Estimate, ratio } from "./statistics.ts"
import type { WorkName } from "./works/index.ts"

interface Figure {
  readonly case: string
  readonly contender: string
}

export interface Target {
  readonly work: WorkName
  readonly of: Figure
  readonly to: Figure
  readonly atMost: number
}

/** A target with what was measured. */
export interface Outcome extends Target {
  readonly ratio: Estimate
}

const beside = (work: WorkName, name: string, contender: string, to: string, atMost: number): Target => ({
  work,
  of: { case: name, contender },
  to: { case: name, contender: to },
  atMost
})

const rows = (job: string, count: string): string => `${job}, ${count} rows`

const subscribers = ["0 subscribers", "1 subscriber", "100 subscribers"]
const keyed = "10,000 keyed subscribers"
const channel = "100,000 actions through one handler"
const mutate = "three writes in 100 cards"
const cells = 30
const dirty = "16 MiB, two dirty pages"
const recomputing = graphs(cells).filter(({ step }) => step(0).recomputed > 0)

export const targets: ReadonlyArray<Target> = [
  ...subscribers.flatMap((name) => [
    beside("dispatch", name, "Sluice", "zustand", 1),
    beside("dispatch", name, "Sluice", "five lines by hand", 2)
  ]),
  ...["Redux Toolkit", "xstate", "jotai"].map((peer) =>
    beside("dispatch", "1 subscriber", "Sluice", peer, 0.1)
  ),
  beside("keyed", keyed, "Sluice", "alien-signals", 2),
  beside("keyed", keyed, "Sluice", "zustand", 1 / 500),
  {
    work: "collection",
    of: { case: rows("update", "10,000"), contender: "Collection" },
    to: { case: rows("update", "100"), contender: "Collection" },
    atMost: 3
  },
  beside("collection", rows("update", "1,000,000"), "Collection", "Map.get and a 32-way path copy", 2),
  ...["100", "10,000", "1,000,000"].map((count) =>
    beside("collection", rows("iterate", count), "Collection", "array, copied", 3)
  ),
  // The others have nothing to compute again.
  ...recomputing.map(({ name }) =>
    beside("computed", `${name}, ${cells} cells`, "Sluice", "preact signals", 2)
  ),
  beside("channel", channel, "Sluice", "Effect Queue", 0.35),
  beside("channel", channel, "Sluice", "Redux Toolkit listener", 1),
  beside("mutate", mutate, "Sluice", "mutative", 1.1),
  beside("mutate", mutate, "Sluice in a fiber", "mutative in a fiber", 1.1),
  ...subscribers.flatMap((name) => [
    beside("trace", name, "trace light", "trace off", 1.25),
    beside("trace", name, "trace full", "trace off", 2)
  ]),
  ...["hold", "make", "end"].map((job) => beside("instances", `${job} 10,000`, "Sluice", "xstate", 1)),
  beside("history", "each of 100,000 commits", "Sluice, recorded", "redux, @redux-devtools/instrument", 1.5),
  ...["one action", "opened on 50 actions"].map((job) =>
    beside("serialise", job, "Sluice", "Redux extension", 0.1)
  ),
  beside("snapshots", dirty, "Sluice", "slice()", 0.7),
  beside("snapshots", `bytes kept of ${dirty}`, "Sluice", "slice()", 0.01),
  ...["100", "10,000"].map((bytes) =>
    beside("components", `a call with a state of ${bytes} bytes`, "Sluice", "jco", 1.2)
  ),
  ...["100", "10,000"].flatMap((bytes) => [
    beside("handlers", `inline, a state of ${bytes} bytes`, "Sluice", "raw", 1.5),
    beside("handlers", `in a worker, a state of ${bytes} bytes`, "Sluice", "raw", 1.3)
  ]),
  beside("handlers", "restart from a warm spare", "Sluice", "20 ms", 1)
]

/** Throws where a target names a case or a contender that was not measured. */
export const outcomes = (
  targets: ReadonlyArray<Target>,
  all: ReadonlyArray<Samples>
): ReadonlyArray<Outcome> => {
  const find = (figure: Figure) => {
    const found = all.find(({ name, contender }) => name === figure.case && contender === figure.contender)
    if (found === undefined) throw new Error(`Nobody measured ${figure.case}: ${figure.contender}`)
    return found.values
  }
  return targets.map((target) => ({ ...target, ratio: ratio(find(target.of), find(target.to)) }))
}

export const isReached = ({ ratio, atMost }: Pick<Outcome, "ratio" | "atMost">): boolean =>
  ratio.median <= atMost
