/**
 * States as JSON that can be read in the monitor, and back. What JSON has not is an object whose first key begins
 * with `$` and says what it is.
 *
 * It is done here, and not by the extension's `serialize`: with that the extension writes what is shared as a
 * path, which its monitor then follows through the values that it has already unwrapped; it calls no reviver on
 * import; and each value is copied again for each message. Here, what has not changed is looked at once.
 */
import { Collection } from "@sluice/core"
import * as Edits from "@sluice/core/Edits"
import * as Cause from "effect/Cause"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as AsyncResult from "effect/reactivity/AsyncResult"
import * as Result from "effect/Result"
import { decode } from "../codec/decode.ts"
import { encode } from "../codec/encode.ts"
import { lineOf } from "../inspect.ts"
import { isKey, isPlain, type Path } from "../session/paths.ts"
import { importRefused, MonitorRefused } from "./errors.ts"

export type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [key: string]: Json }

/** Deeper, a value is written flat, by the codec. */
const maxDepth = 200

/** By value, which is immutable. Plain JSON stands for itself. */
const known = new WeakMap<object, Json>()

export const toPlain = (value: unknown): Json => plain(value, [])

/** `around` is what it is in, outermost first. */
const plain = (value: unknown, around: ReadonlyArray<object>): Json => {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value
    case "number":
      if (Object.is(value, -0)) return { $number: "-0" }
      return Number.isFinite(value) ? value : { $number: String(value) }
    case "bigint":
      return { $bigint: String(value) }
    case "undefined":
      return { $undefined: true }
    case "object":
      return value === null ? null : plainObject(value, around)
    default:
      return coded(value)
  }
}

const plainObject = (value: object, around: ReadonlyArray<object>): Json => {
  const before = known.get(value)
  if (before !== undefined) return before
  if (around.length >= maxDepth || around.includes(value)) return coded(value)
  const inside = [...around, value]
  const made = ofObject(value, (part) => plain(part, inside))
  known.set(value, made)
  return made
}

/** Exactly, though not to be read in its parts. */
const coded = (value: unknown): Json => {
  // An encoding is plain JSON.
  const encoded = encode(value) as unknown as Json
  return { $value: lineOf(value), encoded }
}

type Go = (part: unknown) => Json

const ofObject = (value: object, go: Go): Json => {
  if (Array.isArray(value)) return ofArray(value, go)
  if (isPlain(value)) return ofFields(value, go)
  if (Collection.isCollection(value)) {
    const key = Edits.keyedBy(value)
    const rows = value.toArray().map(go)
    return typeof key === "string" ? { $Collection: rows, key } : { $Collection: rows }
  }
  if (Option.isOption(value)) return Option.isSome(value) ? { $Some: go(value.value) } : { $None: true }
  if (AsyncResult.isAsyncResult(value)) return ofResult(value, go)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype === Date.prototype && value instanceof Date)
    return { $Date: Number.isNaN(value.getTime()) ? null : value.toISOString() }
  if (prototype === Map.prototype && value instanceof Map)
    return { $Map: Array.from(value, ([key, part]) => [go(key), go(part)]) }
  if (prototype === Set.prototype && value instanceof Set) return { $Set: Array.from(value, go) }
  return coded(value)
}

const ofArray = (value: ReadonlyArray<unknown>, go: Go): Json => {
  const parts = Array.from(value, go)
  // Then it is JSON itself.
  return parts.every((part, index) => part === value[index]) ? (value as ReadonlyArray<Json>) : parts
}

const ofFields = (value: Readonly<Record<string, unknown>>, go: Go): Json => {
  let isJson = true
  const fields = Object.keys(value).map((key): readonly [string, Json] => {
    // An accessor is not run.
    const property = Object.getOwnPropertyDescriptor(value, key)
    const isData = property !== undefined && "value" in property
    const part = isData ? go(property.value) : { $value: "(…)" }
    isJson &&= isData && part === property.value
    return [key, part]
  })
  if (Object.getPrototypeOf(value) === null) return { $object: fields, prototype: null }
  if (fields.some(([key]) => key.startsWith("$") || key === "__proto__")) return { $object: fields }
  // Then it is JSON itself.
  return isJson ? (value as Json) : Object.fromEntries(fields)
}

