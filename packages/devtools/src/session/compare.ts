/**
 * Whether two states say the same, and where not. References that both share are passed over, so its cost is
 * that of what was made anew.
 */
import { Collection } from "@sluice/core"
import * as Edits from "@sluice/core/Edits"
import * as Equal from "effect/Equal"
import { type Path } from "./paths.ts"

export interface Difference {
  readonly path: Path
  /** `undefined` where it is absent. */
  readonly before: unknown
  readonly after: unknown
}

interface Part {
  readonly step: unknown
  readonly before: unknown
  readonly after: unknown
  /** Not to be looked into: it is in one of them alone, or its order differs. */
  readonly isWhole?: boolean
}

type Parts = Iterator<Part, void, undefined>

interface Trail {
  readonly step: unknown
  readonly up: Trail | undefined
}

/**
 * The first difference, in the order of `before`'s parts. Knows Collection (by row, and their order), Map and Set
 * (in any order), Date, URL, RegExp, buffers, errors, and classes by prototype and own fields; numbers and bigints
 * are compared as by `Object.is`, functions and promises by identity. Ends on cycles.
 */
export const firstDifference = (
  before: unknown,
  after: unknown,
  passOver: (before: unknown, after: unknown) => boolean = () => false
): Difference | undefined => difference(before, after, passOver, new Twins())

const difference = (
  before: unknown,
  after: unknown,
  passOver: (before: unknown, after: unknown) => boolean,
  twins: Twins
): Difference | undefined => {
  const met = new Pairs()
  // A stack of its own: a state may be nested deeper than functions may call.
  const frames: Array<{ readonly parts: Parts; readonly trail: Trail | undefined }> = []

  const compare = ({ after, before, isWhole }: Omit<Part, "step">, trail: Trail | undefined) => {
    if (isWhole !== true && Object.is(before, after)) return undefined
    if (passOver(before, after)) return undefined
    const parts = isWhole === true ? "different" : partsOf(before, after, met, twins)
    if (parts === "same") return undefined
    if (parts === "different") return { path: pathOf(trail), before, after }
    frames.push({ parts, trail })
    return undefined
  }

  let found: Difference | undefined = compare({ before, after }, undefined)
  for (let frame = frames.at(-1); found === undefined && frame !== undefined; frame = frames.at(-1)) {
    const next = frame.parts.next()
    if (next.done === true) frames.pop()
    else found = compare(next.value, { step: next.value.step, up: frame.trail })
  }
  return found
}

export const sameValue = (before: unknown, after: unknown): boolean =>
  firstDifference(before, after) === undefined

const pathOf = (trail: Trail | undefined): Path => {
  const path: Array<unknown> = []
  for (let at = trail; at !== undefined; at = at.up) path.push(at.step)
  return path.toReversed()
}

/** Pairs of objects that were looked into: met again, they say nothing new. */
class Pairs {
  readonly #partners = new WeakMap<object, WeakSet<object>>()

  /** Whether it is new. */
  add(before: object, after: object): boolean {
    const partners = this.#partners.get(before)
    if (partners?.has(after) === true) return false
    if (partners === undefined) this.#partners.set(before, new WeakSet([after]))
    else partners.add(after)
    return true
  }
}

/**
 * Keys and members that were compared, with what came of it: those that are shared are met again, and may be as many
 * as two to the power of their depth. One that is met within itself is the same there.
 */
class Twins {
  readonly #known = new WeakMap<object, WeakMap<object, boolean>>()

  are(before: object, after: object): boolean {
    const known = this.#known.get(before) ?? new WeakMap<object, boolean>()
    this.#known.set(before, known)
    const found = known.get(after)
    if (found !== undefined) return found
    known.set(after, true)
    const areTwins = difference(before, after, () => false, this) === undefined
    known.set(after, areTwins)
    return areTwins
  }
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null

const partsOf = (before: unknown, after: unknown, met: Pairs, twins: Twins): Parts | "same" | "different" => {
  if (!isObject(before) || !isObject(after)) return "different"
  if (Collection.isCollection(before) && Collection.isCollection(after))
    return met.add(before, after) ? ofCollections(before, after) : "same"
  if (Object.getPrototypeOf(before) !== Object.getPrototypeOf(after)) return "different"
  const leaf = sameLeaf(before, after)
  if (leaf !== undefined) return leaf ? "same" : "different"
  if (!met.add(before, after)) return "same"
  if (Array.isArray(before) && Array.isArray(after)) return ofArrays(before, after)
  if (before instanceof Map && after instanceof Map) return ofMaps(before, after, twins)
  if (before instanceof Set && after instanceof Set) return ofSets(before, after, twins)
  if (Equal.isEqual(before) && Equal.equals(before, after)) return "same"
  const names = fieldsOf(before)
  // A class that keeps its state private cannot be looked into.
  if (names.length === 0 && fieldsOf(after).length === 0 && isOpaque(before)) return "different"
  return ofFields(before, after, names)
}

const isOpaque = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype !== Object.prototype && prototype !== null
}

