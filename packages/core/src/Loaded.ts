/** For readers that have nothing to show before a source's field has a value, such as React's Suspense. */
import * as Option from "effect/Option"
import * as AsyncResult from "effect/reactivity/AsyncResult"
import { KeyRequired } from "./Errors.ts"
import { fieldsOf } from "./internal/fields.ts"
import { microtask } from "./internal/platform.ts"
import type { AnyInstance } from "./Instance.ts"

/** By field; those that have not settled. */
const promises = new WeakMap<AnyInstance, Map<string, Promise<void>>>()

/** Whether there is something to show: a value, also an older one, or a failure that nothing tries again. */
const isThere = (value: unknown): boolean =>
  AsyncResult.isAsyncResult(value) &&
  (Option.isSome(AsyncResult.value(value)) || (AsyncResult.isFailure(value) && !value.waiting))

/**
 * Settles once the field has something to show, or the instance has closed; one Promise for all who wait. Asks
 * for the load where nothing else does. Throws KeyRequired.
 */
export const whenLoaded = (instance: AnyInstance, field: string): Promise<void> => {
  if (instance.isOutOfReach) throw new KeyRequired({ instanceId: instance.instanceId, field })
  const ofInstance = promises.get(instance) ?? new Map<string, Promise<void>>()
  promises.set(instance, ofInstance)
  const known = ofInstance.get(field)
  if (known !== undefined) return known
  const promise = new Promise<void>((resolve) => {
    // Whoever comes after its end would ask again and again.
    if (instance.closed) return
    const ended = () => {
      for (const stop of stops) stop()
      ofInstance.delete(field)
      resolve()
    }
    const look = () => isThere(fieldsOf(instance.state)[field]) && ended()
    const stops = [instance.subscriptions.subscribe(look), instance.onClose(ended)]
    microtask(() => {
      // In render, nothing may be started.
      instance.demand(field, promise)
      look()
    })
  })
  if (!instance.closed) ofInstance.set(field, promise)
  return promise
}