const ofResult = (result: AsyncResult.AsyncResult<unknown, unknown>, go: Go): Json => {
  const { waiting } = result
  switch (result._tag) {
    case "Initial":
      return { $Initial: { waiting } }
    case "Success":
      return { $Success: go(result.value), waiting, timestamp: result.timestamp }
    case "Failure": {
      const encoded = encode(result) as unknown as Json
      return { $Failure: lineOf(Cause.squash(result.cause)), waiting, encoded }
    }
  }
}

// ---------------------------------------------------------------------------------------------------------

/**
 * The value of what `toPlain` has made; the data may come from anyone. `like` is a value that stands in its place
 * now: a Collection that is keyed by a function is made of the one that is there. Throws MonitorRefused with the
 * place. Whether it fits a schema is not looked at.
 */
export const revive = (json: unknown, like: unknown, path: Path = []): unknown => {
  if (json === null || typeof json === "string" || typeof json === "boolean") return json
  if (typeof json === "number") return json
  if (typeof json !== "object") return refuse(path, `${lineOf(json)} is no JSON`)
  // Each level of a value is at most three of JSON.
  if (path.length > 4 * maxDepth) return refuse(path.slice(0, 5), "it is nested too deep")
  if (Array.isArray(json))
    return json.map((part, index) => revive(part, partOf(like, index), [...path, index]))
  if (!isPlain(json)) return refuse(path, "it is no plain object")
  const [tag = ""] = Object.keys(json)
  if (tag.startsWith("$")) return reviveTagged(tag, json, like, path)
  const fields = Object.entries(json)
  const wrong = fields.find(([key]) => key.startsWith("$") || key === "__proto__")
  if (wrong !== undefined) return refuse([...path, wrong[0]], "no field may have that name")
  return Object.fromEntries(
    fields.map(([key, part]) => [key, revive(part, partOf(like, key), [...path, key])])
  )
}

const refuse = (path: Path, issue: string): never => {
  throw importRefused(path, issue)
}

/** What stands there now; of an array or a Collection, any part where there is none of that key. */
const partOf = (like: unknown, step: unknown): unknown => {
  if (Array.isArray(like)) return (typeof step === "number" ? like[step] : undefined) ?? like[0]
  if (like instanceof Map) return like.get(step)
  if (Collection.isCollection(like)) return (isKey(step) ? like.get(step) : undefined) ?? like.at(0)
  return isPlain(like) && typeof step === "string"
    ? Object.getOwnPropertyDescriptor(like, step)?.value
    : undefined
}

type Fields = Readonly<Record<string, unknown>>

