/**
 * Values that are made whole, of their parts: those of the language that hold no others, those of Effect, and
 * Collections.
 */
import { Collection } from "@sluice/core"
import * as Edits from "@sluice/core/Edits"
import * as BigDecimal from "effect/BigDecimal"
import * as Cause from "effect/Cause"
import * as Chunk from "effect/Chunk"
import * as Data from "effect/Data"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Base64 from "effect/encoding/Base64"
import * as Exit from "effect/Exit"
import * as HashMap from "effect/HashMap"
import * as HashSet from "effect/HashSet"
import * as Option from "effect/Option"
import * as AsyncResult from "effect/reactivity/AsyncResult"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { classNameOf, Described } from "./Described.ts"

export type Parts = ReadonlyArray<unknown>

/** The tag of a value's node, and what is in it. */
export type Tagged = readonly [tag: string, ...parts: ReadonlyArray<unknown>]

/** Why parts make no value: its message. Whoever decodes gets it as an InvalidEncoded. */
export class Refused extends Error {}

type Maker = (parts: Parts) => unknown

const expected = (what: string): Refused => new Refused(`expected ${what}`)

/** Gives a part that passes the guard, or refuses. */
const takeAs =
  <A>(what: string, is: (part: unknown) => part is A) =>
  (part: unknown): A => {
    if (!is(part)) throw expected(what)
    return part
  }

const isString = (part: unknown): part is string => typeof part === "string"
const isNumber = (part: unknown): part is number => typeof part === "number"

const aString = takeAs("a string", isString)
const aNumber = takeAs("a number", isNumber)
const aBoolean = takeAs("a boolean", (part) => typeof part === "boolean")
const aBigInt = takeAs("a bigint", (part) => typeof part === "bigint")
const aKey = takeAs("a key, a string or a number", (part) => isString(part) || isNumber(part))
const aCause = takeAs("a Cause", Cause.isCause)
const anOption = takeAs("an Option", Option.isOption)

const count = (parts: Parts, least: number, most = least): void => {
  if (parts.length < least || parts.length > most)
    throw expected(least === most ? `${least} parts` : `${least} to ${most} parts`)
}

const bytesOf = (part: unknown): Uint8Array<ArrayBuffer> => {
  const decoded = Base64.decode(aString(part))
  if (Result.isFailure(decoded)) throw expected("base64")
  return new Uint8Array(decoded.success)
}

const inPairs = (parts: Parts): Array<readonly [unknown, unknown]> => {
  if (parts.length % 2 !== 0) throw expected("pairs of parts")
  return Array.from({ length: parts.length / 2 }, (_, at) => [parts[2 * at], parts[2 * at + 1]] as const)
}

type Key = string | number
type Rows = Collection.Collection<unknown, Key>

/** A row came to a decoded collection whose key function is not there. */
export class KeyFunctionMissing extends Data.TaggedError("KeyFunctionMissing")<{}> {
  override get message() {
    return "A row was put into a decoded collection whose rows are keyed by a function, which no encoding carries. Key the collection by a field, or pass its state through the module's schema."
  }
}

/** The keys of rows that were decoded with them, by the function that stands for the one that stayed behind. */
const givenKeys = new WeakMap<object, Map<unknown, Key>>()

const keyedByHand = (): ((row: unknown) => Key) => {
  const keys = new Map<unknown, Key>()
  const keyOf = (row: unknown): Key => {
    const key = keys.get(row)
    if (key === undefined) throw new KeyFunctionMissing()
    return key
  }
  givenKeys.set(keyOf, keys)
  return keyOf
}

/** Whether the rows were decoded with their keys. */
export const isKeyedByHand = (by: string | ((row: unknown) => Key)): boolean =>
  typeof by === "function" && givenKeys.has(by)

/** Tells a decoded collection the key of a row that is to come. Any other knows it by itself. */
export const announce = (by: string | ((row: unknown) => Key), row: unknown, key: Key): void => {
  if (typeof by === "function") givenKeys.get(by)?.set(row, key)
}

