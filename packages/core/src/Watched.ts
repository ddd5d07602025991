/** The instances of a runtime, wrapped for a time by who looks at them: those that there are, and those that come. */
import type { AnyInstance } from "./Instance.ts"
import * as Faces from "./ModuleRuntime.ts"
import type { AnyRuntime } from "./Runtime.ts"

/** The parts of a runtime that are used here. */
export interface Watched extends Pick<AnyRuntime, "list" | "subscribe"> {}

/** Wraps every instance of the runtime, and those that come; anew where one has another implementation. */
export const each = (
  runtime: Watched,
  wrapOne: (instance: AnyInstance) => ReadonlyArray<() => void>
): {
  readonly some: (is: (instance: AnyInstance) => boolean) => boolean
  readonly end: () => void
} => {
  const wrapped = new Map<AnyInstance, { readonly impl: unknown; readonly ends: ReadonlyArray<() => void> }>()
  const release = (instance: AnyInstance) => {
    for (const end of wrapped.get(instance)?.ends ?? []) end()
    wrapped.delete(instance)
  }
  const look = () => {
    const alive = new Set<AnyInstance>()
    for (const { runtime: face } of runtime.list()) {
      const instance = Faces.instanceOf(face)
      if (instance === undefined) continue
      alive.add(instance)
      if (wrapped.get(instance)?.impl === instance.impl) continue
      release(instance)
      wrapped.set(instance, { impl: instance.impl, ends: wrapOne(instance) })
    }
    for (const instance of wrapped.keys()) if (!alive.has(instance)) release(instance)
  }
  const stop = runtime.subscribe(look)
  look()
  return {
    some: (is) => [...wrapped.keys()].some(is),
    end: () => {
      stop()
      for (const instance of wrapped.keys()) release(instance)
    }
  }
}
