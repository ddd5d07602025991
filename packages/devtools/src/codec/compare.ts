/** What changed from one value to another. Looks only where references differ. */
import { Collection } from "@sluice/core"
import * as Edits from "@sluice/core/Edits"
import { apartBy } from "./apart.ts"
import { fieldsOf, isDataBy, isIndexName } from "./data.ts"
import { classNameOf } from "./Described.ts"
import type { Classes } from "./Encoded.ts"
import { isSame, weigh } from "./equal.ts"
import { isKeyedByHand, makerOf } from "./kinds.ts"
import { areInStep, longestAscending } from "./order.ts"
import { type Elements, type Keyed, maxDepth, type Patch } from "./Patch.ts"

interface Weighed {
  readonly patch: Patch
  /** About how many characters it takes when it is encoded. */
  readonly weight: number
  /** How much of that are parts of the two values. */
  readonly content: number
}

const same: Weighed = { patch: { kind: "same" }, weight: 10, content: 0 }

/** What a patch takes besides what is in it. */
const frame = 60

/** A patch of less weight is left as it is: the smaller its parts, the more other values it fits. */
const light = 1000

type Rows = Collection.Collection<unknown, string | number>

/** One for all, so that it is one in an encoding. */
const nothing: ReadonlyArray<never> = []

const orNothing = <A>(list: ReadonlyArray<A>): ReadonlyArray<A> => (list.length === 0 ? nothing : list)

/** The key before which something is put; none at the end. */
type Anchor = readonly [] | readonly [before: unknown]

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null

const isExactly = <A extends object>(value: object, of: { readonly prototype: A }): value is A =>
  Object.getPrototypeOf(value) === of.prototype

class Comparison {
  readonly #isData: (value: object) => boolean
  /** By the pair, so that what is shared before and after is so in the patch. */
  readonly #known = new Map<object, Map<object, Weighed | "open">>()
  /** Whether a pair has been met inside itself: a patch would have to lead into itself. */
  isCyclic = false

  constructor(options: Classes) {
    this.#isData = isDataBy(options)
  }

  of(previous: unknown, next: unknown, depth = 0): Weighed {
    if (Object.is(previous, next)) return same
    if (!isObject(previous) || !isObject(next) || depth >= maxDepth) return replaced(previous, next)
    const partners = this.#known.get(previous) ?? new Map<object, Weighed | "open">()
    const known = partners.get(next)
    if (known === "open") {
      this.isCyclic = true
      return same
    }
    if (known !== undefined) return known
    this.#known.set(previous, partners.set(next, "open"))
    const found = this.#attempt(previous, next, depth + 1)
    const weighed = found === undefined ? replaced(previous, next) : lighter(found, previous, next)
    partners.set(next, weighed)
    return weighed
  }

