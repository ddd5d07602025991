/** A patch, done to a value. */
import { Collection } from "@sluice/core"
import * as Edits from "@sluice/core/Edits"
import * as Result from "effect/Result"
import { apartBy, isWhole } from "./apart.ts"
import { fieldsOf, isDataBy, withFields } from "./data.ts"
import type { Classes } from "./Encoded.ts"
import { isSame } from "./equal.ts"
import { announce, makerOf } from "./kinds.ts"
import { Transplant } from "./transplant.ts"
import { type Elements, type Keyed, type Parts, type Patch, PatchConflict, type Step } from "./Patch.ts"

type Rows = Collection.Collection<unknown, string | number>

/** The way to a place, innermost first. */
interface Place {
  readonly step: Step
  readonly within: Place | undefined
}

type At = Place | undefined

const pathOf = (at: At): Array<Step> => {
  const path: Array<Step> = []
  for (let place = at; place !== undefined; place = place.within) path.push(place.step)
  return path.toReversed()
}

/** Throws what `apply` gives as its error. */
function conflict(at: At, issue: string, expected: unknown, found: unknown): never {
  throw new PatchConflict({ path: pathOf(at), issue, expected, found })
}

const stepKinds = { fields: "property", entries: "key", members: "member", rows: "row" } as const

/** What a key is found as: itself, or the one that looks like it. Objects are not the same in another context. */
const keyLike = (
  values: ReadonlyMap<unknown, unknown>,
  key: unknown
): { readonly key: unknown } | undefined => {
  if (values.has(key)) return { key }
  if (typeof key !== "object" || key === null) return undefined
  const alike = [...values.keys()].filter((other) => isSame(other, key, "seen"))
  return alike.length === 1 ? { key: alike[0] } : undefined
}

class Application {
  readonly #isData: (value: object) => boolean
  /** So that what a patch shares is shared in what it makes. */
  readonly #known = new Map<Patch, Map<unknown, unknown>>()
  readonly #transplant: Transplant
  /** What the patch has of the value, where it has it as objects of its own; by those. Written by `#expect`. */
  readonly twins = new Map<unknown, unknown>()

  constructor(options: Classes, twins: ReadonlyMap<unknown, unknown>) {
    this.#isData = isDataBy(options)
    this.#transplant = new Transplant(twins)
  }

