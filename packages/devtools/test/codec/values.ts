/** Arbitrary values of every kind that is encoded, with sharing and cycles, and what makes two of them the same. */
import { Collection } from "@sluice/core"
import * as BigDecimal from "effect/BigDecimal"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Exit from "effect/Exit"
import * as HashMap from "effect/HashMap"
import * as HashSet from "effect/HashSet"
import * as Option from "effect/Option"
import * as AsyncResult from "effect/reactivity/AsyncResult"
import * as Result from "effect/Result"
import * as fc from "fast-check"
import { classNameOf, Described } from "../../src/codec/index.ts"

export class Flight {
  readonly id: string
  readonly crew: unknown
  constructor(id: string, crew: unknown) {
    this.id = id
    this.crew = crew
  }
  get label() {
    return `flight ${this.id}`
  }
}

export class Late extends Error {
  readonly _tag = "Late"
  readonly by: unknown
  constructor(message: string, by: unknown) {
    super(message)
    this.by = by
  }
}

export const classes = { Flight, Late }

/** Names that have a meaning to the language, or to who walks objects carelessly. */
const name = fc.oneof(
  fc.constantFrom(
    "__proto__",
    "constructor",
    "prototype",
    "toString",
    "toJSON",
    "then",
    "_tag",
    "0",
    "7",
    ""
  ),
  fc.string({ maxLength: 6 })
)

const primitive = fc.oneof(
  fc.constantFrom<unknown>(
    undefined,
    null,
    true,
    false,
    0,
    -0,
    Number.NaN,
    Infinity,
    -Infinity,
    "",
    "\ud800"
  ),
  fc.integer(),
  fc.double(),
  fc.bigInt(),
  fc.string()
)

const bytes = fc.uint8Array({ maxLength: 12 })

const leaf = fc.oneof(
  { weight: 6, arbitrary: primitive },
  fc.oneof(
    fc.date({ noInvalidDate: false }),
    fc.constantFrom(/a+/gi, /\/[/]\n/u).map((regExp) => new RegExp(regExp)),
    fc.webUrl().map((url) => new URL(url)),
    bytes,
    bytes.map((bytes) => bytes.buffer),
    bytes.map((bytes) => new DataView(bytes.buffer)),
    fc.float64Array({ maxLength: 3 }),
    fc.bigInt64Array({ maxLength: 3 })
  ),
  fc.oneof(
    fc.integer().map((millis) => Duration.millis(millis)),
    fc.bigInt().map((nanos) => Duration.nanos(nanos)),
    fc.constant(Duration.infinity),
    fc.tuple(fc.bigInt(), fc.integer()).map(([value, scale]) => BigDecimal.make(value, scale)),
    fc.date({ noInvalidDate: true }).map((date) => DateTime.makeUnsafe(date)),
    fc
      .constantFrom("Europe/Berlin", "UTC", "+02:00")
      .map((timeZone) => DateTime.makeZonedUnsafe(1_700_000_000_000, { timeZone }))
  )
)

const withHoles = (parts: ReadonlyArray<readonly [number, unknown]>): Array<unknown> => {
  const array: Array<unknown> = []
  for (const [index, part] of parts) array[index] = part
  return array
}

const fields = (
  entries: ReadonlyArray<readonly [string, unknown]>,
  prototype: object | null = Object.prototype
): object => {
  const object = Object.create(prototype) as object
  for (const [key, value] of entries)
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
  return object
}

