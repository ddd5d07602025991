"use client"
import type { Runtime } from "@sluice/core"
import { useCallback, useEffect, useState, useSyncExternalStore } from "react"
import type { ReactNode } from "react"
import { useLatest } from "./internal/useLatest.ts"
import { RuntimeContext } from "./useRuntime.ts"

/** Why there is nothing to show yet, or nothing at all. */
export type NotReady =
  | { readonly status: "building" }
  | { readonly status: "failed"; readonly error: unknown }

export interface RuntimeProviderProps {
  /** Made outside render; the provider neither makes nor disposes it. */
  readonly runtime: Runtime.AnyRuntime
  /** Shown while the runtime's layers are being built. A function is also asked for a failed build. */
  readonly fallback?: ReactNode | ((state: NotReady) => ReactNode)
  /** Told once of the runtime's failed build, whatever is shown for it. */
  readonly onError?: (error: unknown) => void
  readonly children?: ReactNode
}

/**
 * Gives a runtime to the components below. These are rendered once it is ready. A failed build goes to
 * `onError` and then to `fallback`, if that is a function, or to the nearest error boundary.
 */
export const RuntimeProvider = (props: RuntimeProviderProps): ReactNode => {
  const { children, fallback, runtime } = props
  const subscribe = useCallback((listener: () => void) => runtime.subscribe(listener), [runtime])
  const getStatus = () => runtime.status
  const status = useSyncExternalStore(subscribe, getStatus, getStatus)

  const [failure, setFailure] = useState<{ readonly runtime: Runtime.AnyRuntime; readonly error: unknown }>()
  const onError = useLatest(props.onError)
  // Thrown from a later render than the one that sees it: what throws in render has no effects, and
  // `onError` would not be told.
  useEffect(() => {
    let mounted = true
    runtime.ready.catch((error: unknown) => {
      if (!mounted) return
      onError.current?.(error)
      setFailure({ runtime, error })
    })
    return () => {
      mounted = false
    }
  }, [runtime, onError])

  if (failure?.runtime === runtime) {
    if (typeof fallback === "function") return fallback({ status: "failed", error: failure.error })
    throw failure.error
  }
  if (status === "building" || status === "failed") {
    return typeof fallback === "function" ? fallback({ status: "building" }) : fallback
  }
  return <RuntimeContext.Provider value={runtime}>{children}</RuntimeContext.Provider>
}
