/**
 * What changed between two immutable states. Walks only where references differ, so its cost is that of
 * the change and of the containers on the way to it.
 */
import { Collection } from "@sluice/core"
import { lineOf, propertyOf, tagOf } from "./inspect.ts"

/** One step into a value. `member` is a Set's; its key is the member itself. */
export interface PathStep {
  readonly kind: "property" | "index" | "key" | "member" | "row"
  readonly key: unknown
}

export interface Change {
  readonly kind: "added" | "removed" | "changed"
  /**
   * Empty where the whole value changed. An element of an array that was removed has the index it had;
   * every other index is of the new array.
   */
  readonly path: ReadonlyArray<PathStep>
  readonly before: unknown
  readonly after: unknown
}

export interface Diff {
  readonly changes: ReadonlyArray<Change>
  /** Whether these are all. */
  readonly complete: boolean
}

export interface DiffLimits {
  readonly changes: number
  /** Pairs of parts to look at; what was made anew without being different costs these. */
  readonly steps: number
}

export const defaultDiffLimits: DiffLimits = { changes: 200, steps: 50_000 }

interface Difference {
  readonly kind: Change["kind"]
  readonly step: PathStep
  readonly before: unknown
  readonly after: unknown
  /** Whether not to look into it. */
  readonly isWhole?: boolean
}

type Differences = Generator<Difference, void, undefined>

interface Frame {
  readonly before: object
  readonly after: object
  readonly differences: Differences
  /** How this was come to; the root has none. */
  readonly step: PathStep | undefined
}

const difference = (
  kind: Change["kind"],
  stepKind: PathStep["kind"],
  key: unknown,
  before: unknown,
  after: unknown
): Difference => ({ kind, step: { kind: stepKind, key }, before, after })

const ofObjects = function* (before: object, after: object): Differences {
  for (const key of Object.keys(before)) {
    const old = propertyOf(before, key)
    if (!Object.hasOwn(after, key)) {
      yield difference("removed", "property", key, old, undefined)
      continue
    }
    const now = propertyOf(after, key)
    if (!Object.is(old, now)) yield difference("changed", "property", key, old, now)
  }
  for (const key of Object.keys(after)) {
    if (!Object.hasOwn(before, key))
      yield difference("added", "property", key, undefined, propertyOf(after, key))
  }
}

/** What is the same at both ends is passed over, so that one insertion is one change. */
const ofArrays = function* (before: ReadonlyArray<unknown>, after: ReadonlyArray<unknown>): Differences {
  const shorter = Math.min(before.length, after.length)
  let start = 0
  while (start < shorter && Object.is(before[start], after[start])) start++
  let same = 0
  while (
    same < shorter - start &&
    Object.is(before[before.length - 1 - same], after[after.length - 1 - same])
  )
    same++
  const oldEnd = before.length - same
  const newEnd = after.length - same
  for (let index = start; index < Math.max(oldEnd, newEnd); index++) {
    if (index >= newEnd) yield difference("removed", "index", index, before[index], undefined)
    else if (index >= oldEnd) yield difference("added", "index", index, undefined, after[index])
    else if (!Object.is(before[index], after[index]))
      yield difference("changed", "index", index, before[index], after[index])
  }
}

const ofMaps = function* (
  before: ReadonlyMap<unknown, unknown>,
  after: ReadonlyMap<unknown, unknown>
): Differences {
  for (const [key, old] of before) {
    if (!after.has(key)) yield difference("removed", "key", key, old, undefined)
    else if (!Object.is(old, after.get(key))) yield difference("changed", "key", key, old, after.get(key))
  }
  for (const [key, now] of after) if (!before.has(key)) yield difference("added", "key", key, undefined, now)
}

const ofSets = function* (before: ReadonlySet<unknown>, after: ReadonlySet<unknown>): Differences {
  for (const member of before)
    if (!after.has(member)) yield difference("removed", "member", member, member, undefined)
  for (const member of after)
    if (!before.has(member)) yield difference("added", "member", member, undefined, member)
}

type AnyCollection = Collection.Collection<unknown, string | number>

const ofCollections = function* (before: AnyCollection, after: AnyCollection): Differences {
  const found: Array<Difference> = []
  Collection.diff(before, after, (key, old, now) => {
    const kind = old === undefined ? "added" : now === undefined ? "removed" : "changed"
    found.push(difference(kind, "row", key, old, now))
  })
  yield* found
  if (found.length > 0) return
  // The same rows: then a row may have gone and come back, which puts it last.
  const keys = after.keys()
  for (const key of before.keys()) {
    if (keys.next().value === key) continue
    const order = difference("changed", "property", "order", [...before.keys()], [...after.keys()])
    yield { ...order, isWhole: true }
    return
  }
}

