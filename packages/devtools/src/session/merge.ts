/** A recorded change, made to another state: by field, by row and by key, and where it does not fit it says so. */
import { Collection } from "@sluice/core"
import * as Edits from "@sluice/core/Edits"
import { sameValue } from "./compare.ts"
import { isPlain, type Path } from "./paths.ts"

/** What an entry wrote at a place where it would not have found what it had found. Nothing is written there. */
export interface Conflict {
  readonly path: Path
  /**
   * `changed`: another value stands there. `absent`: nothing stands there. `present`: something stands where there
   * was nothing.
   */
  readonly reason: "changed" | "absent" | "present"
  /** What the entry had found, what it wrote, and what stands there instead; `undefined` for nothing. */
  readonly recorded: unknown
  readonly wrote: unknown
  readonly found: unknown
}

export interface Merged {
  readonly value: unknown
  readonly conflicts: ReadonlyArray<Conflict>
}

/** A place that holds nothing. */
const nothing: unique symbol = Symbol("nothing")

/**
 * `value` with what differs between `from` and `to` as it is in `to`. Fields named in `except` stay. Parts that are
 * shared stay shared, and a conflict in one is told at the first place that leads there.
 */
export const merge = (
  value: unknown,
  from: unknown,
  to: unknown,
  except: ReadonlyArray<string> = []
): Merged => {
  const conflicts: Array<Conflict> = []
  const merged = at(value, from, to, { path: [], except, conflicts, met: new Triples() })
  return { value: merged, conflicts }
}

interface Place {
  readonly path: Path
  readonly except: ReadonlyArray<string>
  readonly conflicts: Array<Conflict>
  readonly met: Triples
}

/** What was merged: parts that are shared are met again, and may be as many as two to the power of their depth. */
class Triples {
  readonly #known = new WeakMap<object, WeakMap<object, WeakMap<object, { readonly value: unknown }>>>()

  get(value: object, from: object, to: object): { readonly value: unknown } | undefined {
    return this.#known.get(value)?.get(from)?.get(to)
  }

  set(value: object, from: object, to: object, merged: unknown): void {
    const ofValue = this.#known.get(value) ?? new WeakMap<object, WeakMap<object, { value: unknown }>>()
    const ofFrom = ofValue.get(from) ?? new WeakMap<object, { value: unknown }>()
    this.#known.set(value, ofValue)
    ofValue.set(from, ofFrom)
    ofFrom.set(to, { value: merged })
  }
}

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null

const at = (value: unknown, from: unknown, to: unknown, place: Place): unknown => {
  if (Object.is(from, to)) return value
  if (Object.is(value, from) && place.except.length === 0) return to
  if (place.except.length > 0 || !isObject(value) || !isObject(from) || !isObject(to))
    return made(value, from, to, place)
  const known = place.met.get(value, from, to)
  if (known !== undefined) return known.value
  // For a cycle that comes back here.
  place.met.set(value, from, to, value)
  const merged = made(value, from, to, place)
  place.met.set(value, from, to, merged)
  return merged
}

const made = (value: unknown, from: unknown, to: unknown, place: Place): unknown => {
  if (isPlain(value) && isPlain(from) && isPlain(to)) return ofFields(value, from, to, place)
  if (value instanceof Map && from instanceof Map && to instanceof Map) return ofMaps(value, from, to, place)
  if (value instanceof Set && from instanceof Set && to instanceof Set) return ofSets(value, from, to, place)
  if (
    Collection.isCollection(value) &&
    Collection.isCollection(from) &&
    Collection.isCollection(to) &&
    sameOrder(from, to)
  )
    return ofRows(value, from, to, place)
  if (sameValue(from, to)) return value
  if (sameValue(value, from)) return to
  const reason = value === nothing ? "absent" : from === nothing ? "present" : "changed"
  place.conflicts.push({
    path: place.path,
    reason,
    recorded: shown(from),
    wrote: shown(to),
    found: shown(value)
  })
  return value
}

