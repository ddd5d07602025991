"use client"
import type { Module, Runtime } from "@sluice/core"
import type * as Layer from "effect/Layer"
import { useCallback, useEffect, useRef, useState } from "react"
import { microtask } from "./host.ts"
import { useClientLayoutEffect } from "./useClientLayoutEffect.ts"

/** A scope with a layer's services, and what it was made for. */
interface Scoped {
  readonly runtime: Runtime.AnyRuntime
  readonly layer: Module.AnyLayer
  readonly scope: Runtime.AnyRuntime
}

/** The scopes that one component has made. */
const makeScopes = () => {
  /** Those that are not disposed of. */
  let made: ReadonlyArray<Scoped> = []
  return {
    get: (runtime: Runtime.AnyRuntime, layer: Module.AnyLayer): Scoped => {
      const known = made.find(
        (one) => one.runtime === runtime && one.layer === layer && one.scope.status !== "disposed"
      )
      if (known !== undefined) return known
      // What it needs was checked by the provider's types, as far as the app has declared what its runtime has.
      const scope = runtime.scope([], { layer: layer as Layer.Layer<never, unknown> })
      const one = { runtime, layer, scope }
      made = [...made, one]
      return one
    },
    keep: (...kept: ReadonlyArray<Scoped | undefined>): void => {
      const gone = made.filter((one) => !kept.includes(one))
      made = made.filter((one) => kept.includes(one))
      for (const { scope } of gone) void scope.dispose()
    }
  }
}

/**
 * The scope of the runtime that has the layer's services, or without a layer the runtime. Made when the component
 * has committed: `undefined` at first, and after a change the one before, until the new one is ready or has failed.
 * Disposed of when another is shown, and when the component has left or is hidden by an Activity.
 */
export const useScope = (
  runtime: Runtime.AnyRuntime,
  ready: boolean,
  layer: Module.AnyLayer | undefined
): Runtime.AnyRuntime | undefined => {
  const [scopes] = useState(makeScopes)
  const [shown, show] = useState<Scoped>()
  /** Written by the effects. */
  const latest = useRef<{ wanted: Scoped | undefined; mounted: boolean }>({
    wanted: undefined,
    mounted: false
  })

  const make = useCallback(() => {
    const wanted = layer && ready && runtime.status === "ready" ? scopes.get(runtime, layer) : undefined
    latest.current.wanted = wanted
    const settled = () => latest.current.wanted === wanted && show(wanted)
    if (wanted?.scope.status === "building") wanted.scope.ready.then(settled, settled)
    else settled()
  }, [scopes, runtime, ready, layer])
  // At once, so that a layer that does not wait shows no fallback.
  useClientLayoutEffect(make, [make])
  // Suspense and Activity end and begin them, but not both.
  useEffect(make, [make])
  useEffect(() => {
    const { current } = latest
    current.mounted = true
    return () => {
      current.mounted = false
      // StrictMode and fast refresh end it and begin it again in one step.
      microtask(() => current.mounted || scopes.keep())
    }
  }, [scopes])
  useEffect(() => scopes.keep(shown, latest.current.wanted))

  if (layer === undefined) return runtime
  const isWanted = shown?.runtime === runtime && shown.layer === layer
  return isWanted || shown?.scope.status === "ready" ? shown.scope : undefined
}
