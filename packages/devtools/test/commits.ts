/** Random sessions, and the commits and trace events that a runtime would make of them. */
import type { Commit, Trace } from "@sluice/core"
import * as fc from "fast-check"

export interface Step {
  readonly instance: number
  readonly outcome: Trace.EntryEvent["outcome"]
}

export const steps = (options: { readonly maxLength: number }): fc.Arbitrary<ReadonlyArray<Step>> =>
  fc.array(
    fc.record({
      instance: fc.nat({ max: 3 }),
      outcome: fc.constantFrom(
        "commit" as const,
        "commit" as const,
        "unchanged" as const,
        "rollback" as const
      )
    }),
    options
  )

export interface Session {
  readonly commits: ReadonlyArray<Commit.Commit>
  readonly events: ReadonlyArray<Trace.EntryEvent>
  /** Transaction ids in the order they happened. */
  readonly order: ReadonlyArray<string>
  /** The states of all instances after each commit, the first being those before any. */
  readonly moments: ReadonlyArray<ReadonlyMap<string, unknown>>
}

const instanceId = (instance: number) => `M${instance}#1`

export const instanceIds = [0, 1, 2, 3].map(instanceId)

/** A state is its instance and how often it changed. */
export const sessionOf = (steps: ReadonlyArray<Step>): Session => {
  const commits: Array<Commit.Commit> = []
  const events: Array<Trace.EntryEvent> = []
  const states = new Map<string, unknown>(instanceIds.map((id) => [id, `${id} 0`]))
  const moments: Array<ReadonlyMap<string, unknown>> = [new Map(states)]
  const versions = new Map<string, number>()
  steps.forEach((step, index) => {
    const id = instanceId(step.instance)
    const txnId = `${id}::t${index + 1}`
    const origin = { kind: "action" as const, name: "go" }
    if (step.outcome === "commit") {
      const version = (versions.get(id) ?? 0) + 1
      versions.set(id, version)
      const previous = states.get(id)
      const next = `${id} ${version}`
      states.set(id, next)
      moments.push(new Map(states))
      commits.push({
        txnId,
        seq: commits.length + 1,
        instanceId: id,
        moduleId: `M${step.instance}`,
        origin,
        cause: undefined,
        actions: [{ _tag: "go", payload: version }],
        previous,
        next,
        startedAt: index
      })
    }
    events.push({
      kind: "entry",
      seq: index + 1,
      txnId,
      instanceId: id,
      cause: undefined,
      at: index,
      origin,
      tags: ["go"],
      outcome: step.outcome,
      durationMs: index / 1000
    })
  })
  return { commits, events, order: events.map((event) => event.txnId), moments }
}

/** Cuts a list into parts at random, in order. */
export const cut = <A>(
  list: ReadonlyArray<A>,
  sizes: ReadonlyArray<number>
): ReadonlyArray<ReadonlyArray<A>> => {
  const parts: Array<ReadonlyArray<A>> = []
  let from = 0
  for (const size of sizes) {
    parts.push(list.slice(from, from + size))
    from += size
  }
  return [...parts, list.slice(from)]
}
