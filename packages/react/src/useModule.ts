"use client"
import type {
  Derived,
  DerivedRuntime,
  Local as LocalRoom,
  Module,
  ModuleRuntime,
  ModuleTag,
  Runtime
} from "@sluice/core"
import { useEffect, useState } from "react"
import { derivedRefOf, refOf } from "./ModuleRef.ts"
import type { DerivedRef, ModuleRef } from "./ModuleRef.ts"
import type { Provided } from "./Register.ts"
import { usePlace } from "./useRuntime.ts"

/** Any of what `useModule` takes, without its types: the overloads have them. */
type Target =
  | Derived.Derived<unknown, unknown>
  | Module.AnyModuleDef
  | ModuleTag<string, unknown, unknown, unknown>
  | Local
type Local = Module.AnyModule | Module.AnyModuleImpl
type AnyOptions = LocalRoom.LocalOptions<unknown>

/** The instance that a component holds, and what it had asked for. */
interface Held {
  readonly runtime: Runtime.AnyRuntime
  readonly target: Target
  readonly key: string | undefined
  readonly instance: ModuleRuntime<unknown, unknown> | DerivedRuntime<unknown>
  /** Starts a local instance; the function it returns lets go of it. */
  readonly mount: ((evicted: () => void) => () => void) | undefined
  readonly closed: () => boolean
  readonly isOf: (target: Target) => boolean
}

const isLocal = (target: Target): target is Local => "impl" in target || "logics" in target

const resolve = (runtime: Runtime.AnyRuntime, target: Exclude<Target, Local>): Held["instance"] => {
  if ("~sluice/Derived" in target) return runtime.resolve(target)
  const tag = ("moduleId" in target ? target : target.tag) as ModuleTag<string, unknown, unknown, object>
  return runtime.resolve(tag)
}

const holdLocal = (runtime: Runtime.AnyRuntime, target: Local, options: AnyOptions | undefined): Held => {
  const { closed, isOf, mount, ref } = runtime.local(target, options) as Runtime.Local<
    unknown,
    unknown,
    object
  >
  return { runtime, target, key: options?.key, instance: ref, mount, closed, isOf }
}

/** By instance: what many components hold alike. */
const provided = new WeakMap<object, Held>()

const holdProvided = (runtime: Runtime.AnyRuntime, target: Exclude<Target, Local>): Held => {
  const instance = resolve(runtime, target)
  const known = provided.get(instance)
  if (known?.runtime === runtime && known.target === target) return known
  const isOf = (other: Target) => other === target
  const held = { runtime, target, key: undefined, instance, mount: undefined, closed: () => false, isOf }
  provided.set(instance, held)
  return held
}

const hold = (runtime: Runtime.AnyRuntime, target: Target, options: AnyOptions | undefined): Held =>
  isLocal(target) ? holdLocal(runtime, target, options) : holdProvided(runtime, target)

/** In the place of what was held and has ended. */
class Vacancy {
  /** Written by `held`. */
  private made: Held | undefined = undefined

  /** The same in each attempt to render. */
  held(runtime: Runtime.AnyRuntime, target: Target, options: AnyOptions | undefined): Held {
    return (this.made ??= hold(runtime, target, options))
  }
}

/**
 * A module's instance. By definition or tag: the provider's one; by Derived: what is derived from those. By module or impl: a local one of this
 * component, or with a `key` one that is shared; it has its state from the first render, starts once the
 * component has committed, and is closed `gcTime` after its last component has left. Another module, key or
 * runtime gives another instance; a module must therefore be made outside render.
 *
 * Throws `ModuleNotProvided` where the provider's runtime does not have the module.
 */
export function useModule<T, R>(derived: Derived.Derived<T, R>): DerivedRef<T>
export function useModule<Id extends string, S, A, X, T>(
  module: Module.ModuleDef<Id, S, A, X, T> | ModuleTag<Id, S, A, X, T>
): ModuleRef<S, A, X, T>
export function useModule<
  Id extends string,
  S,
  A,
  X,
  Input,
  R,
  P,
  T,
  Services = never,
  In extends Provided = never
>(
  module: Module.Module<Id, S, A, X, Input, R, P, T> | Module.ModuleImpl<Id, S, A, X, Input, R, P, T>,
  ...options: LocalRoom.LocalArguments<
    Input,
    Services,
    In,
    Runtime.Needed<Exclude<Exclude<R, P>, Provided>, Services>
  >
): ModuleRef<S, A, X, T>
export function useModule(target: Target, given?: object): object {
  // Reads what a hot reload changes in place; the React Compiler would keep what was read first.
  "use no memo"
  const { runtime, view } = usePlace()
  // Its types are in the overloads.
  const options: AnyOptions | undefined = given
  const [holds, setHolds] = useState<Held | Vacancy>(() => hold(runtime, target, options))
  const held = holds instanceof Vacancy ? holds.held(runtime, target, options) : holds
  // After a hot reload, a module may be another value and stand for the same instance.
  const sameTarget = held.target === target || held.isOf(target)
  // A provider's has no key.
  const sameKey = held.mount === undefined || held.key === options?.key
  const same = held.runtime === runtime && sameTarget && sameKey
  const current = same ? held : hold(runtime, target, options)
  if (!same) setHolds(current)
  // A passive effect, which Suspense does not end when it hides the component: the instance goes on.
  // One that has ended meanwhile (hidden for longer than `gcTime`, or evicted) is replaced.
  useEffect(() => {
    // A runtime that has ended makes none: its provider gives another, or the app is at its end.
    const another = () => void (current.runtime.status === "ready" && setHolds(new Vacancy()))
    if (!current.closed()) return current.mount?.(another)
    another()
    return undefined
  }, [current])
  const { instance } = current
  return "actions" in instance ? refOf(instance, view) : derivedRefOf(instance, view)
}
