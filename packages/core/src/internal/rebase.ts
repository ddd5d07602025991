/** A change of one value, made to another. */
import { isRows, RowsId } from "./rows.ts"

/**
 * The value with what differs between `from` and `to` as it is in `to`; what does not differ stays. Where all
 * three are records or collections it goes by field and by row; anything else is one value.
 */
export const rebase = (value: unknown, from: unknown, to: unknown): unknown => {
  if (Object.is(from, to) || Object.is(value, to)) return value
  if (Object.is(value, from)) return to
  if (isCollection(value) && isCollection(from) && isCollection(to)) return rebaseRows(value, from, to)
  return isRecord(value) && isRecord(from) && isRecord(to) ? rebaseFields(value, from, to) : to
}

type Key = string | number

/** A Collection, without the code that makes them. */
interface Rows {
  readonly get: (key: Key) => unknown
  readonly set: (row: unknown) => Rows
  readonly remove: (key: Key) => Rows
  readonly [RowsId]: {
    readonly diff: (next: unknown, visit: (key: Key, before: unknown, after: unknown) => void) => void
  }
}

// Only a Collection has that key, and it has these methods.
const isCollection = (value: unknown): value is Rows => isRows(value)

const rebaseRows = (rows: Rows, from: Rows, to: Rows): Rows => {
  let result = rows
  from[RowsId].diff(to[RowsId], (key, before, after) => {
    const row = result.get(key)
    if (after === undefined) result = result.remove(key)
    else result = result.set(row === undefined || before === undefined ? after : rebase(row, before, after))
  })
  return result
}

type Fields = Readonly<Record<PropertyKey, unknown>>

const isRecord = (value: unknown): value is Fields => {
  if (typeof value !== "object" || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

const rebaseFields = (fields: Fields, from: Fields, to: Fields): Fields => {
  const result: Record<PropertyKey, unknown> = { ...fields }
  let same = true
  for (const name of new Set([...Reflect.ownKeys(from), ...Reflect.ownKeys(to)])) {
    const has = Object.hasOwn(fields, name)
    if (!Object.hasOwn(to, name)) {
      same &&= !has
      delete result[name]
      continue
    }
    const field = has && Object.hasOwn(from, name) ? rebase(fields[name], from[name], to[name]) : to[name]
    same &&= has && field === fields[name]
    result[name] = field
  }
  return same ? fields : result
}