const shown = (value: unknown): unknown => (value === nothing ? undefined : value)

const inside = ({ conflicts, met, path }: Place, step: unknown): Place => ({
  path: [...path, step],
  except: [],
  conflicts,
  met
})

type Fields = Readonly<Record<PropertyKey, unknown>>

const ofFields = (value: Fields, from: Fields, to: Fields, place: Place): Fields => {
  const result: Record<PropertyKey, unknown> = { ...value }
  Object.setPrototypeOf(result, Object.getPrototypeOf(value) as object | null)
  const field = (fields: Fields, name: PropertyKey) => (Object.hasOwn(fields, name) ? fields[name] : nothing)
  let same = true
  for (const name of new Set([...Reflect.ownKeys(from), ...Reflect.ownKeys(to)])) {
    if (typeof name === "string" && place.except.includes(name)) continue
    const now = field(value, name)
    const next = at(now, field(from, name), field(to, name), inside(place, name))
    if (Object.is(next, now)) continue
    same = false
    if (next === nothing) delete result[name]
    // Not by assignment, to which `__proto__` is no field.
    else
      Object.defineProperty(result, name, {
        value: next,
        enumerable: true,
        writable: true,
        configurable: true
      })
  }
  return same ? value : result
}

type Entries = ReadonlyMap<unknown, unknown>

const ofMaps = (value: Entries, from: Entries, to: Entries, place: Place): Entries => {
  const result = new Map(value)
  const entry = (map: Entries, key: unknown) => (map.has(key) ? map.get(key) : nothing)
  let same = true
  for (const key of new Set([...from.keys(), ...to.keys()])) {
    const now = entry(value, key)
    const next = at(now, entry(from, key), entry(to, key), inside(place, key))
    if (Object.is(next, now)) continue
    same = false
    if (next === nothing) result.delete(key)
    else result.set(key, next)
  }
  return same ? value : result
}

const ofSets = (
  value: ReadonlySet<unknown>,
  from: ReadonlySet<unknown>,
  to: ReadonlySet<unknown>,
  place: Place
): ReadonlySet<unknown> => {
  const member = (set: ReadonlySet<unknown>, one: unknown) => (set.has(one) ? one : nothing)
  const result = new Set(value)
  let same = true
  for (const one of new Set([...from, ...to])) {
    const now = member(value, one)
    const next = at(now, member(from, one), member(to, one), inside(place, one))
    if (Object.is(next, now)) continue
    same = false
    if (next === nothing) result.delete(one)
    else result.add(one)
  }
  return same ? value : result
}

type Rows = Collection.Collection<unknown, string | number>

/** Whether the rows that both have stand in the same order: an entry that moved one wrote the whole order. */
const sameOrder = (from: Rows, to: Rows): boolean => {
  const edits = Edits.between(from, to)
  if (edits !== undefined) return edits.inserted.every(({ key }) => !from.has(key))
  const kept = [...from.keys()].filter((key) => to.has(key))
  const after = [...to.keys()].filter((key) => from.has(key))
  return kept.every((key, index) => Object.is(key, after[index]))
}

const ofRows = (value: Rows, from: Rows, to: Rows, place: Place): Rows => {
  const changed = new Set<string | number>()
  Collection.diff(from, to, (key) => void changed.add(key))
  const added = [...to.keys()].filter((key) => changed.has(key) && !from.has(key))
  const others = [...changed].filter((key) => from.has(key))
  const row = (rows: Rows, key: string | number) => (rows.has(key) ? rows.get(key) : nothing)
  let result = value
  for (const key of [...others, ...added]) {
    const now = row(result, key)
    const next = at(now, row(from, key), row(to, key), inside(place, key))
    if (Object.is(next, now)) continue
    result = next === nothing ? result.remove(key) : result.set(next)
  }
  return result
}
