"use client"
import type { Trace } from "@sluice/core"
import { useMemo, useSyncExternalStore } from "react"
import { timeout } from "./internal/host.ts"
import { useRuntime } from "./useRuntime.ts"

export interface UseTraceOptions {
  /** How many of the newest events to give. Default 100. */
  readonly limit?: number
  /** At least so many milliseconds between two renders. Default 16, one frame. */
  readonly intervalMs?: number
}

const empty: Trace.TraceSnapshot = { events: [], recorded: 0, dropped: 0, sampledOut: 0 }
/** A page that began with its own events would not be what its server sent. */
const onServer = () => empty

const traceStore = (
  trace: Trace.TraceReader,
  instanceId: string | undefined,
  limit: number,
  intervalMs: number
) => {
  const newest = (events: ReadonlyArray<Trace.TraceEvent>) => {
    const wanted =
      instanceId === undefined ? events : events.filter((event) => event.instanceId === instanceId)
    return wanted.slice(Math.max(0, wanted.length - limit))
  }
  const read = (): Trace.TraceSnapshot => {
    const snapshot = trace.snapshot()
    return { ...snapshot, events: newest(snapshot.events) }
  }
  let shown = read()
  const subscribe = (listener: () => void) => {
    const { recorded, sampledOut } = trace.counts()
    // A new snapshot is a change to React: only if something happened between render and here.
    if (recorded !== shown.recorded || sampledOut !== shown.sampledOut) shown = read()
    let pending: ReadonlyArray<Trace.TraceEvent> = []
    let cancel: (() => void) | undefined
    const show = () => {
      cancel = undefined
      shown = { events: newest([...shown.events, ...pending]), ...trace.counts() }
      pending = []
      listener()
    }
    const detach = trace.attach({
      onBatch: (events) => {
        pending = newest([...pending, ...events])
        // Not an animation frame: these stop in hidden windows and need the DOM.
        cancel ??= timeout(show, intervalMs)
      }
    })
    return () => {
      detach()
      cancel?.()
    }
  }
  return { subscribe, snapshot: () => shown }
}

/**
 * The newest events of the runtime's trace, or of one instance's, oldest first, with the runtime's counts.
 * Comes in batches, and only while events come; empty on a server, and while hydrating. The trace is lossy: `events` is no complete history, and
 * `recorded`, `dropped` and `sampledOut` count the whole runtime's, whichever ref is given.
 */
export const useTrace = (
  ref?: { readonly runtime: { readonly instanceId: string } },
  options?: UseTraceOptions
): Trace.TraceSnapshot => {
  const { trace } = useRuntime()
  const instanceId = ref?.runtime.instanceId
  const limit = options?.limit ?? 100
  const intervalMs = options?.intervalMs ?? 16
  const { snapshot, subscribe } = useMemo(
    () => traceStore(trace, instanceId, limit, intervalMs),
    [trace, instanceId, limit, intervalMs]
  )
  return useSyncExternalStore(subscribe, snapshot, onServer)
}
