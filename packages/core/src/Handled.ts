/** For those who make handlers: the instance behind what an app holds. */
import type * as Context from "effect/Context"
import type { ModuleHandle } from "./Handle.ts"
import type { HandledInstance } from "./Handler.ts"
import type { Any } from "./internal/any.ts"
import { moduleKeyPrefix } from "./Module.ts"
import * as HandlerActivity from "./HandlerActivity.ts"
import * as Faces from "./ModuleRuntime.ts"

/** A ModuleRuntime or a ModuleHandle, of any module. */
export type Face = Pick<ModuleHandle<Any, Any>, "instanceId">

/** The same object that its handlers are given. An action that is dispatched by it is given to them as it is, unless it has a payload where its schema has none. */
export const instanceOf = (face: Face): HandledInstance => {
  const instance = Faces.instanceOf(face)
  if (instance === undefined)
    throw new TypeError("It is no ModuleRuntime and no ModuleHandle of an instance.")
  return instance
}

/** The `host` that the instances of a scope share, if it has any. */
export const hostIn = (context: Context.Context<never>): object | undefined => {
  const services = context.mapUnsafe as ReadonlyMap<string, object>
  for (const [key, service] of services) {
    const instance = key.startsWith(moduleKeyPrefix) ? Faces.instanceOf(service) : undefined
    if (instance !== undefined) return instance.host
  }
  return undefined
}

const hosts = new WeakMap<object, object>()

/** What the handlers of a runtime tell of themselves, for devtools. Undefined as long as it has had no instance. */
export const activityOf = (runtime: {
  readonly list: () => ReadonlyArray<{ readonly runtime: object }>
}): HandlerActivity.Activity | undefined => {
  const [first] = hosts.has(runtime) ? [] : runtime.list()
  const found = first && Faces.instanceOf(first.runtime)?.host
  if (found !== undefined) hosts.set(runtime, found)
  const host = hosts.get(runtime)
  return host && HandlerActivity.of(host)
}
