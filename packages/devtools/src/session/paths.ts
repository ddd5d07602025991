/** Places in a state. */
import { Collection } from "@sluice/core"

/**
 * How to come to a part of a value, outermost first. A step is a field's name, an index, a Collection's key, a
 * Map's key, or a Set's member; which of them follows from the value. Empty for the value itself.
 */
export type Path = ReadonlyArray<unknown>

/** As it would be written, e.g. `flights["AA-17"].delay`; `(whole)` for the empty path. */
export const formatPath = (path: Path): string =>
  path.map(formatStep).join("").replace(/^\./, "") || "(whole)"

const formatStep = (step: unknown): string => {
  if (typeof step === "number") return `[${step}]`
  if (typeof step !== "string") return `[${describe(step)}]`
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`
}

const describe = (step: unknown): string => {
  if (typeof step === "bigint") return `${step}n`
  return typeof step === "object" && step !== null ? Object.prototype.toString.call(step) : String(step)
}

/** What stands at the path; `undefined` where there is nothing. Accessors are not run. */
export const valueAt = (value: unknown, path: Path): unknown => path.reduce(partOf, value)

const partOf = (value: unknown, step: unknown): unknown => {
  if (typeof value !== "object" || value === null) return undefined
  if (value instanceof Map) return value.get(step)
  if (value instanceof Set) return value.has(step) ? step : undefined
  if (Collection.isCollection(value)) return isKey(step) ? value.get(step) : undefined
  return isKey(step) || typeof step === "symbol" ? ownValue(value, step) : undefined
}

export const isKey = (step: unknown): step is string | number =>
  typeof step === "string" || typeof step === "number"

/** An own data property's value; `undefined` where it is absent or an accessor. */
export const ownValue = (value: object, name: PropertyKey): unknown =>
  Object.getOwnPropertyDescriptor(value, name)?.value

export const isPlain = (value: unknown): value is Readonly<Record<string, unknown>> => {
  if (typeof value !== "object" || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
