"use client"
import type { Module, ModuleRuntime, ModuleTag, Runtime } from "@sluice/core"
import type * as Duration from "effect/Duration"
import { useEffect, useState } from "react"
import { refOf } from "./ModuleRef.ts"
import type { ModuleRef } from "./ModuleRef.ts"
import { useLatest } from "./internal/useLatest.ts"
import { useRuntime } from "./useRuntime.ts"

export interface LocalOptions<Input> {
  /** Components under one runtime that use the same module with the same key share one instance. */
  readonly key?: string
  /** What `initial` gets. Read when the instance is made, and not again. */
  readonly input?: Input
  /** How long it outlives its last component; a number is milliseconds. Default 0: until the next task. */
  readonly gcTime?: Duration.Input
}

/** The input may be left out where `initial` asks for none. */
export type LocalArguments<Input> = [void] extends [Input]
  ? [options?: LocalOptions<Input>]
  : [options: LocalOptions<Input> & { readonly input: Input }]

/** Any of what `useModule` takes, without its types: the overloads have them. */
type Target = Module.AnyModuleDef | ModuleTag<string, unknown, unknown, unknown> | Local
type Local = Module.AnyModule | Module.AnyModuleImpl

/** The instance that a component holds, and what it had asked for. */
interface Held {
  readonly runtime: Runtime.AnyRuntime
  readonly target: Target
  readonly key: string | undefined
  readonly instance: ModuleRuntime<unknown, unknown>
  /** Starts a local instance; the function it returns lets go of it. */
  readonly mount: ((evicted: () => void) => () => void) | undefined
  readonly closed: () => boolean
  readonly isOf: (target: Target) => boolean
}

const isLocal = (target: Target): target is Local => "impl" in target || "logics" in target

const hold = (
  runtime: Runtime.AnyRuntime,
  target: Target,
  options: LocalOptions<unknown> | undefined
): Held => {
  const asked = { runtime, target, key: options?.key }
  if (isLocal(target)) {
    const { closed, isOf, mount, ref } = runtime.local(target, options) as Runtime.Local<
      unknown,
      unknown,
      object
    >
    return { ...asked, instance: ref, mount, closed, isOf }
  }
  const tag = ("moduleId" in target ? target : target.tag) as ModuleTag<string, unknown, unknown, object>
  return {
    ...asked,
    instance: runtime.resolve(tag),
    mount: undefined,
    closed: () => false,
    isOf: (other) => other === target
  }
}

/**
 * A module's instance. By definition or tag: the provider's one. By module or impl: a local one of this
 * component, or with a `key` one that is shared; it has its state from the first render, starts once the
 * component has committed, and is closed `gcTime` after its last component has left. Another module, key or
 * runtime gives another instance; a module must therefore be made outside render.
 *
 * Throws `ModuleNotProvided` where the provider's runtime does not have the module.
 */
export function useModule<Id extends string, S, A, X>(
  module: Module.ModuleDef<Id, S, A, X> | ModuleTag<Id, S, A, X>
): ModuleRef<S, A, X>
export function useModule<Id extends string, S, A, X, Input, R, P>(
  module: Module.Module<Id, S, A, X, Input, R, P> | Module.ModuleImpl<Id, S, A, X, Input, R, P>,
  ...options: LocalArguments<Input>
): ModuleRef<S, A, X>
export function useModule(target: Target, options?: LocalOptions<unknown>): object {
  const runtime = useRuntime()
  const latestOptions = useLatest(options)
  const [held, setHeld] = useState(() => hold(runtime, target, options))
  // After a hot reload, a module may be another value and stand for the same instance.
  const sameTarget = held.target === target || held.isOf(target)
  const same = held.runtime === runtime && sameTarget && held.key === options?.key
  const current = same ? held : hold(runtime, target, options)
  if (!same) setHeld(current)
  // A passive effect, which Suspense does not end when it hides the component: the instance goes on.
  // One that has ended meanwhile (hidden for longer than `gcTime`, or evicted) is replaced.
  useEffect(() => {
    const another = () => setHeld(hold(current.runtime, current.target, latestOptions.current))
    if (!current.closed()) return current.mount?.(another)
    another()
    return undefined
  }, [current, latestOptions])
  return refOf(current.instance)
}