  #expect(value: unknown, expected: unknown, at: At): void {
    if (!isSame(value, expected, "seen", this.twins)) conflict(at, "it is another value", expected, value)
  }

  to(value: unknown, patch: Patch, at: At): unknown {
    if (patch.kind === "same") return value
    const results = this.#known.get(patch) ?? new Map<unknown, unknown>()
    if (results.has(value)) return results.get(value)
    const result = this.#made(value, patch, at)
    this.#known.set(patch, results.set(value, result))
    return result
  }

  #made(value: unknown, patch: Exclude<Patch, { readonly kind: "same" }>, at: At): unknown {
    switch (patch.kind) {
      case "replace":
        this.#expect(value, patch.from, at)
        return this.#transplant.of(patch.to)
      case "fields":
        return this.#fields(value, patch, at)
      case "entries":
        if (!(value instanceof Map)) return conflict(at, "it is no Map", "a Map", value)
        return this.#keyed(value, patch, at)
      case "members":
        if (!(value instanceof Set)) return conflict(at, "it is no Set", "a Set", value)
        return new Set(this.#keyed(new Map(Array.from(value, (key) => [key, undefined])), patch, at).keys())
      case "rows":
        if (!Collection.isCollection(value)) return conflict(at, "it is no Collection", "a Collection", value)
        return this.#rows(value, patch, at)
      case "elements":
        return this.#elements(value, patch, at)
      case "parts":
        return this.#parts(value, patch, at)
    }
  }

  #fields(value: unknown, patch: Keyed, at: At): unknown {
    if (typeof value !== "object" || value === null || !this.#isData(value))
      return conflict(at, "it is no object of fields", "an object", value)
    const fields = fieldsOf(value)
    if (fields === undefined) return conflict(at, "it has a field that is computed", "an object", value)
    return withFields(value, this.#keyed(fields, patch, at))
  }

  /** The entries with what changed, the rest of them as they were. */
  #keyed(values: ReadonlyMap<unknown, unknown>, patch: Keyed, at: At): Map<unknown, unknown> {
    const placeOf = (key: unknown): At => ({ step: { kind: stepKinds[patch.kind], key }, within: at })
    const find = (key: unknown): unknown =>
      (keyLike(values, key) ?? conflict(placeOf(key), "it is not there", key, undefined)).key
    const made = new Map(values)
    for (const [like, change] of patch.changed) {
      const key = find(like)
      made.set(key, this.to(values.get(key), change, placeOf(key)))
    }
    for (const [like, from] of patch.removed) {
      const key = find(like)
      this.#expect(values.get(key), from, placeOf(key))
      made.delete(key)
    }
    const before = new Map<unknown, Array<readonly [unknown, unknown]>>()
    const last: Array<readonly [unknown, unknown]> = []
    const added = new Set<unknown>()
    for (const [key, whole, ...anchors] of patch.inserted) {
      const to = this.#transplant.of(whole)
      if (added.has(key) || keyLike(made, key) !== undefined)
        conflict(placeOf(key), "it is there already", undefined, made.get(key))
      added.add(key)
      if (anchors.length === 0) {
        last.push([key, to])
        continue
      }
      const [like] = anchors
      const anchor =
        keyLike(made, like) ?? conflict(placeOf(like), "it is not there any more", like, undefined)
      const others = before.get(anchor.key)
      if (others === undefined) before.set(anchor.key, [[key, to]])
      else others.push([key, to])
    }
    if (before.size === 0) {
      for (const [key, to] of last) made.set(key, to)
      return made
    }
    const entries = Array.from(made, (entry) => [...(before.get(entry[0]) ?? []), entry])
    return new Map([...entries.flat(1), ...last])
  }

  #rows(rows: Rows, patch: Keyed, at: At): unknown {
    const by = Edits.keyedBy(rows)
    const placeOf = (key: unknown): At => ({ step: { kind: "row", key }, within: at })
    const check = (key: unknown, row: unknown): void => {
      if (typeof key !== "string" && typeof key !== "number")
        return conflict(placeOf(key), "it is no key of a row", "a string or a number", key)
      announce(by, row, key)
      if (!Object.is(keyIn(rows, row), key)) conflict(placeOf(key), "its row has another key", key, row)
    }
    if (patch.inserted.some((tuple) => tuple.length > 2)) {
      const entries = this.#keyed(new Map(rows.entries()), patch, at)
      for (const [key, row] of entries) check(key, row)
      return typeof by === "string"
        ? makerOf("Collection")?.([by, ...entries.values()])
        : Collection.make(by, entries.values())
    }
    const rowOf = (key: unknown): unknown =>
      (typeof key === "string" || typeof key === "number" ? rows.get(key) : undefined) ??
      conflict(placeOf(key), "it is not there", key, undefined)
    const written: Array<unknown> = []
    const gone = new Set<string | number>()
    for (const [key, change] of patch.changed) {
      const row = this.to(rowOf(key), change, placeOf(key))
      check(key, row)
      written.push(row)
    }
    for (const [key, from] of patch.removed) {
      this.#expect(rowOf(key), from, placeOf(key))
      if (typeof key === "string" || typeof key === "number") gone.add(key)
    }
    const added = new Set<unknown>()
    for (const [key, whole] of patch.inserted) {
      const row = this.#transplant.of(whole)
      check(key, row)
      const isThere = (typeof key === "string" || typeof key === "number") && rows.has(key) && !gone.has(key)
      if (isThere || added.has(key)) conflict(placeOf(key), "it is there already", undefined, row)
      added.add(key)
      written.push(row)
    }
    return rows.removeAll(gone).setAll(written)
  }

  #elements(value: unknown, { changed, length, splices }: Elements, at: At): unknown {
    if (!isArray(value)) return conflict(at, "it is no array", "an array", value)
    if (value.length !== length) return conflict(at, `it has ${value.length} elements`, length, value.length)
    const placeOf = (index: number): At => ({ step: { kind: "index", key: index }, within: at })
    const elements = [...value]
    for (const [index, change] of changed) {
      if (index >= length) conflict(placeOf(index), "it is not there", change, undefined)
      elements[index] = this.to(value[index], change, placeOf(index))
    }
    const made: Array<unknown> = []
    let from = 0
    for (const [index, removed, inserted] of splices) {
      if (index < from || index + removed.length > length)
        conflict(placeOf(index), "it is not there, or twice", removed, undefined)
      for (const [offset, element] of removed.entries())
        this.#expect(elements[index + offset], element, placeOf(index + offset))
      for (; from < index; from++) made.push(elements[from])
      for (const element of inserted) made.push(this.#transplant.of(element))
      from = index + removed.length
    }
    for (; from < length; from++) made.push(elements[from])
    return made
  }

  #parts(value: unknown, { changed, tag }: Parts, at: At): unknown {
    const [is, ...parts] = isWhole(value) ? apart(value) : [""]
    const make = makerOf(tag)
    if (is !== tag || make === undefined) return conflict(at, `it is no ${tag}`, tag, value)
    const made = [...parts]
    for (const [index, change] of changed) {
      const place: At = { step: { kind: "part", key: index }, within: at }
      if (index >= parts.length) conflict(place, "it is not there", change, undefined)
      made[index] = this.to(parts[index], change, place)
    }
    try {
      return make(made)
    } catch {
      return conflict(at, `these parts make no ${tag}`, tag, made)
    }
  }
}

const apart = apartBy({})

const isArray = (value: unknown): value is ReadonlyArray<unknown> => Array.isArray(value)

/** Nothing where the function that they are keyed by does not take the row. */
const keyIn = (rows: Rows, row: unknown): unknown => {
  try {
    return rows.keyOf(row)
  } catch {
    return undefined
  }
}

/**
 * The value with what the patch changes; the rest is shared with it, down to the parts of a container that stay. It
 * fails, and says where, if the value is not, in a place that the patch changes, what it was when the patch was made:
 * what else is there does not matter.
 *
 * A patch from outside is to come through `decodePatch`.
 */
export const apply = (
  patch: Patch,
  value: unknown,
  options: Classes = {}
): Result.Result<unknown, PatchConflict> => {
  try {
    const application = new Application(options, new Map())
    const made = application.to(value, patch, undefined)
    if (application.twins.size === 0) return Result.succeed(made)
    // Made elsewhere: what it moves from one place to another is here, and is known now.
    return Result.succeed(new Application(options, application.twins).to(value, patch, undefined))
  } catch (error) {
    if (error instanceof PatchConflict) return Result.fail(error)
    throw error
  }
}