  #attempt(previous: object, next: object, depth: number): Weighed | undefined {
    try {
      return this.#parts(previous, next, depth)
    } catch {
      // A proxy may refuse to be looked at.
      return undefined
    }
  }

  /** By parts; nothing where these are two values and no change of one. */
  #parts(previous: object, next: object, depth: number): Weighed | undefined {
    if (Array.isArray(previous)) return Array.isArray(next) ? this.#arrays(previous, next, depth) : undefined
    if (Collection.isCollection(previous))
      return Collection.isCollection(next) ? this.#rows(previous, next, depth) : undefined
    if (Object.getPrototypeOf(previous) !== Object.getPrototypeOf(next)) return undefined
    if (isExactly<Map<unknown, unknown>>(previous, Map) && isExactly<Map<unknown, unknown>>(next, Map))
      return this.#keyed("entries", previous, next, depth)
    if (isExactly<Set<unknown>>(previous, Set) && isExactly<Set<unknown>>(next, Set))
      return this.#keyed("members", asMap(previous), asMap(next), depth)
    if (this.#isData(previous)) return this.#fields(previous, next, depth)
    return this.#made(previous, next, depth)
  }

  #fields(previous: object, next: object, depth: number): Weighed | undefined {
    if (classNameOf(previous) !== classNameOf(next)) return undefined
    const [before, after] = [fieldsOf(previous), fieldsOf(next)]
    return before && after && this.#keyed("fields", before, after, depth)
  }

  #keyed(
    kind: Keyed["kind"],
    before: ReadonlyMap<unknown, unknown>,
    after: ReadonlyMap<unknown, unknown>,
    depth: number
  ): Weighed {
    const [keys, nextKeys] = [[...before.keys()], [...after.keys()]]
    if (areInStep(keys, nextKeys)) {
      const pairs = keys.map((key) => [key, before.get(key), after.get(key)] as const)
      return this.#weighKeyed(kind, pairs, [], [], depth)
    }
    // The language orders fields that are named by a number, so they are where they are.
    const isAnywhere = (key: unknown): boolean =>
      kind === "fields" && typeof key === "string" && isIndexName(key)
    const places = new Map(keys.map((key, at) => [key, at]))
    const inOrder = longestAscending(nextKeys.map((key) => (isAnywhere(key) ? -1 : (places.get(key) ?? -1))))
    const kept = new Set(
      nextKeys.filter((key, at) => inOrder.has(at) || (isAnywhere(key) && before.has(key)))
    )
    const inserted: Array<Keyed["inserted"][number]> = []
    let anchor: Anchor = []
    for (const key of nextKeys.toReversed()) {
      if (!kept.has(key)) inserted.push(insertion(key, after.get(key), isAnywhere(key) ? [] : anchor))
      else if (!isAnywhere(key)) anchor = [key]
    }
    return this.#weighKeyed(
      kind,
      keys.filter((key) => kept.has(key)).map((key) => [key, before.get(key), after.get(key)] as const),
      keys.filter((key) => !kept.has(key)).map((key) => [key, before.get(key)] as const),
      inserted.toReversed(),
      depth
    )
  }

  #rows(previous: Rows, next: Rows, depth: number): Weighed | undefined {
    if (!areKeyedAlike(previous, next)) return undefined
    const edits = Edits.between(previous, next)
    // Which rows moved can be told in several ways: always in the same one, however the collections were made.
    if (edits === undefined || edits.inserted.some(({ key }) => previous.has(key)))
      return this.#keyed("rows", new Map(previous.entries()), new Map(next.entries()), depth)
    const anchors = new Map<unknown, Anchor>()
    for (const { before, key } of edits.inserted.toReversed())
      anchors.set(key, before === undefined ? [] : (anchors.get(before) ?? [before]))
    return this.#weighKeyed(
      "rows",
      edits.replaced.map(({ key, next, previous }) => [key, previous, next] as const),
      edits.removed.map(({ key, row }) => [key, row] as const),
      edits.inserted.map(({ key, row }) => insertion(key, row, anchors.get(key) ?? [])),
      depth
    )
  }

  #weighKeyed(
    kind: Keyed["kind"],
    pairs: ReadonlyArray<readonly [key: unknown, previous: unknown, next: unknown]>,
    removed: Keyed["removed"],
    inserted: Keyed["inserted"],
    depth: number
  ): Weighed {
    const changed: Array<readonly [unknown, Patch]> = []
    let content = weigh([...removed, ...inserted].flat())
    let weight = frame + content
    for (const [key, previous, next] of pairs) {
      const found = this.of(previous, next, depth)
      if (found.patch.kind === "same") continue
      changed.push([key, found.patch])
      weight += found.weight + weigh([key])
      content += found.content
    }
    if (changed.length + removed.length + inserted.length === 0) return same
    const patch = {
      kind,
      changed: orNothing(changed),
      removed: orNothing(removed),
      inserted: orNothing(inserted)
    }
    return { patch, weight, content }
  }

  /** What is made of a fixed number of parts. */
  #made(previous: object, next: object, depth: number): Weighed | undefined {
    const [before, after] = [apart(previous), apart(next)]
    const [tag] = before
    if (makerOf(tag) === undefined || tag === "described") return undefined
    if (tag !== after[0] || before.length !== after.length) return undefined
    const changed: Array<readonly [number, Patch]> = []
    let content = 0
    let weight = frame + tag.length
    for (let at = 1; at < before.length; at++) {
      const found = this.of(before[at], after[at], depth)
      if (found.patch.kind === "same") continue
      changed.push([at - 1, found.patch])
      weight += found.weight + 6
      content += found.content
    }
    return changed.length === 0 ? same : { patch: { kind: "parts", tag, changed }, weight, content }
  }

  #arrays(before: ReadonlyArray<unknown>, after: ReadonlyArray<unknown>, depth: number): Weighed | undefined {
    if (hasHoles(before) || hasHoles(after)) return undefined
    const changed: Array<readonly [number, Patch]> = []
    const splices: Array<Elements["splices"][number]> = []
    let content = 0
    let weight = frame
    for (const [from, to, nextFrom, nextTo] of gapsBetween(before, after)) {
      if (to - from === nextTo - nextFrom) {
        for (let at = from; at < to; at++) {
          const found = this.of(before[at], after[nextFrom + at - from], depth)
          if (found.patch.kind === "same") continue
          changed.push([at, found.patch])
          weight += found.weight + 6
          content += found.content
        }
      } else {
        const splice = [from, before.slice(from, to), after.slice(nextFrom, nextTo)] as const
        splices.push(splice)
        const spliced = weigh(splice)
        weight += spliced
        content += spliced
      }
    }
    if (changed.length + splices.length === 0) return same
    const patch = {
      kind: "elements",
      length: before.length,
      changed: orNothing(changed),
      splices: orNothing(splices)
    } as const
    return { patch, weight, content }
  }
}