/** By an own data property; nothing where it is none. */
const fieldIn = (row: unknown, field: string): unknown =>
  typeof row === "object" && row !== null ? Object.getOwnPropertyDescriptor(row, field)?.value : undefined

const partsOfRows = (rows: Rows): Tagged => {
  const by = Edits.keyedBy(rows)
  const all = rows.toArray()
  if (typeof by === "string" && all.every((row) => fieldIn(row, by) === rows.keyOf(row)))
    return ["Collection", by, ...all]
  return ["KeyedRows", ...all.flatMap((row) => [rows.keyOf(row), row])]
}

type RowBy<Field extends string> = Readonly<Record<Field, Key>>

const makeCollection: Maker = ([field, ...rows]) => {
  const by = aString(field)
  const aRow = takeAs(
    `a row with a key in its field ${by}`,
    (row): row is RowBy<string> => isString(fieldIn(row, by)) || isNumber(fieldIn(row, by))
  )
  const made = Collection.make(by, rows.map(aRow))
  if (made.size !== rows.length) throw expected("one row of each key")
  return made
}

const makeKeyedRows: Maker = (parts) => {
  const keyOf = keyedByHand()
  const rows = inPairs(parts).map(([key, row]) => {
    announce(keyOf, row, aKey(key))
    return row
  })
  const made = Collection.make(keyOf, rows)
  if (made.size !== rows.length) throw expected("one row of each key")
  return made
}

const partsOfReason = (reason: Cause.Reason<unknown>): Parts => {
  switch (reason._tag) {
    case "Fail":
      return ["Fail", reason.error]
    case "Die":
      return ["Die", reason.defect]
    case "Interrupt":
      return ["Interrupt", reason.fiberId]
  }
}

const makeReason = ([tag, of]: readonly [unknown, unknown]): Cause.Reason<unknown> => {
  switch (tag) {
    case "Fail":
      return Cause.makeFailReason(of)
    case "Die":
      return Cause.makeDieReason(of)
    case "Interrupt":
      return Cause.makeInterruptReason(of === undefined ? undefined : aNumber(of))
    default:
      throw expected("Fail, Die or Interrupt")
  }
}

const partsOfAsyncResult = (result: AsyncResult.AsyncResult<unknown, unknown>): Parts => {
  switch (result._tag) {
    case "Initial":
      return ["Initial", result.waiting]
    case "Success":
      return ["Success", result.waiting, result.value, result.timestamp]
    case "Failure":
      return ["Failure", result.waiting, result.cause, result.previousSuccess]
  }
}

const aPreviousSuccess = (part: unknown): Option.Option<AsyncResult.Success<unknown, unknown>> => {
  const previous = anOption(part)
  if (Option.isNone(previous)) return Option.none()
  const result = previous.value
  if (!AsyncResult.isAsyncResult(result) || !AsyncResult.isSuccess(result)) throw expected("a success")
  return Option.some(result)
}

const makeAsyncResult: Maker = ([tag, waiting, ...parts]) => {
  const options = { waiting: aBoolean(waiting) }
  switch (tag) {
    case "Initial":
      count(parts, 0)
      return AsyncResult.initial(options.waiting)
    case "Success":
      count(parts, 2)
      return AsyncResult.success(parts[0], { ...options, timestamp: aNumber(parts[1]) })
    case "Failure":
      count(parts, 2)
      return AsyncResult.failure(aCause(parts[0]), {
        ...options,
        previousSuccess: aPreviousSuccess(parts[1])
      })
    default:
      throw expected("Initial, Success or Failure")
  }
}

const partsOfDuration = ({ value }: Duration.Duration): Parts => {
  switch (value._tag) {
    case "Millis":
      return [value.millis]
    case "Nanos":
      return [value.nanos]
    case "Infinity":
      return [Infinity]
    case "NegativeInfinity":
      return [-Infinity]
  }
}

