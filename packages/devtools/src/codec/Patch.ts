/** What changed between two values, as a value: plain objects and arrays, and in them parts of the two. */
import * as Data from "effect/Data"
import * as Result from "effect/Result"
import { decode } from "./decode.ts"
import { classNameOf } from "./Described.ts"
import { type Classes, InvalidEncoded, type Limits } from "./Encoded.ts"

/**
 * Below the place that it is for, what a patch changes. Everything that it takes away is in it, so that it can be
 * seen whether it fits. Keys are names of fields, keys of a Map or of rows, members of a Set; an index is
 * that before the change.
 */
export type Patch = Same | Replace | Keyed | Elements | Parts

export interface Same {
  readonly kind: "same"
}

export interface Replace {
  readonly kind: "replace"
  readonly from: unknown
  readonly to: unknown
}

/** With `removed` taken out, `changed` in their places, and each of `inserted`, in order, right before `before`. */
export interface Keyed {
  readonly kind: "fields" | "entries" | "members" | "rows"
  readonly changed: ReadonlyArray<readonly [key: unknown, Patch]>
  readonly removed: ReadonlyArray<readonly [key: unknown, from: unknown]>
  /** At the end where there is no `before`. */
  readonly inserted: ReadonlyArray<readonly [key: unknown, to: unknown, before?: unknown]>
}

export interface Elements {
  readonly kind: "elements"
  /** Of the array before the change. */
  readonly length: number
  readonly changed: ReadonlyArray<readonly [index: number, Patch]>
  /** In order, and apart from each other and from `changed`. */
  readonly splices: ReadonlyArray<
    readonly [index: number, removed: ReadonlyArray<unknown>, inserted: ReadonlyArray<unknown>]
  >
}

/** Of a value that is made of a fixed number of parts, such as an Option or an AsyncResult. */
export interface Parts {
  readonly kind: "parts"
  readonly tag: string
  readonly changed: ReadonlyArray<readonly [index: number, Patch]>
}

/** One step into a value; `part` is of a value that is made of parts, by its index. */
export interface Step {
  readonly kind: "property" | "index" | "key" | "member" | "row" | "part"
  readonly key: unknown
}

/** An object may refuse to be a string. */
const shown = (key: unknown): string =>
  typeof key === "object" && key !== null ? `(${classNameOf(key)})` : String(key)

/** The patch is not for this value: at `path` it is not what the patch changes. */
export class PatchConflict extends Data.TaggedError("PatchConflict")<{
  readonly path: ReadonlyArray<Step>
  /** What the patch takes for granted there; `undefined` for nothing. */
  readonly expected: unknown
  readonly found: unknown
  readonly issue: string
}> {
  override get message() {
    const place = this.path.map(({ key }) => shown(key)).join(".")
    return `At ${place === "" ? "the top" : place}: ${this.issue}. Nothing was changed; apply the patch to the value that it was made from, or show both and let someone choose.`
  }
}

/** Patches are not made deeper than that; what is below is replaced. */
export const maxDepth = 200

type Fields = Readonly<Record<string, unknown>>

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype

const isList = (value: unknown): value is ReadonlyArray<unknown> => Array.isArray(value)

const isIndex = (value: unknown): boolean =>
  typeof value === "number" && Number.isInteger(value) && value >= 0

/** Gives what is wrong with a patch that came from outside, in its place; nothing where it is one. */
class Check {
  readonly #open = new Set<unknown>()
  readonly #good = new Set<unknown>()

  patch(value: unknown, path: ReadonlyArray<string | number>): InvalidEncoded | undefined {
    const wrong = (issue: string, ...at: ReadonlyArray<string | number>) =>
      new InvalidEncoded({ path: [...path, ...at], issue })
    if (this.#good.has(value)) return undefined
    if (!isFields(value)) return wrong("expected a patch")
    if (this.#open.has(value)) return wrong("a patch that is in itself")
    if (this.#open.size > maxDepth) return wrong(`a patch deeper than ${maxDepth}`)
    this.#open.add(value)
    const found = this.#ofKind(value, path, wrong)
    this.#open.delete(value)
    this.#good.add(value)
    return found
  }

  #ofKind(
    value: Fields,
    path: ReadonlyArray<string | number>,
    wrong: (issue: string, ...at: ReadonlyArray<string | number>) => InvalidEncoded
  ): InvalidEncoded | undefined {
    const { kind } = value
    switch (kind) {
      case "same":
        return undefined
      case "replace":
        return "from" in value && "to" in value ? undefined : wrong("expected from and to")
      case "fields":
      case "entries":
      case "members":
      case "rows": {
        const isKey = (key: unknown) =>
          kind === "fields"
            ? typeof key === "string"
            : kind !== "rows" || typeof key === "string" || typeof key === "number"
        return (
          this.#changed(value, path, isKey) ??
          (areTuples(value["removed"], 2, 2, isKey) ? undefined : wrong("expected pairs", "removed")) ??
          (areTuples(value["inserted"], 2, 3, isKey)
            ? undefined
            : wrong("expected pairs or more", "inserted"))
        )
      }
      case "elements":
        return (
          this.#changed(value, path, isIndex) ??
          (isIndex(value["length"]) ? undefined : wrong("expected a length", "length")) ??
          (areTuples(value["splices"], 3, 3, isIndex) && areLists(value["splices"])
            ? undefined
            : wrong("expected an index and two arrays", "splices"))
        )
      case "parts":
        return (
          this.#changed(value, path, isIndex) ??
          (typeof value["tag"] === "string" ? undefined : wrong("expected a tag", "tag"))
        )
      default:
        return wrong("expected a kind of patch", "kind")
    }
  }

  #changed(
    { changed }: Fields,
    path: ReadonlyArray<string | number>,
    isKey: (key: unknown) => boolean
  ): InvalidEncoded | undefined {
    if (!areTuples(changed, 2, 2, isKey))
      return new InvalidEncoded({ path: [...path, "changed"], issue: "expected pairs of a key and a patch" })
    for (const [at, [, patch]] of changed.entries()) {
      const found = this.patch(patch, [...path, "changed", at, 1])
      if (found !== undefined) return found
    }
    return undefined
  }
}

const areTuples = (
  value: unknown,
  least: number,
  most: number,
  isKey: (key: unknown) => boolean
): value is ReadonlyArray<ReadonlyArray<unknown>> =>
  isList(value) &&
  value.every((tuple) => isList(tuple) && tuple.length >= least && tuple.length <= most && isKey(tuple[0]))

const areLists = (splices: ReadonlyArray<ReadonlyArray<unknown>>): boolean =>
  splices.every(([, removed, inserted]) => isList(removed) && isList(inserted))

/** A patch out of its encoding, checked. A path of the error that does not begin with `nodes` is one into the patch. */
export const decodePatch = (
  encoded: unknown,
  options: Classes & { readonly limits?: Partial<Limits> } = {}
): Result.Result<Patch, InvalidEncoded> => {
  const decoded = decode(encoded, options)
  if (Result.isFailure(decoded)) return Result.fail(decoded.failure)
  const found = new Check().patch(decoded.success, [])
  // Its kinds, tuples and indices were all looked at; what is between them is of any type.
  return found === undefined ? Result.succeed(decoded.success as Patch) : Result.fail(found)
}