const { tree } = fc.letrec<{ tree: unknown }>((tie) => {
  const part = tie("tree")
  const parts = fc.array(part, { maxLength: 4 })
  const entries = fc.array(fc.tuple(name, part), { maxLength: 4 })
  const rows = fc.uniqueArray(fc.record({ id: fc.oneof(fc.string(), fc.integer()), of: part }), {
    selector: ({ id }) => id,
    comparator: "SameValueZero",
    maxLength: 4
  })
  return {
    tree: fc.oneof(
      { maxDepth: 4, depthSize: "small" },
      { weight: 3, arbitrary: leaf },
      fc.oneof(
        entries.map((entries) => fields(entries)),
        entries.map((entries) => fields(entries, null)),
        parts,
        fc.array(fc.tuple(fc.nat(30), part), { maxLength: 3 }).map(withHoles),
        fc.array(fc.tuple(part, part), { maxLength: 4 }).map((entries) => new Map(entries)),
        parts.map((members) => new Set(members))
      ),
      fc.oneof(
        rows.map((rows) => Collection.make("id", rows)),
        rows.map((rows) => Collection.make((row) => `${row.id}!`, rows)),
        fc.tuple(fc.string(), part).map(([id, crew]) => new Flight(id, crew)),
        fc.tuple(fc.string(), part).map(([message, by]) => new Late(message, by)),
        fc.tuple(fc.string(), part).map(([message, cause]) => new TypeError(message, { cause }))
      ),
      fc.oneof(
        part.map((value) => Option.some(value)),
        fc.constant(Option.none()),
        part.map((value) => Result.succeed(value)),
        part.map((value) => Result.fail(value)),
        part.map((value) => Exit.succeed(value)),
        part.map((value) => Exit.fail(value)),
        part.map((value) => Cause.die(value)),
        fc.constantFrom(Cause.interrupt(3), Cause.interrupt(), Cause.empty),
        fc
          .tuple(part, fc.boolean(), fc.nat())
          .map(([value, waiting, timestamp]) => AsyncResult.success(value, { waiting, timestamp })),
        fc.tuple(part, part, fc.nat()).map(([error, value, timestamp]) =>
          AsyncResult.failureWithPrevious(Cause.fail(error), {
            previous: Option.some(AsyncResult.success(value, { timestamp }))
          })
        ),
        fc.boolean().map((waiting) => AsyncResult.initial(waiting))
      ),
      fc.oneof(
        parts.map((parts) => Chunk.fromIterable(parts)),
        fc
          .array(fc.tuple(fc.string(), part), { maxLength: 4 })
          .map((entries) => HashMap.fromIterable(entries)),
        fc
          .array(fc.oneof(fc.string(), fc.integer()), { maxLength: 6 })
          .map((all) => HashSet.fromIterable(all))
      )
    )
  }
})

/** Values without sharing. */
export const values = tree

/** Plain objects, arrays, Maps and Sets that refer to one another in any way, from the first. */
export const graphs: fc.Arbitrary<unknown> = fc
  .array(
    fc.record({
      kind: fc.constantFrom("object", "array", "map", "keys", "set", "flight", "some"),
      to: fc.array(fc.nat(11), { maxLength: 4 }),
      leaf
    }),
    { minLength: 1, maxLength: 12 }
  )
  .map((specs) => {
    const made: Array<unknown> = specs.map(({ kind, leaf }) =>
      kind === "array"
        ? []
        : kind === "map" || kind === "keys"
          ? new Map()
          : kind === "set"
            ? new Set()
            : kind === "flight"
              ? new Flight("AA", undefined)
              : kind === "some"
                ? leaf
                : {}
    )
    // Immutable ones last, and of those before them: they cannot be in a cycle by themselves.
    for (const [at, { kind, to }] of specs.entries())
      if (kind === "some") made[at] = Option.some(made[(to[0] ?? 0) % specs.length])
    for (const [at, { kind, leaf, to }] of specs.entries()) {
      const target = made[at]
      const others = [leaf, ...to.map((index) => made[index % specs.length])]
      if (Array.isArray(target)) target.push(...others)
      else if (target instanceof Map)
        others.forEach((other, index) =>
          kind === "keys" ? target.set(other, index) : target.set(index, other)
        )
      else if (target instanceof Set) for (const other of others) target.add(other)
      else if (kind !== "some" && typeof target === "object" && target !== null)
        Object.assign(target, Object.fromEntries(others.map((other, index) => [`f${index}`, other])))
    }
    return made[0]
  })

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null

/** Own names and what is under them, in order; without an error's stack. */
const propertiesOf = (value: object): Array<readonly [string, unknown]> => {
  const names = value instanceof Error ? Object.getOwnPropertyNames(value) : Object.keys(value)
  return names
    .filter((name) => !(value instanceof Error && name === "stack"))
    .map((name) => [name, Object.getOwnPropertyDescriptor(value, name)?.value])
}

