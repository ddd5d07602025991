/**
 * How any value is shown: in a line, and in parts, page by page. Reads own data properties only, so it
 * runs no getter (but for an error's message), and touches no more of a value than is asked for.
 */
import { Collection } from "@sluice/core"
import { classNameOf as nameOf, Described, isUnrevived } from "./codec/index.ts"

export type ValueKind = "string" | "number" | "boolean" | "nothing" | "date" | "other" | "object"

/** One part of a value: an element, a property, a Map's entry, a Collection's row. */
export interface Part {
  readonly label: string
  readonly value: unknown
}

export interface Inspected {
  readonly kind: ValueKind
  /** The value in a line. */
  readonly text: string
  /** How many parts it has; 0 when there is nothing to open. */
  readonly size: number
  readonly parts: (from: number, to: number) => ReadonlyArray<Part>
}

/** Stands for a property that would have to be computed. */
class Accessor {}
const accessor = new Accessor()

const maxText = 200
const maxPreviewed = 4

const shorten = (text: string, max = maxText): string => (text.length > max ? `${text.slice(0, max)}…` : text)

const leaf = (kind: ValueKind, text: string): Inspected => ({ kind, text, size: 0, parts: () => [] })

/** The name of the class; "" for a plain object. */
const classNameOf = (value: object): string => {
  const name = nameOf(value)
  return name === "Object" ? "" : name
}

/** What stands for a value that could not be sent. */
const describe = ({ kind, text }: Described): string => {
  switch (kind) {
    case "function":
      return `ƒ ${text}`
    case "symbol":
      return `Symbol(${text})`
    case "accessor":
      return "(…)"
    default:
      return text === "" ? `(${kind})` : `(${kind}: ${text})`
  }
}

/** The `_tag`, own or inherited. */
export const tagOf = (value: object): string | undefined => {
  const tag: unknown = "_tag" in value ? value._tag : undefined
  return typeof tag === "string" ? tag : undefined
}

/** An own property that holds data; one that is computed is not computed for this. */
export const propertyOf = (value: object, key: string): unknown => {
  const property = Object.getOwnPropertyDescriptor(value, key)
  return property === undefined || "value" in property ? property?.value : accessor
}

const pageOf = function* <A>(values: Iterable<A>, from: number, to: number): Generator<readonly [number, A]> {
  let index = 0
  for (const value of values) {
    if (index >= to) return
    if (index >= from) yield [index, value]
    index++
  }
}

/** A value inside the preview of another: never opened further. */
const brief = (value: unknown): string => {
  if (typeof value === "string") return JSON.stringify(shorten(value, 24))
  if (typeof value !== "object" || value === null) return inspect(value).text
  if (Array.isArray(value)) return `[${value.length}]`
  if (value instanceof Date || value === accessor) return inspect(value).text
  const tag = tagOf(value)
  if (tag !== undefined) {
    const inner = propertyOf(value, "value")
    return inner === undefined
      ? tag
      : `${tag}(${typeof inner === "object" && inner !== null ? "…" : brief(inner)})`
  }
  const name = Collection.isCollection(value) ? "Collection" : classNameOf(value)
  return name === "" ? "{…}" : name
}

const inspectArray = (value: ReadonlyArray<unknown>): Inspected => ({
  kind: "object",
  text: `[${value.slice(0, maxPreviewed).map(brief).join(", ")}${value.length > maxPreviewed ? ", …" : ""}] (${value.length})`,
  size: value.length,
  parts: (from, to) =>
    value.slice(from, to).map((part, index) => ({ label: String(from + index), value: part }))
})

const inspectObject = (value: object): Inspected => {
  const tag = tagOf(value)
  const name = tag ?? classNameOf(value)
  const keys = Object.keys(value).filter((key) => key !== "_tag" || tag === undefined)
  // Not enumerable, but what an error is about.
  if (value instanceof Error) {
    for (const key of ["message", "cause"])
      if (Object.hasOwn(value, key) && !keys.includes(key)) keys.push(key)
  }
  const preview = keys.slice(0, maxPreviewed).map((key) => `${key}: ${brief(propertyOf(value, key))}`)
  const fields = `{${preview.join(", ")}${keys.length > maxPreviewed ? ", …" : ""}}`
  const text =
    value instanceof Error
      ? `${isUnrevived(value) ? name : value.name}: ${value.message}`
      : tag !== undefined && keys.length === 0
        ? tag
        : tag !== undefined && keys.length === 1 && keys[0] === "value"
          ? `${tag}(${brief(propertyOf(value, "value"))})`
          : name === ""
            ? fields
            : `${name} ${fields}`
  return {
    kind: "object",
    text: shorten(text),
    size: keys.length,
    parts: (from, to) => keys.slice(from, to).map((key) => ({ label: key, value: propertyOf(value, key) }))
  }
}

const inspectCollection = (value: Collection.Collection<unknown, string | number>): Inspected => ({
  kind: "object",
  text: `Collection(${value.size})`,
  size: value.size,
  parts: (from, to) => {
    const parts: Array<Part> = []
    for (let index = from; index < Math.min(to, value.size); index++) {
      const row = value.at(index)
      parts.push({ label: brief(value.keyOf(row)), value: row })
    }
    return parts
  }
})

const inspectInstance = (value: object): Inspected => {
  if (value === accessor) return leaf("other", "(…)")
  if (value instanceof Described) return leaf("other", describe(value))
  if (Array.isArray(value)) return inspectArray(value)
  if (value instanceof Map)
    return {
      kind: "object",
      text: `Map(${value.size})`,
      size: value.size,
      parts: (from, to) =>
        Array.from(pageOf<readonly [unknown, unknown]>(value, from, to), ([, [key, part]]) => ({
          label: `${brief(key)} →`,
          value: part
        }))
    }
  if (value instanceof Set)
    return {
      kind: "object",
      text: `Set(${value.size})`,
      size: value.size,
      parts: (from, to) =>
        Array.from(pageOf<unknown>(value, from, to), ([index, part]) => ({
          label: String(index),
          value: part
        }))
    }
  if (value instanceof Date) {
    return leaf("date", Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString())
  }
  if (value instanceof RegExp) return leaf("other", String(value))
  if (value instanceof ArrayBuffer) return leaf("other", `ArrayBuffer(${value.byteLength})`)
  if (ArrayBuffer.isView(value)) return leaf("other", `${classNameOf(value)}(${value.byteLength} bytes)`)
  if (value instanceof Promise || value instanceof WeakMap || value instanceof WeakSet)
    return leaf("other", classNameOf(value))
  if (Collection.isCollection(value)) return inspectCollection(value)
  return inspectObject(value)
}

/** Any value, ready to be shown. */
export const inspect = (value: unknown): Inspected => {
  switch (typeof value) {
    case "string":
      return leaf("string", JSON.stringify(shorten(value)))
    case "number":
      return leaf("number", Object.is(value, -0) ? "-0" : String(value))
    case "bigint":
      return leaf("number", `${value}n`)
    case "boolean":
      return leaf("boolean", String(value))
    case "object":
      return value === null ? leaf("nothing", "null") : inspectInstance(value)
    case "symbol":
      return leaf("other", String(value))
    case "function":
      return leaf("other", `ƒ ${value.name}`)
    default:
      return leaf("nothing", "undefined")
  }
}

/** A value in a line, however large it is. */
export const lineOf = (value: unknown): string => {
  try {
    return inspect(value).text
  } catch (error) {
    // A Proxy may refuse to be looked at.
    return `(cannot be shown: ${String(error)})`
  }
}