const insertion = (key: unknown, to: unknown, anchor: Anchor): Keyed["inserted"][number] =>
  anchor.length === 0 ? [key, to] : [key, to, anchor[0]]

const apart = apartBy({})

const asMap = (set: ReadonlySet<unknown>): Map<unknown, unknown> =>
  new Map(Array.from(set, (member) => [member, undefined]))

const hasHoles = (array: ReadonlyArray<unknown>): boolean => {
  for (let at = 0; at < array.length; at++) if (!Object.hasOwn(array, at)) return true
  return false
}

const areKeyedAlike = (a: Rows, b: Rows): boolean => {
  const [by, other] = [Edits.keyedBy(a), Edits.keyedBy(b)]
  return by === other || (isKeyedByHand(by) && isKeyedByHand(other))
}

type Gap = readonly [from: number, to: number, nextFrom: number, nextTo: number]

/** What is between the elements that are the same in both, in order. */
const gapsBetween = (before: ReadonlyArray<unknown>, after: ReadonlyArray<unknown>): Array<Gap> => {
  const shorter = Math.min(before.length, after.length)
  let start = 0
  while (start < shorter && Object.is(before[start], after[start])) start++
  let tail = 0
  while (tail < shorter - start && Object.is(before.at(-1 - tail), after.at(-1 - tail))) tail++
  const [end, nextEnd] = [before.length - tail, after.length - tail]
  const gaps: Array<Gap> = []
  let [from, nextFrom] = [start, start]
  const closeAt = (to: number, nextTo: number): void => {
    if (from < to || nextFrom < nextTo) gaps.push([from, to, nextFrom, nextTo])
  }
  if (start < end && start < nextEnd) {
    const places = placesOf(before, start, end)
    const found = after.slice(start, nextEnd).map((element) => places.get(element)?.pop() ?? -1)
    for (const at of [...longestAscending(found)].toReversed()) {
      const [to, nextTo] = [found[at] ?? end, start + at]
      closeAt(to, nextTo)
      from = to + 1
      nextFrom = nextTo + 1
    }
  }
  closeAt(end, nextEnd)
  return gaps
}

/** Where each element is, the first place last. */
const placesOf = (array: ReadonlyArray<unknown>, from: number, to: number): Map<unknown, Array<number>> => {
  const places = new Map<unknown, Array<number>>()
  for (let at = to - 1; at >= from; at--) {
    const known = places.get(array[at])
    if (known === undefined) places.set(array[at], [at])
    else known.push(at)
  }
  return places
}

const replacement = (from: unknown, to: unknown, content: number): Weighed => ({
  patch: { kind: "replace", from, to },
  weight: frame + content,
  content
})

const replaced = (from: unknown, to: unknown): Weighed =>
  isSame(from, to, "known") ? same : replacement(from, to, weigh([from, to]))

/** The patch, or that the whole is replaced where that takes less. */
const lighter = (found: Weighed, from: object, to: object): Weighed => {
  // To replace the whole takes no less than what is replaced by the patch.
  if (found.weight <= light || 2 * found.content > found.weight) return found
  const content = weigh([from, to], found.weight)
  return frame + content < found.weight ? replacement(from, to, content) : found
}

/**
 * What changed: `apply` makes `next` of `previous` with it, and shares what did not change. Its cost is that of the
 * change and of the containers on the way to it; of two versions of one Collection, that of the rows that changed.
 *
 * A patch is plain objects and arrays around parts of the two values; `encode` takes it as it is. It has what was as
 * well as what is: it fits a value that is, where the patch changes it, as `previous` was. It goes into plain
 * objects, arrays, Maps, Sets, Collections, Effect's data, and instances of `classes`; any other instance is
 * replaced, as it may be more than its fields.
 *
 * Do not infer who shares what: parts that are equal by content count as unchanged, whatever their references.
 */
export const patch = (previous: unknown, next: unknown, options: Classes = {}): Patch => {
  const comparison = new Comparison(options)
  const found = comparison.of(previous, next)
  return comparison.isCyclic ? { kind: "replace", from: previous, to: next } : found.patch
}

/** About how many characters the values take when they are encoded together. */
export const sizeOf = (...values: ReadonlyArray<unknown>): number => weigh(values)