const isLeaf = (value: object): boolean =>
  value instanceof Date ||
  value instanceof RegExp ||
  value instanceof Promise ||
  value instanceof ArrayBuffer ||
  ArrayBuffer.isView(value)

const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** The parts that differ, or `undefined` where the two are better shown whole. */
const differencesOf = (before: object, after: object): Differences | undefined => {
  if (Array.isArray(before)) return Array.isArray(after) ? ofArrays(before, after) : undefined
  if (before instanceof Map) return after instanceof Map ? ofMaps(before, after) : undefined
  if (before instanceof Set) return after instanceof Set ? ofSets(before, after) : undefined
  if (Collection.isCollection(before))
    return Collection.isCollection(after) ? ofCollections(before, after) : undefined
  if (isLeaf(before) || tagOf(before) !== tagOf(after)) return undefined
  if (isPlain(before) && isPlain(after)) return ofObjects(before, after)
  if (Object.getPrototypeOf(before) !== Object.getPrototypeOf(after)) return undefined
  // A class that keeps all its state private cannot be looked into.
  if (Object.keys(before).length === 0 && Object.keys(after).length === 0) return undefined
  return ofObjects(before, after)
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null

const isSameLeaf = (before: unknown, after: unknown): boolean =>
  Object.is(before, after) ||
  (before instanceof Date && after instanceof Date && Object.is(before.getTime(), after.getTime()))

/** The pairs being compared further up: met again, they close a cycle. */
class OpenPairs {
  readonly #pairs = new Map<object, Set<object>>()

  has(frame: { readonly before: object; readonly after: object }): boolean {
    return this.#pairs.get(frame.before)?.has(frame.after) === true
  }

  add(frame: Frame): void {
    const partners = this.#pairs.get(frame.before)
    if (partners === undefined) this.#pairs.set(frame.before, new Set([frame.after]))
    else partners.add(frame.after)
  }

  delete(frame: Frame): void {
    const partners = this.#pairs.get(frame.before)
    partners?.delete(frame.after)
    if (partners?.size === 0) this.#pairs.delete(frame.before)
  }
}

/** The changes that lead from `before` to `after`, in the order of `before`'s parts. */
export const diff = (before: unknown, after: unknown, limits: DiffLimits = defaultDiffLimits): Diff => {
  const changes: Array<Change> = []
  const open = new OpenPairs()
  // A stack of its own: a state may be nested deeper than functions may call.
  const frames: Array<Frame> = []
  let stepsLeft = limits.steps

  const compare = (found: Omit<Difference, "step"> & { readonly step: PathStep | undefined }): void => {
    const { before, after, isWhole = false, kind, step } = found
    if (kind === "changed" && !isWhole && isObject(before) && isObject(after)) {
      if (open.has({ before, after })) return
      const differences = differencesOf(before, after)
      if (differences !== undefined) {
        const frame: Frame = { before, after, differences, step }
        open.add(frame)
        frames.push(frame)
        return
      }
    }
    if (kind === "changed" && isSameLeaf(before, after)) return
    const steps = [...frames.map((frame) => frame.step), step]
    changes.push({ kind, path: steps.filter((step) => step !== undefined), before, after })
  }

  compare({ kind: "changed", step: undefined, before, after })
  for (let frame = frames.at(-1); frame !== undefined; frame = frames.at(-1)) {
    if (changes.length >= limits.changes || stepsLeft-- <= 0) return { changes, complete: false }
    const found = frame.differences.next()
    if (found.done === true) {
      frames.pop()
      open.delete(frame)
    } else {
      compare(found.value)
    }
  }
  return { changes, complete: true }
}

const formatStep = ({ key, kind }: PathStep): string => {
  switch (kind) {
    case "property":
      return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(String(key))
        ? `.${String(key)}`
        : `[${lineOf(key)}]`
    case "index":
      return `[${String(key)}]`
    case "row":
      return `[${lineOf(key)}]`
    case "key":
      return `.get(${lineOf(key)})`
    case "member":
      return `{${lineOf(key)}}`
  }
}

/** A path as it would be written after the state, e.g. `flights["AA-17"].delay`. */
export const formatPath = (path: ReadonlyArray<PathStep>): string =>
  path.map(formatStep).join("").replace(/^\./, "") || "(whole state)"
