"use client"
import type { Backlog } from "@sluice/core"
import { useMemo, useSyncExternalStore } from "react"
import { interval } from "./internal/host.ts"

export interface UseBacklogOptions {
  /** Milliseconds between two readings. Default 100. */
  readonly intervalMs?: number
}

/** Field by field; a backlog is plain data. */
const sameGauges = (a: unknown, b: unknown): boolean => {
  if (Object.is(a, b)) return true
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false
  const left = Object.entries(a)
  const right: Readonly<Record<string, unknown>> = { ...b }
  return (
    left.length === Object.keys(right).length && left.every(([key, value]) => sameGauges(value, right[key]))
  )
}

const none: Backlog = { consumers: [], ingress: 0 }
const onServer = (): Backlog => none

const backlogStore = (read: () => Backlog, intervalMs: number) => {
  let shown = read()
  /** Whether anything differs; if not, the old object stays, and React does not render. */
  const readAgain = (): boolean => {
    const now = read()
    if (sameGauges(shown, now)) return false
    shown = now
    return true
  }
  return {
    snapshot: () => shown,
    subscribe: (listener: () => void) => {
      // Read here too, for what changed since the render; React compares after it has subscribed.
      readAgain()
      return interval(() => readAgain() && listener(), intervalMs)
    }
  }
}

/**
 * The gauges of an instance's channels. Each reading is exact; it is read in the first render and then
 * every `intervalMs`, because a gauge also changes where nothing is committed: a handler ends, a consumer
 * comes or goes. The component renders again only when a gauge differs from the reading before. On the server,
 * where no logic runs, and while hydrating there are no consumers.
 */
export const useBacklog = (
  ref: { readonly runtime: { readonly unsafe: { readonly backlog: () => Backlog } } },
  options?: UseBacklogOptions
): Backlog => {
  const instance = ref.runtime
  const intervalMs = options?.intervalMs ?? 100
  const { snapshot, subscribe } = useMemo(
    () => backlogStore(() => instance.unsafe.backlog(), intervalMs),
    [instance, intervalMs]
  )
  return useSyncExternalStore(subscribe, snapshot, onServer)
}
