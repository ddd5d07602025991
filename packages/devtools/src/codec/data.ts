/** Objects whose fields are all that they are. */
import { classNameOf, isUnrevived, unrevived } from "./Described.ts"
import type { Classes } from "./Encoded.ts"

/** An index of an array as the name of a field: the language keeps those in order of their number, before others. */
export const isIndexName = (name: string): boolean =>
  /^(?:0|[1-9]\d{0,9})$/.test(name) && Number(name) < 2 ** 32 - 1

/** The enumerable fields of an object; nothing where one of them would have to be computed. */
export const fieldsOf = (object: object): Map<string, unknown> | undefined => {
  const fields = new Map<string, unknown>()
  for (const name of Object.keys(object)) {
    const property = Object.getOwnPropertyDescriptor(object, name)
    if (property === undefined || !("value" in property)) return undefined
    fields.set(name, property.value)
  }
  return fields
}

/** Whether an object is its fields: a plain one, or of a class that was given, or of one that is not there. */
export const isDataBy = ({ classes = {} }: Classes): ((value: object) => boolean) => {
  const prototypes = new Set<unknown>([Object.prototype, null])
  for (const { prototype } of Object.values(classes)) prototypes.add(prototype)
  return (value) =>
    !(value instanceof Error) && (prototypes.has(Object.getPrototypeOf(value)) || isUnrevived(value))
}

/** An object of the same class, with these fields in this order, and whatever else the first one has. */
export const withFields = (object: object, fields: ReadonlyMap<unknown, unknown>): object => {
  const made = Object.create(Object.getPrototypeOf(object) as object | null) as object
  if (isUnrevived(object)) unrevived(made, classNameOf(object))
  for (const [name, value] of fields)
    Object.defineProperty(made, String(name), { value, enumerable: true, configurable: true, writable: true })
  for (const key of Reflect.ownKeys(object)) {
    const property = Object.getOwnPropertyDescriptor(object, key)
    const isField = typeof key === "string" && property?.enumerable === true
    if (property !== undefined && !isField) Object.defineProperty(made, key, property)
  }
  return made
}
