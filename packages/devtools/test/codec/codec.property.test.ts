import * as Result from "effect/Result"
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { decode, encode, InvalidEncoded } from "../../src/codec/index.ts"
import { classes, graphs, sameGraph, values } from "./values.ts"

const bytes = (value: unknown) => JSON.stringify(encode(value))
const bytesWithClasses = (value: unknown) => JSON.stringify(encode(value, { classes }))
const overJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

const any = fc.oneof(values, graphs)
const runs = { numRuns: 1500, verbose: fc.VerbosityLevel.Verbose }

describe("a value that was encoded", () => {
  test("is decoded to the same value, over JSON and over a structured clone", () => {
    fc.assert(
      fc.property(any, (value) => {
        const encoded = encode(value, { classes })
        for (const sent of [overJson(encoded), structuredClone(encoded)])
          expect(sameGraph(Result.getOrThrow(decode(sent, { classes })), value)).toBe(true)
      }),
      runs
    )
  }, 60_000)

  test("gives the same bytes each time, and so does what it is decoded to", () => {
    fc.assert(
      fc.property(any, (value) => {
        const encoded = bytesWithClasses(value)
        expect(bytesWithClasses(value)).toBe(encoded)
        expect(bytesWithClasses(Result.getOrThrow(decode(JSON.parse(encoded), { classes })))).toBe(encoded)
      }),
      runs
    )
  }, 60_000)

  test("keeps its bytes through someone who knows none of its classes", () => {
    fc.assert(
      fc.property(any, (value) => {
        const encoded = bytes(value)
        const there = Result.getOrThrow(decode(JSON.parse(encoded)))
        expect(bytes(there)).toBe(encoded)
        const back = Result.getOrThrow(decode(encode(there), { classes }))
        expect(sameGraph(back, value)).toBe(true)
      }),
      runs
    )
  }, 60_000)
})

/** A place in the JSON, by turns, and what to put there. */
const mutation = fc.record({
  at: fc.array(fc.nat(), { minLength: 1, maxLength: 4 }),
  to: fc.oneof(
    fc.jsonValue({ maxDepth: 2 }),
    fc.nat(20).map((index) => [index]),
    fc.constantFrom<unknown>(
      "__proto__",
      ["bigint", "1e9"],
      ["constructor"],
      ["toString", 1],
      ["sparse", 4e9],
      ["Map", [0], [0]],
      ["Some", [0]],
      ["{}", "__proto__", [0]],
      ["instance", "__proto__", "x", 1],
      ["instance", "Flight", "__proto__", [0]],
      ["Error", "TypeError", "stack", "x"],
      ["RegExp", "(", ""],
      ["Collection", "__proto__", [0]],
      ["HashMap", [0], [0]],
      ["DateTime.Zoned", 0, "Nowhere/City"]
    )
  ),
  how: fc.constantFrom("replace", "remove", "double")
})

const mutate = (
  data: unknown,
  { at, how, to }: typeof mutation extends fc.Arbitrary<infer M> ? M : never
): void => {
  let target: unknown = data
  for (const [depth, turn] of at.entries()) {
    if (typeof target !== "object" || target === null) return
    const keys = Object.keys(target)
    const key = keys[turn % keys.length]
    if (key === undefined) return
    const next: unknown = Reflect.get(target, key)
    if (depth < at.length - 1 && typeof next === "object" && next !== null) {
      target = next
      continue
    }
    if (how === "replace") Reflect.set(target, key, to)
    else if (!Array.isArray(target)) Reflect.deleteProperty(target, key)
    else if (how === "remove") target.splice(Number(key), 1)
    else target.splice(Number(key), 0, target[Number(key)])
    return
  }
}

describe("data that is no encoding, or another one", () => {
  const prototypes = [Object.prototype, Array.prototype, Map.prototype, Function.prototype, Error.prototype]
  const own = () => prototypes.map((prototype) => Reflect.ownKeys(prototype).length)

  test("is refused with its place or decoded, and nothing else ever happens", () => {
    const before = own()
    let refused = 0
    fc.assert(
      fc.property(any, fc.array(mutation, { minLength: 1, maxLength: 3 }), (value, mutations) => {
        const data = overJson(encode(value))
        for (const each of mutations) mutate(data, each)
        const result = decode(data, { classes, limits: { parts: 100_000 } })
        if (Result.isFailure(result)) {
          refused++
          expect(result.failure).toBeInstanceOf(InvalidEncoded)
          expect(result.failure.message).toContain(result.failure.issue)
        } else {
          expect(() => bytesWithClasses(result.success)).not.toThrow()
        }
        expect(own()).toEqual(before)
      }),
      { ...runs, numRuns: 4000 }
    )
    expect(refused).toBeGreaterThan(400)
  }, 60_000)

  test("may be any JSON", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.jsonValue(), fc.anything(), fc.record({ root: fc.anything(), nodes: fc.anything() })),
        (data) => {
          const result = decode(data)
          if (Result.isFailure(result)) expect(result.failure).toBeInstanceOf(InvalidEncoded)
        }
      ),
      runs
    )
  }, 60_000)
})
