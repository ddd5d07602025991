/**
 * What the panel may ask of a runtime, and the adapter to one in the same page. The panel knows nothing
 * else of the runtime, so that another adapter can stand in for this one.
 */
import type { Backlog, Commit, Trace } from "@sluice/core"
import * as Effect from "effect/Effect"
import type { InstanceState } from "./session/history.ts"

/** The parts of a `Runtime` that the devtools read and drive. Every `Runtime` is one. */
export interface DevtoolsRuntime {
  readonly label: string
  readonly instances: () => ReadonlyArray<{
    readonly id: string
    readonly instanceId: string
    readonly unsafe: { readonly getState: () => unknown; readonly backlog: () => Backlog }
  }>
  readonly trace: Trace.TraceReader
  readonly attach: (sink: Commit.CommitSink) => () => void
  readonly travel: {
    readonly active: () => boolean
    readonly to: (states: ReadonlyMap<string, unknown>) => void
    readonly live: () => void
    readonly subscribe: (listener: () => void) => () => void
  }
  readonly subscribe: (listener: () => void) => () => void
}

export interface InstanceBacklog extends Backlog {
  readonly instanceId: string
}

/** Functions that begin something return the one that ends it. */
export interface Adapter {
  readonly label: string
  readonly traceLevel: Trace.TraceLevel
  readonly traceCapacity: number
  readonly traceCounts: () => Trace.TraceCounts
  /** Every commit from now on, in order. */
  readonly onCommits: (listener: (batch: ReadonlyArray<Commit.Commit>) => void) => () => void
  /** The entries that the trace still has, then those recorded from now on; lossy. */
  readonly onEntries: (listener: (batch: ReadonlyArray<Trace.EntryEvent>) => void) => () => void
  readonly instances: () => ReadonlyArray<InstanceState>
  readonly backlogs: () => ReadonlyArray<InstanceBacklog>
  readonly isTravelling: () => boolean
  /** Shows these states until `live`. Throws where a state does not fit its schema. */
  readonly travelTo: (states: ReadonlyMap<string, unknown>) => void
  readonly live: () => void
  /** Told when travel begins or ends, or the list of instances changes. */
  readonly onChange: (listener: () => void) => () => void
}

const isEntry = (event: Trace.TraceEvent): event is Trace.EntryEvent => event.kind === "entry"

/** The adapter to a runtime in the same page. */
export const directAdapter = (runtime: DevtoolsRuntime): Adapter => ({
  label: runtime.label,
  traceLevel: runtime.trace.level,
  traceCapacity: runtime.trace.capacity,
  traceCounts: () => runtime.trace.counts(),

  // Infinity: a panel must never make the app wait.
  onCommits: (listener) =>
    runtime.attach({
      name: "devtools",
      capacity: Infinity,
      onCommit: (batch) => Effect.sync(() => listener(batch))
    }),

  onEntries: (listener) => {
    listener(runtime.trace.snapshot().events.filter(isEntry))
    return runtime.trace.attach({
      onBatch: (events) => {
        const entries = events.filter(isEntry)
        if (entries.length > 0) listener(entries)
      }
    })
  },

  instances: () =>
    runtime
      .instances()
      .map((instance) => ({ instanceId: instance.instanceId, state: instance.unsafe.getState() })),

  backlogs: () =>
    runtime
      .instances()
      .map((instance) => ({ instanceId: instance.instanceId, ...instance.unsafe.backlog() })),

  isTravelling: () => runtime.travel.active(),
  travelTo: (states) => runtime.travel.to(states),
  live: () => runtime.travel.live(),

  onChange: (listener) => {
    const ends = [runtime.travel.subscribe(listener), runtime.subscribe(listener)]
    return () => {
      for (const end of ends) end()
    }
  }
})