const reviveTagged = (tag: string, json: Fields, like: unknown, path: Path): unknown => {
  const part = json[tag]
  const at = [...path, tag]
  const list = (): ReadonlyArray<unknown> => (Array.isArray(part) ? part : refuse(at, "expected an array"))
  const pairs = () =>
    list().map((pair, index): readonly [unknown, unknown] =>
      Array.isArray(pair) && pair.length === 2
        ? [pair[0], pair[1]]
        : refuse([...at, index], "expected a pair")
    )
  switch (tag) {
    case "$undefined":
      return undefined
    case "$number":
      return typeof part === "string" && numbers.has(part)
        ? numbers.get(part)
        : refuse(at, `expected one of ${[...numbers.keys()].join(", ")}`)
    case "$bigint":
      return typeof part === "string" && /^-?\d{1,100000}$/.test(part)
        ? BigInt(part)
        : refuse(at, "expected digits")
    case "$Date":
      return reviveDate(part, at)
    case "$Map":
      return new Map(
        pairs().map(([key, value], index) => {
          const revived = revive(key, undefined, [...at, index, 0])
          return [revived, revive(value, partOf(like, revived), [...at, index, 1])]
        })
      )
    case "$Set":
      return new Set(list().map((member, index) => revive(member, undefined, [...at, index])))
    case "$object":
      return reviveObject(pairs(), json["prototype"] === null ? null : Object.prototype, like, at)
    case "$Collection":
      return reviveRows(list(), json["key"], like, at)
    case "$Some":
      return Option.some(revive(part, Option.isOption(like) ? Option.getOrUndefined(like) : undefined, at))
    case "$None":
      return Option.none()
    case "$Initial":
      return AsyncResult.initial(Predicate.hasProperty(part, "waiting") && part.waiting === true)
    case "$Success":
      return AsyncResult.success(
        revive(part, AsyncResult.isAsyncResult(like) ? valueOf(like) : undefined, at),
        {
          waiting: json["waiting"] === true,
          ...(typeof json["timestamp"] === "number" ? { timestamp: json["timestamp"] } : {})
        }
      )
    case "$Failure":
    case "$value":
      return Result.getOrElse(decode(json["encoded"]), ({ issue, path: inside }) =>
        refuse([...path, "encoded", ...inside], issue)
      )
    default:
      return refuse(at, "no value is written like that")
  }
}

const numbers: ReadonlyMap<string, number> = new Map([
  ["-0", -0],
  ["NaN", Number.NaN],
  ["Infinity", Number.POSITIVE_INFINITY],
  ["-Infinity", Number.NEGATIVE_INFINITY]
])

const valueOf = (result: AsyncResult.AsyncResult<unknown, unknown>): unknown =>
  Option.getOrUndefined(AsyncResult.value(result))

const reviveDate = (part: unknown, at: Path): Date => {
  if (part === null) return new Date(Number.NaN)
  const date = new Date(typeof part === "string" ? part : Number.NaN)
  return Number.isNaN(date.getTime()) ? refuse(at, "expected a date as ISO 8601 has it") : date
}

const reviveObject = (
  pairs: ReadonlyArray<readonly [unknown, unknown]>,
  prototype: object | null,
  like: unknown,
  at: Path
): object => {
  const made = Object.create(prototype) as object
  for (const [index, [key, value]] of pairs.entries()) {
    if (typeof key !== "string") return refuse([...at, index, 0], "expected a field's name")
    Object.defineProperty(made, key, {
      value: revive(value, partOf(like, key), [...at, index, 1]),
      enumerable: true,
      writable: true,
      configurable: true
    })
  }
  return made
}

type Rows = Collection.Collection<unknown, string | number>

const reviveRows = (list: ReadonlyArray<unknown>, key: unknown, like: unknown, at: Path): Rows => {
  const there = Collection.isCollection(like) ? like : undefined
  const keyIn = (row: unknown): unknown => (typeof key === "string" && isPlain(row) ? row[key] : undefined)
  const rows = list.map((row, index) => revive(row, partOf(there, keyIn(row)), [...at, index]))
  try {
    const made = there?.clear().setAll(rows) ?? keyedBy(rows, key, at)
    if (made.size === rows.length) return made
  } catch (error) {
    if (error instanceof MonitorRefused) throw error
    // The key function met what is no row of its own.
    return refuse(at, String(error))
  }
  return refuse(at, "expected one row of each key")
}

const keyedBy = (rows: ReadonlyArray<unknown>, key: unknown, at: Path): Rows => {
  if (typeof key !== "string")
    return refuse(at, "its rows are keyed by a function, and no such collection stands there now")
  const hasKey = (row: unknown): row is Readonly<Record<string, string | number>> =>
    isPlain(row) && isKey(row[key])
  const wrong = rows.findIndex((row) => !hasKey(row))
  return wrong < 0
    ? Collection.make(key, rows.filter(hasKey))
    : refuse([...at, wrong], `expected a row with a key in its field ${key}`)
}
