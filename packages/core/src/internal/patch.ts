/**
 * Puts something in the place of a property or a method for a time, such as what is measured.
 *
 * An object never gets or loses a property for it: V8 would keep it as a dictionary from then on, and all that uses it
 * would be several times slower for good. So a method is replaced on its prototype, by one that asks whose it is.
 */

type Wrapper = (value: unknown) => unknown

/** The value of one property of one object. */
interface Wrapped {
  readonly original: unknown
  /** In the order given, the last outermost. Written with `placed` by `wrapIn`. */
  wrappers: ReadonlyArray<Wrapper>
  placed: unknown
}

const wrapIn = (wrapped: Wrapped, wrappers: ReadonlyArray<Wrapper>): void => {
  wrapped.wrappers = wrappers
  wrapped.placed = wrappers.reduce((value, wrapper) => wrapper(value), wrapped.original)
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
  // Each is given what the one before it has made of this very property.
  const untyped = wrapper as Wrapper
  return Object.hasOwn(target, key) ? wrapOwn(target, key, untyped) : wrapMethod(target, key, untyped)
}

// --- properties of the object -----------------------------------------------------------------------------

const properties = new WeakMap<object, Map<PropertyKey, Wrapped>>()

const wrapOwn = (target: object, key: PropertyKey, wrapper: Wrapper): (() => void) => {
  const known = properties.get(target) ?? new Map<PropertyKey, Wrapped>()
  properties.set(target, known)
  const value: unknown = Reflect.get(target, key)
  const present = known.get(key)
  const wrapped =
    present?.placed === value && present !== undefined
      ? present
      : { original: value, wrappers: [], placed: value }
  known.set(key, wrapped)
  wrapIn(wrapped, [...wrapped.wrappers, wrapper])
  Reflect.set(target, key, wrapped.placed)
  return () => {
    const isStill = Reflect.get(target, key) === wrapped.placed
    wrapIn(
      wrapped,
      wrapped.wrappers.filter((other) => other !== wrapper)
    )
    if (isStill) Reflect.set(target, key, wrapped.placed)
    if (wrapped.wrappers.length === 0 && known.get(key) === wrapped) known.delete(key)
  }
}

// --- methods of its class ---------------------------------------------------------------------------------

/** One method of one prototype, while it is replaced. */
interface Method {
  /** Stands on the prototype. */
  readonly asks: unknown
  readonly original: unknown
  readonly targets: Map<object, Wrapped>
}

const methods = new WeakMap<object, Map<PropertyKey, Method>>()

const ownerOf = (target: object, key: PropertyKey): object => {
  let owner: object | null = target
  while (owner !== null && !Object.hasOwn(owner, key)) owner = Object.getPrototypeOf(owner) as object | null
  if (owner === null) throw new TypeError(`There is no ${String(key)} to wrap`)
  return owner
}

const replace = (owner: object, key: PropertyKey): Method => {
  const original: unknown = Reflect.get(owner, key)
  const targets = new Map<object, Wrapped>()
  const asks = function (this: object, ...given: ReadonlyArray<unknown>): unknown {
    const method = targets.get(this)?.placed ?? original
    return Reflect.apply(method as () => unknown, this, given)
  }
  Reflect.set(owner, key, asks)
  return { asks, original, targets }
}

const wrapMethod = (target: object, key: PropertyKey, wrapper: Wrapper): (() => void) => {
  const owner = ownerOf(target, key)
  const known = methods.get(owner) ?? new Map<PropertyKey, Method>()
  methods.set(owner, known)
  const method = known.get(key) ?? replace(owner, key)
  known.set(key, method)
  const { asks, original, targets } = method
  const wrapped = targets.get(target) ?? { original, wrappers: [], placed: original }
  targets.set(target, wrapped)
  wrapIn(wrapped, [...wrapped.wrappers, wrapper])
  return () => {
    wrapIn(
      wrapped,
      wrapped.wrappers.filter((other) => other !== wrapper)
    )
    if (wrapped.wrappers.length > 0) return
    targets.delete(target)
    if (targets.size > 0 || known.get(key) !== method) return
    known.delete(key)
    if (Reflect.get(owner, key) === asks) Reflect.set(owner, key, original)
  }
}