/** `undefined` where they have parts. */
const sameLeaf = (before: object, after: object): boolean | undefined => {
  if (before instanceof Date) return after instanceof Date && Object.is(before.getTime(), after.getTime())
  if (before instanceof URL) return after instanceof URL && before.href === after.href
  if (before instanceof RegExp) return after instanceof RegExp && String(before) === String(after)
  if (before instanceof ArrayBuffer)
    return after instanceof ArrayBuffer && sameBytes(new Uint8Array(before), new Uint8Array(after))
  if (ArrayBuffer.isView(before))
    return ArrayBuffer.isView(after) && sameBytes(bytesOf(before), bytesOf(after))
  return before instanceof Promise || before instanceof WeakMap || before instanceof WeakSet
    ? false
    : undefined
}

const bytesOf = ({ buffer, byteLength, byteOffset }: ArrayBufferView) =>
  new Uint8Array(buffer, byteOffset, byteLength)

const sameBytes = (before: Uint8Array, after: Uint8Array): boolean =>
  before.length === after.length && before.every((byte, at) => byte === after[at])

/** Holes that both have are looked at one by one up to here; a length costs nothing, and may be any. */
const maxHoles = 1000

function* ofArrays(before: ReadonlyArray<unknown>, after: ReadonlyArray<unknown>): Parts {
  const length = Math.max(before.length, after.length)
  let holes = 0
  let at = 0
  for (; at < length && holes < maxHoles; at++) {
    const isWhole = at in before !== at in after
    if (!isWhole && !(at in before)) holes++
    else yield { step: at, before: before[at], after: after[at], isWhole }
  }
  if (at < length) {
    const steps = new Set([...Object.keys(before), ...Object.keys(after)].map(Number))
    for (const step of [...steps].filter((each) => each >= at).sort((a, b) => a - b))
      yield {
        step,
        before: before[step],
        after: after[step],
        isWhole: step in before !== step in after
      }
  }
  if (before.length !== after.length)
    yield { step: "length", before: before.length, after: after.length, isWhole: true }
}

/** Enumerable ones, and what an error says, which is not. */
const fieldsOf = (value: object): ReadonlyArray<PropertyKey> => {
  const names = Reflect.ownKeys(value).filter((name) =>
    Object.prototype.propertyIsEnumerable.call(value, name)
  )
  return value instanceof Error ? [...new Set(["name", "message", "cause", ...names])] : names
}

function* ofFields(before: object, after: object, names: ReadonlyArray<PropertyKey>): Parts {
  const isError = before instanceof Error
  for (const step of names) {
    const isWhole = !isError && !Object.hasOwn(after, step)
    yield { step, before: Reflect.get(before, step), after: Reflect.get(after, step), isWhole }
  }
  for (const step of fieldsOf(after)) {
    if (!names.includes(step))
      yield { step, before: undefined, after: Reflect.get(after, step), isWhole: true }
  }
}

function* ofMaps(
  before: ReadonlyMap<unknown, unknown>,
  after: ReadonlyMap<unknown, unknown>,
  twins: Twins
): Parts {
  const others = [...after.keys()].filter((key): key is object => isObject(key) && !before.has(key))
  for (const [step, value] of before) {
    const key = after.has(step) ? step : take(others, step, twins)
    if (after.has(key)) yield { step, before: value, after: after.get(key) }
    else yield { step, before: value, after: undefined, isWhole: true }
  }
  for (const [step, value] of after) {
    if (isObject(step) ? others.includes(step) : !before.has(step))
      yield { step, before: undefined, after: value, isWhole: true }
  }
}

function* ofSets(before: ReadonlySet<unknown>, after: ReadonlySet<unknown>, twins: Twins): Parts {
  const others = [...after].filter((member): member is object => isObject(member) && !before.has(member))
  for (const step of before) {
    if (!after.has(step) && take(others, step, twins) === undefined)
      yield { step, before: step, after: undefined, isWhole: true }
  }
  for (const step of after) {
    if (isObject(step) ? others.includes(step) : !before.has(step))
      yield { step, before: undefined, after: step, isWhole: true }
  }
}

/** Takes the one that says the same out of the list. */
const take = (others: Array<object>, value: unknown, twins: Twins): object | undefined => {
  if (!isObject(value)) return undefined
  const at = others.findIndex((other) => twins.are(value, other))
  return at < 0 ? undefined : others.splice(at, 1)[0]
}

type Rows = Collection.Collection<unknown, string | number>

function* ofCollections(before: Rows, after: Rows): Parts {
  const edits = Edits.between(before, after)
  if (edits?.removed.length === 0 && edits.inserted.length === 0) {
    for (const { key, next, previous } of edits.replaced) yield { step: key, before: previous, after: next }
    return
  }
  const differing: Array<Part> = []
  Collection.diff(before, after, (step, was, is) => {
    differing.push({ step, before: was, after: is, isWhole: was === undefined || is === undefined })
  })
  yield* differing
  const keys = after.keys()
  for (const key of before.keys()) {
    if (Object.is(keys.next().value, key)) continue
    yield { step: "order", before: [...before.keys()], after: [...after.keys()], isWhole: true }
    return
  }
}