const partsOfZoned = ({ epochMilliseconds, zone }: DateTime.Zoned): Parts => [
  epochMilliseconds,
  zone._tag === "Offset" ? zone.offset : zone.id
]

const makeZoned: Maker = (parts) => {
  count(parts, 2)
  const [at, zone] = parts
  return DateTime.makeZonedUnsafe(aNumber(at), {
    timeZone: isNumber(zone) ? DateTime.zoneMakeOffset(zone) : DateTime.zoneMakeNamedUnsafe(aString(zone))
  })
}

const makeRegExp: Maker = (parts) => {
  count(parts, 2, 3)
  const made = new RegExp(aString(parts[0]), aString(parts[1]))
  if (parts.length > 2) made.lastIndex = aNumber(parts[2])
  return made
}

/** By prototype: those that inherit from one are of its kind. */
interface Kinds {
  readonly of: ReadonlyMap<object, (value: object) => Tagged>
  readonly makers: ReadonlyMap<string, Maker>
}

const views: ReadonlyArray<new (buffer: ArrayBuffer) => ArrayBufferView> = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  DataView
]

/** What lives in its page only. Whatever data is on it is left there. */
const hosts = [WeakMap, WeakSet, WeakRef, Promise, globalThis.EventTarget]

const makeKinds = (): Kinds => {
  const of = new Map<object, (value: object) => Tagged>()
  const makers = new Map<string, Maker>()
  /** The values of the sample's prototype. */
  const add = <A extends object>(sample: A, partsOf: (value: A) => Tagged): void => {
    // It is given values of that prototype only.
    of.set(Object.getPrototypeOf(sample) as object, partsOf as (value: object) => Tagged)
  }
  const kind = <A extends object>(
    tag: string,
    sample: A,
    partsOf: (value: A) => Parts,
    make: Maker
  ): void => {
    add(sample, (value) => [tag, ...partsOf(value)])
    makers.set(tag, make)
  }
  /** Of a fixed number of parts. */
  const sized =
    (length: number, make: Maker): Maker =>
    (parts) => {
      count(parts, length)
      return make(parts)
    }

  kind(
    "Date",
    new Date(0),
    (date) => [Date.prototype.getTime.call(date)],
    sized(1, ([at]) => new Date(aNumber(at)))
  )
  kind(
    "RegExp",
    /-/,
    (regExp) => [regExp.source, regExp.flags, ...(regExp.lastIndex === 0 ? [] : [regExp.lastIndex])],
    makeRegExp
  )
  kind(
    "URL",
    new URL("a:b"),
    (url) => [url.href],
    sized(1, ([href]) => new URL(aString(href)))
  )
  kind(
    "ArrayBuffer",
    new ArrayBuffer(0),
    (buffer) => [Base64.encode(new Uint8Array(buffer))],
    sized(1, ([bytes]) => bytesOf(bytes).buffer)
  )
  for (const View of views)
    kind(
      View.name,
      new View(new ArrayBuffer(0)),
      // Not of its buffer: that may be a pool of other values' bytes.
      (view) => [Base64.encode(new Uint8Array(view.buffer, view.byteOffset, view.byteLength))],
      sized(1, ([bytes]) => new View(bytesOf(bytes).buffer))
    )

  kind(
    "Some",
    Option.some(0),
    (some) => [Option.getOrThrow(some)],
    sized(1, ([value]) => Option.some(value))
  )
  kind(
    "None",
    Option.none(),
    () => [],
    sized(0, () => Option.none())
  )
  kind(
    "Result.Success",
    Result.succeed(0),
    (result) => [Result.getOrThrow(result)],
    sized(1, ([value]) => Result.succeed(value))
  )
  kind(
    "Result.Failure",
    Result.fail(0),
    (result) => (Result.isFailure(result) ? [result.failure] : []),
    sized(1, ([value]) => Result.fail(value))
  )
  kind(
    "Exit.Success",
    Exit.succeed(0),
    (exit) => (Exit.isSuccess(exit) ? [exit.value] : []),
    sized(1, ([value]) => Exit.succeed(value))
  )
  kind(
    "Exit.Failure",
    Exit.fail(0),
    (exit) => (Exit.isFailure(exit) ? [exit.cause] : []),
    sized(1, ([cause]) => Exit.failCause(aCause(cause)))
  )
  kind(
    "Cause",
    Cause.empty,
    (cause) => cause.reasons.flatMap(partsOfReason),
    (parts) => Cause.fromReasons(inPairs(parts).map(makeReason))
  )
  kind<AsyncResult.AsyncResult<unknown, unknown>>(
    "AsyncResult",
    AsyncResult.initial(),
    partsOfAsyncResult,
    makeAsyncResult
  )
  kind<Chunk.Chunk<unknown>>("Chunk", Chunk.empty(), Chunk.toReadonlyArray, (parts) =>
    Chunk.fromIterable(parts)
  )
  kind<HashMap.HashMap<unknown, unknown>>(
    "HashMap",
    HashMap.empty(),
    (map) => HashMap.toEntries(map).flat(1),
    (parts) => HashMap.fromIterable(inPairs(parts))
  )
  kind<HashSet.HashSet<unknown>>(
    "HashSet",
    HashSet.empty(),
    (set) => [...set],
    (parts) => HashSet.fromIterable(parts)
  )
  kind(
    "Duration",
    Duration.zero,
    partsOfDuration,
    sized(1, ([value]) => (isNumber(value) ? Duration.millis(value) : Duration.nanos(aBigInt(value))))
  )
  kind(
    "BigDecimal",
    BigDecimal.make(0n, 0),
    ({ scale, value }) => [value, scale],
    sized(2, ([value, scale]) => BigDecimal.make(aBigInt(value), aNumber(scale)))
  )
  const epoch = DateTime.makeUnsafe(0)
  kind(
    "DateTime.Utc",
    epoch,
    ({ epochMilliseconds }) => [epochMilliseconds],
    sized(1, ([at]) => DateTime.makeUnsafe(aNumber(at)))
  )
  kind(
    "DateTime.Zoned",
    DateTime.makeZonedUnsafe(0, { timeZone: DateTime.zoneMakeOffset(0) }),
    partsOfZoned,
    makeZoned
  )
  const rows: Rows = Collection.make(keyedByHand())
  add(rows, partsOfRows)
  makers.set("Collection", makeCollection)
  makers.set("KeyedRows", makeKeyedRows)

  kind(
    "described",
    new Described("", ""),
    ({ kind, text }) => [kind, text],
    sized(2, ([kind, text]) => new Described(aString(kind), aString(text)))
  )
  add(Redacted.make(0), ({ label }) => ["described", "redacted", label ?? ""])
  for (const host of hosts)
    if (host !== undefined) of.set(host.prototype, (value) => ["described", "host", classNameOf(value)])
  return { of, makers }
}

let made: Kinds | undefined

/** Made when first needed, so that the module does nothing by itself. */
const kinds = (): Kinds => (made ??= makeKinds())

/** A value of these kinds, taken apart; nothing for any other. */
export const takeApart = (value: object): Tagged | undefined => {
  const { of } = kinds()
  for (
    let prototype: unknown = Object.getPrototypeOf(value);
    typeof prototype === "object" && prototype !== null;
    prototype = Object.getPrototypeOf(prototype)
  ) {
    const partsOf = of.get(prototype)
    if (partsOf !== undefined) return partsOf(value)
  }
  return undefined
}

/** How to make a value of this tag of its parts; throws `Refused`, or what a constructor throws. */
export const makerOf = (tag: string): Maker | undefined => kinds().makers.get(tag)
