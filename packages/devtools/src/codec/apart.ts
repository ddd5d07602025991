/** Any value taken apart, one level deep. Reads own data properties only, so it runs no accessor. */
import { classNameOf, Described } from "./Described.ts"
import type { Classes } from "./Encoded.ts"
import { type Tagged, takeApart } from "./kinds.ts"

/** What has an identity: not a primitive, or a symbol. */
export type Whole = object | symbol

export const isWhole = (value: unknown): value is Whole =>
  typeof value === "object" ? value !== null : typeof value === "function" || typeof value === "symbol"

type Building = [tag: string, ...parts: Array<unknown>]

const own = (object: object, key: PropertyKey): unknown => {
  const property = Object.getOwnPropertyDescriptor(object, key)
  return property === undefined || "value" in property ? property?.value : new Described("accessor", "")
}

const withFields = (parts: Building, object: object, keys: ReadonlyArray<string>): Tagged => {
  for (const key of keys) parts.push(key, own(object, key))
  return parts
}

const ofArray = (array: ReadonlyArray<unknown>): Tagged => {
  const parts: Building = ["[]"]
  for (let index = 0; index < array.length; index++) {
    if (!Object.hasOwn(array, index)) return ofSparse(array)
    parts.push(own(array, index))
  }
  return parts
}

const ofSparse = (array: ReadonlyArray<unknown>): Tagged => {
  const parts: Building = ["sparse", array.length]
  for (const key of Object.keys(array)) {
    const index = Number(key)
    if (String(index) === key && index >= 0 && index < array.length) parts.push(index, own(array, key))
  }
  return parts
}

const ofMap = (map: ReadonlyMap<unknown, unknown>): Tagged => {
  const parts: Building = ["Map"]
  Map.prototype.forEach.call(map, (value, key) => parts.push(key, value))
  return parts
}

const ofSet = (set: ReadonlySet<unknown>): Tagged => {
  const parts: Building = ["Set"]
  Set.prototype.forEach.call(set, (member) => parts.push(member))
  return parts
}

/** A `_tag` that comes with the class, which whoever reads the instance takes for a field. */
const inheritedTag = (object: object): string | undefined => {
  for (
    let prototype: unknown = Object.getPrototypeOf(object);
    typeof prototype === "object" && prototype !== null;
    prototype = Object.getPrototypeOf(prototype)
  ) {
    const tag: unknown = Object.getOwnPropertyDescriptor(prototype, "_tag")?.value
    if (tag !== undefined) return typeof tag === "string" ? tag : undefined
  }
  return undefined
}

const ofInstance = (value: object, name: string): Tagged => {
  const isError = value instanceof Error
  const parts: Building = [isError ? "Error" : "instance", name]
  const keys = isError
    ? // Not enumerable, but what it is about. A stack names the files of one machine.
      Object.getOwnPropertyNames(value).filter((key) => key !== "stack")
    : Object.keys(value)
  const tag = keys.includes("_tag") ? undefined : inheritedTag(value)
  if (tag !== undefined) parts.push("_tag", tag)
  return withFields(parts, value, keys)
}

/** How to take values apart, where instances of these classes go by the names that they have here. */
export const apartBy = ({ classes = {} }: Classes): ((value: Whole) => Tagged) => {
  const names = new Map(Object.entries(classes).map(([name, { prototype }]) => [prototype, name]))

  const ofObject = (value: object): Tagged => {
    if (Array.isArray(value)) return ofArray(value)
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype === Object.prototype) return withFields(["{}"], value, Object.keys(value))
    if (typeof prototype !== "object" || prototype === null)
      return withFields(["null{}"], value, Object.keys(value))
    const name = names.get(prototype)
    if (name !== undefined) return ofInstance(value, name)
    if (value instanceof Map) return ofMap(value)
    if (value instanceof Set) return ofSet(value)
    return takeApart(value) ?? ofInstance(value, classNameOf(value))
  }

  return (value) => {
    if (typeof value === "symbol") return ["described", "symbol", value.description ?? ""]
    if (typeof value === "function") {
      const name: unknown = Object.getOwnPropertyDescriptor(value, "name")?.value
      return ["described", "function", typeof name === "string" ? name : ""]
    }
    try {
      return ofObject(value)
    } catch {
      // A proxy may refuse to be looked at, and an object may only look like what it inherits from.
      return ["described", "unreadable", ""]
    }
  }
}
