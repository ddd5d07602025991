/** A place in a value: steps that lead to it, its parts as they are sent, and the value with another in its place. */
import { Collection } from "@sluice/core"
import type { PathStep } from "../diff.ts"
import { inspect, lineOf, propertyOf } from "../inspect.ts"
import type { Path } from "../session/paths.ts"
import { NoSuchPart } from "./errors.ts"
import { maxParts, type Step, type Success, type Value } from "./messages.ts"

const maxText = 300
const maxKey = 1000

export const clip = (text: string): string => (text.length > maxText ? `${text.slice(0, maxText)}…` : text)

export const valueOf = (value: unknown): Value => {
  try {
    const { kind, size, text } = inspect(value)
    return { kind, size, text: clip(text) }
  } catch {
    return { kind: "other", size: 0, text: clip(lineOf(value)) }
  }
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null

const isKey = (key: unknown): key is string | number =>
  typeof key === "string" ? key.length <= maxKey : typeof key === "number" && Number.isFinite(key)

/** As it is written in an error. */
const formatSteps = (path: ReadonlyArray<Step>): string =>
  `state${path.map(({ key, kind }) => (kind === "property" ? `.${key}` : `[${kind} ${JSON.stringify(key)}]`)).join("")}`

const stepInto = (value: unknown, { key, kind }: Step): { readonly value: unknown } | undefined => {
  if (!isObject(value)) return undefined
  switch (kind) {
    case "property":
      return Object.hasOwn(value, key) ? { value: propertyOf(value, String(key)) } : undefined
    case "index":
      return Array.isArray(value) && Object.hasOwn(value, key)
        ? { value: value[Number(key)] as unknown }
        : undefined
    case "key":
      return value instanceof Map && value.has(key) ? { value: value.get(key) as unknown } : undefined
    case "row":
      return Collection.isCollection(value) && value.has(key) ? { value: value.get(key) } : undefined
    case "part": {
      const [part] = typeof key === "number" ? inspect(value).parts(key, key + 1) : []
      return part
    }
  }
}

/** Throws NoSuchPart. */
export const follow = (root: unknown, path: ReadonlyArray<Step>): unknown => {
  let value = root
  for (const [index, step] of path.entries()) {
    const found = stepInto(value, step)
    if (found === undefined)
      throw new NoSuchPart({
        path: formatSteps(path.slice(0, index + 1)),
        issue: `there is no such part of ${clip(lineOf(value))}`
      })
    ;({ value } = found)
  }
  return value
}

/** The keys of a Map's parts, by their place. */
const keysOf = (map: ReadonlyMap<unknown, unknown>, from: number, to: number): ReadonlyArray<unknown> => {
  const keys: Array<unknown> = []
  let index = 0
  for (const key of map.keys()) {
    if (index >= to) break
    if (index++ >= from) keys.push(key)
  }
  return keys
}

const byKey = (kind: Step["kind"], key: unknown, part: number): Step =>
  isKey(key) ? { kind, key } : { kind: "part", key: part }

/** Where each part of the value is, in the order of `inspect`. */
const stepsOf = (value: object, labels: ReadonlyArray<string>, from: number): ReadonlyArray<Step> => {
  if (Array.isArray(value)) return labels.map((_, i) => ({ kind: "index", key: from + i }))
  if (value instanceof Map) {
    const keys = keysOf(value, from, from + labels.length)
    return labels.map((_, i) => byKey("key", keys[i], from + i))
  }
  if (value instanceof Set) return labels.map((_, i) => ({ kind: "part", key: from + i }))
  if (Collection.isCollection(value))
    return labels.map((_, i) => byKey("row", value.keyOf(value.at(from + i)), from + i))
  return labels.map((label, i) => byKey("property", label, from + i))
}

/** A page of a value's parts, at most `maxParts` of them. */
export const pageOf = (value: unknown, from: number, to: number): Success<"Inspect"> => {
  const shown = valueOf(value)
  const end = Math.min(to, shown.size, from + maxParts)
  if (!isObject(value) || end <= from) return { value: shown, parts: [] }
  const parts = inspect(value).parts(from, end)
  const steps = stepsOf(
    value,
    parts.map(({ label }) => label),
    from
  )
  return {
    value: shown,
    parts: parts.map((part, i) => ({
      label: clip(part.label),
      step: steps[i] ?? { kind: "part", key: from + i },
      value: valueOf(part.value)
    }))
  }
}

/** The steps of a change, if each can be sent. */
export const sendableSteps = (path: ReadonlyArray<PathStep>): ReadonlyArray<Step> | undefined => {
  const steps = path.flatMap(({ key, kind }): ReadonlyArray<Step> =>
    kind !== "member" && isKey(key) ? [{ kind, key }] : []
  )
  return steps.length === path.length ? steps : undefined
}

const isPlain = (value: unknown): value is Readonly<Record<string, unknown>> => {
  if (!isObject(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Whether plain data has `__proto__` for a name, which a later Object.assign would take for the prototype. */
const hidesPrototype = (given: unknown): boolean => {
  const open = [given]
  const seen = new Set<unknown>()
  for (let value = open.pop(); value !== undefined || open.length > 0; value = open.pop()) {
    if (!isObject(value) || seen.has(value)) continue
    seen.add(value)
    // One by one: a call takes only so many arguments.
    if (Array.isArray(value)) for (const part of value as ReadonlyArray<unknown>) open.push(part)
    else if (isPlain(value)) {
      if (Object.hasOwn(value, "__proto__")) return true
      for (const name of Object.keys(value)) open.push(propertyOf(value, name))
    }
  }
  return false
}

/** Throws NoSuchPart where what is to be put at the path cannot be in any state. */
export const checkGiven = (path: ReadonlyArray<Step>, given: unknown): void => {
  if (!hidesPrototype(given)) return
  throw new NoSuchPart({
    path: formatSteps(path),
    issue: "no state has a property __proto__, and the value given has one"
  })
}

/** The value with another at the path; what is not on the way is shared. Throws NoSuchPart, which tells no value. */
export const put = (value: unknown, path: ReadonlyArray<Step>, given: unknown, depth = 0): unknown => {
  const step = path[depth]
  if (step === undefined) return given
  const { key, kind } = step
  const refuse = (issue: string) => new NoSuchPart({ path: formatSteps(path.slice(0, depth + 1)), issue })
  const inner = () => {
    const last = depth === path.length - 1
    const found = stepInto(value, step)
    if (found === undefined && !last) throw refuse("there is no such part")
    return put(found?.value, path, given, depth + 1)
  }
  // A later Object.assign of the state would take it for its prototype.
  if (key === "__proto__") throw refuse("no state has such a property")
  if (kind === "property" && isPlain(value)) return { ...value, [key]: inner() }
  if (kind === "index" && Array.isArray(value)) {
    if (!Number.isInteger(key) || Number(key) < 0 || Number(key) > value.length)
      throw refuse(`it has ${value.length} elements`)
    const copy: Array<unknown> = [...(value as ReadonlyArray<unknown>)]
    copy[Number(key)] = inner()
    return copy
  }
  if (kind === "key" && value instanceof Map)
    return new Map(value as ReadonlyMap<unknown, unknown>).set(key, inner())
  if (kind === "row" && Collection.isCollection(value)) {
    const row = inner()
    if (value.keyOf(row) !== key)
      throw refuse(`the row given has another key, ${clip(lineOf(value.keyOf(row)))}`)
    return value.set(row)
  }
  throw refuse(`it cannot be edited by a step of kind ${kind}; edit the value that holds it`)
}

/** As `session` takes paths. Throws NoSuchPart where the path is not one by keys. */
export const keysOnly = (path: ReadonlyArray<Step>): Path =>
  path.map(({ key, kind }, index) => {
    if (kind !== "part") return key
    throw new NoSuchPart({
      path: formatSteps(path.slice(0, index + 1)),
      issue: "a part by its place is another one at another moment; follow the value that holds it"
    })
  })
