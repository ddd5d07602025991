"use client"
import type { Runtime } from "@sluice/core"
import type * as Layer from "effect/Layer"
import { useCallback, useEffect, useMemo, useState, useSyncExternalStore } from "react"
import type { ReactNode } from "react"
import { PlaceContext } from "./internal/PlaceContext.ts"
import { never, useHydrated } from "./internal/useHydrated.ts"
import { useLatest } from "./internal/useLatest.ts"
import { useScope } from "./internal/useScope.ts"
import { ViewProvider } from "./internal/view/ViewProvider.tsx"
import type { Provided } from "./Register.ts"

/** Why there is nothing to show yet, or nothing at all. */
export type NotReady =
  | { readonly status: "building" }
  | { readonly status: "failed"; readonly error: unknown }

interface Shown {
  /** Shown while layers are being built. A function is also asked for a failed build. */
  readonly fallback?: ReactNode | ((state: NotReady) => ReactNode)
  /** Told once of a failed build, of the runtime's layers or of `layer`, whatever is shown for it. */
  readonly onError?: ((error: unknown) => void) | undefined
  readonly children?: ReactNode
}

export interface RuntimeProviderProps extends Shown {
  /** Made outside render; the provider neither makes nor disposes it. */
  readonly runtime: Runtime.AnyRuntime
  /**
   * More services, for the components below: for the Effects that they run and the logics of their local instances.
   * Make it outside render. It is built when the provider has committed, and released when the provider has left or
   * has another: the components below go on with the one before until the new one is there. Never built on a
   * server, which shows `fallback`.
   */
  readonly layer?: Layer.Layer<never, unknown, Provided> | undefined
  /**
   * Whether a transition may show a commit later than the rest. Default true, and fixed for the provider's life.
   * Where it is false, React shows every commit at once.
   * A component that selects from refs of several providers in turn needs these to have the same here.
   */
  readonly concurrent?: boolean | undefined
}

/**
 * Gives a runtime to the components below. These are rendered once it is ready. A failed build goes to
 * `onError` and then to `fallback`, if that is a function, or to the nearest error boundary; another runtime, or
 * another layer, is another try.
 */
// One component for all of it: each that stands above an app's components costs them some of every render.
export const RuntimeProvider = (props: RuntimeProviderProps): ReactNode => {
  const { children, concurrent = true, fallback, layer, runtime } = props
  const onError = useLatest(props.onError)
  const hydrating = useHydrated()
  const build = useBuild(runtime, onError)
  const scope = useScope(runtime, build === undefined, layer)
  const scopeBuild = useBuild(scope === runtime ? undefined : scope, onError)
  const place = useMemo(() => (scope === undefined ? scope : { runtime: scope, view: undefined }), [scope])

  const notReady = build ?? scopeBuild
  if (notReady?.status === "failed" && typeof fallback !== "function") throw notReady.error
  if (notReady !== undefined || scope === undefined) {
    return typeof fallback === "function" ? fallback(notReady ?? building) : fallback
  }
  return concurrent ? (
    <ViewProvider runtime={scope} hydrating={hydrating}>
      {children}
    </ViewProvider>
  ) : (
    <PlaceContext.Provider value={place}>{children}</PlaceContext.Provider>
  )
}

const building = { status: "building" } as const

/** What keeps the runtime from being used. */
const useBuild = (
  runtime: Runtime.AnyRuntime | undefined,
  onError: { readonly current: RuntimeProviderProps["onError"] }
): NotReady | undefined => {
  const subscribe = useCallback((listener: () => void) => runtime?.subscribe(listener) ?? never(), [runtime])
  const getStatus = () => runtime?.status
  const status = useSyncExternalStore(subscribe, getStatus, getStatus)
  const [failure, setFailure] = useState<{ readonly runtime: Runtime.AnyRuntime; readonly error: unknown }>()
  // Thrown from a later render than the one that sees it: what throws in render has no effects, and
  // `onError` would not be told.
  useEffect(() => {
    let mounted = true
    runtime?.ready.catch((error: unknown) => {
      // One that was disposed of meanwhile refuses what its children ask.
      if (!mounted || runtime.status !== "failed") return
      onError.current?.(error)
      setFailure({ runtime, error })
    })
    return () => void (mounted = false)
  }, [runtime, onError])

  if (runtime !== undefined && failure?.runtime === runtime) return { status: "failed", error: failure.error }
  return status === "building" || status === "failed" ? building : undefined
}
