/** Puts something in the place of a property for a time, such as a method that is measured. */

interface Patched {
  readonly original: PropertyDescriptor | undefined
  readonly value: unknown
  /** In the order given, the last outermost. */
  wraps: ReadonlyArray<(value: unknown) => unknown>
  placed: unknown
}

const patched = new WeakMap<object, Map<PropertyKey, Patched>>()

const place = (target: object, key: PropertyKey, patch: Patched): void => {
  patch.placed = patch.wraps.reduce((value, wrap) => wrap(value), patch.value)
  Object.defineProperty(target, key, {
    value: patch.placed,
    configurable: true,
    enumerable: true,
    writable: true
  })
}

/**
 * Several may wrap the same property, and end in any order. What someone else has written there meanwhile stays.
 * Returns what ends it.
 */
export const wrap = <T extends object, K extends keyof T>(
  target: T,
  key: K,
  wrapper: (value: T[K]) => T[K]
): (() => void) => {
  const known = patched.get(target) ?? new Map<PropertyKey, Patched>()
  patched.set(target, known)
  const present = known.get(key)
  const patch: Patched =
    present !== undefined && present.placed === target[key]
      ? present
      : {
          original: Object.getOwnPropertyDescriptor(target, key),
          value: target[key],
          wraps: [],
          placed: undefined
        }
  known.set(key, patch)
  // Each is given what the one before it has made of this very property.
  const untyped = wrapper as (value: unknown) => unknown
  patch.wraps = [...patch.wraps, untyped]
  place(target, key, patch)
  return () => {
    patch.wraps = patch.wraps.filter((other) => other !== untyped)
    if (patch.placed !== target[key]) return
    if (patch.wraps.length > 0) return place(target, key, patch)
    known.delete(key)
    if (patch.original === undefined) Reflect.deleteProperty(target, key)
    else Object.defineProperty(target, key, patch.original)
  }
}