/** What it holds, in order, without knowing how it is encoded; and what it is, in a word. */
const openedUp = (value: object): readonly [is: string, of: ReadonlyArray<unknown>] => {
  if (Array.isArray(value)) return [`array ${value.length}`, propertiesOf(value).flat()]
  if (value instanceof Map) return ["map", [...value].flat()]
  if (value instanceof Set) return ["set", [...value]]
  if (value instanceof Date) return ["date", [value.getTime()]]
  if (value instanceof RegExp || value instanceof URL) return ["text", [String(value)]]
  if (value instanceof ArrayBuffer) return ["buffer", [...new Uint8Array(value)]]
  if (ArrayBuffer.isView(value))
    return [classNameOf(value), [...new Uint8Array(value.buffer, value.byteOffset, value.byteLength)]]
  if (Collection.isCollection(value)) return ["rows", [...value.entries()].flat()]
  if (Option.isOption(value)) return [`option ${value._tag}`, Option.toArray(value)]
  if (Result.isResult(value))
    return [`result ${value._tag}`, [Result.isSuccess(value) ? value.success : value.failure]]
  if (Exit.isExit(value)) return [`exit ${value._tag}`, [Exit.isSuccess(value) ? value.value : value.cause]]
  if (Cause.isCause(value))
    return [
      "cause",
      value.reasons.flatMap((reason) => [
        reason._tag,
        reason._tag === "Fail" ? reason.error : reason._tag === "Die" ? reason.defect : reason.fiberId
      ])
    ]
  if (Chunk.isChunk(value)) return ["chunk", [...value]]
  if (HashMap.isHashMap(value)) return ["hash map", [...value].flat()]
  if (HashSet.isHashSet(value)) return ["hash set", [...value]]
  if (Duration.isDuration(value)) return ["duration", propertiesOf(value.value).flat()]
  if (BigDecimal.isBigDecimal(value)) return ["decimal", [value.value, value.scale]]
  if (DateTime.isDateTime(value))
    return [
      `time ${value._tag}`,
      [value.epochMilliseconds, ...(DateTime.isZoned(value) ? [DateTime.zoneToString(value.zone)] : [])]
    ]
  if (value instanceof Described) return ["described", [value.kind, value.text]]
  const prototype: unknown = Object.getPrototypeOf(value)
  const is = prototype === null ? "null" : prototype === Object.prototype ? "plain" : classNameOf(value)
  return [`${value instanceof Error ? "error" : "object"} ${is}`, propertiesOf(value).flat()]
}

/**
 * Whether two values are the same as far as anyone can tell who reads them. By identity, each object of the one also
 * stands for one of the other, everywhere: then sharing counts.
 */
const areSame = (a: unknown, b: unknown, byIdentity: boolean): boolean => {
  const partners = new Map<unknown, Set<unknown>>()
  const back = new Map<unknown, unknown>()
  const open: Array<readonly [unknown, unknown]> = [[a, b]]
  for (let pair = open.pop(); pair !== undefined; pair = open.pop()) {
    const [left, right] = pair
    if (!isObject(left) || !isObject(right)) {
      if (!Object.is(left, right)) return false
      continue
    }
    // There is one of these in a page, so it is shared or not as the library likes.
    const isNothing = Option.isOption(left) && Option.isNone(left)
    const known = partners.get(left) ?? new Set()
    if (!isNothing && byIdentity && (known.size > 0 || back.has(right))) {
      if (!known.has(right) || back.get(right) !== left) return false
      continue
    }
    if (known.has(right)) continue
    partners.set(left, known.add(right))
    back.set(right, left)
    const [leftIs, leftOf] = openedUp(left)
    const [rightIs, rightOf] = openedUp(right)
    if (leftIs !== rightIs || leftOf.length !== rightOf.length) return false
    for (const [at, part] of leftOf.entries()) open.push([part, rightOf[at]])
  }
  return true
}

/** Sharing and cycles count. */
export const sameGraph = (a: unknown, b: unknown): boolean => areSame(a, b, true)

/** Who shares what does not count. */
export const sameValue = (a: unknown, b: unknown): boolean => areSame(a, b, false)
