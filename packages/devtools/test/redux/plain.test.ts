/** States as the monitor is sent them, and back. */
import { Collection } from "@sluice/core"
import * as Cause from "effect/Cause"
import * as Option from "effect/Option"
import * as AsyncResult from "effect/reactivity/AsyncResult"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { MonitorRefused } from "../../src/redux/index.ts"
import { revive, toPlain } from "../../src/redux/plain.ts"
import { sameValue } from "../../src/session/compare.ts"

const through = (value: unknown): unknown => JSON.parse(JSON.stringify(toPlain(value)))

const { value: anything } = fc.letrec((tie) => {
  const value = tie("value")
  const key = fc.oneof(
    fc.string({ maxLength: 3 }),
    fc.constantFrom("$", "$Map", "$value", "__proto__", "a", "toJSON")
  )
  return {
    value: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      fc.oneof(
        fc.string({ maxLength: 5 }),
        fc.boolean(),
        fc.double(),
        fc.integer(),
        fc.constantFrom(null, undefined, -0, Number.NaN, Number.POSITIVE_INFINITY),
        fc.bigInt(),
        fc.date()
      ),
      fc.array(value, { maxLength: 4 }),
      fc.array(fc.tuple(key, value), { maxLength: 4 }).map((fields) => {
        const made = {}
        for (const [name, part] of fields)
          Object.defineProperty(made, name, {
            value: part,
            enumerable: true,
            writable: true,
            configurable: true
          })
        return made
      }),
      fc.array(fc.tuple(value, value), { maxLength: 3 }).map((entries) => new Map(entries)),
      fc.array(value, { maxLength: 3 }).map((members) => new Set(members)),
      value.map((part) => Option.some(part)),
      fc.constant(Option.none()),
      value.map((part) => AsyncResult.success(part, { timestamp: 7, waiting: true })),
      value.map((part) => AsyncResult.failure(Cause.fail(part))),
      fc.constant(AsyncResult.initial(true)),
      fc
        .uniqueArray(fc.record({ id: fc.string({ maxLength: 3 }), part: value }), {
          selector: ({ id }) => id,
          maxLength: 3
        })
        .map((rows) => Collection.make("id", rows)),
      value.map((part) => new Error("it failed", { cause: part }))
    )
  }
})

test("any value is JSON, and comes back", () => {
  fc.assert(
    fc.property(anything, (value) => {
      expect(sameValue(value, revive(through(value), undefined))).toBe(true)
    }),
    { numRuns: 500 }
  )
})

test("whatever is changed in it, it is refused with its place, or is some value", () => {
  fc.assert(
    fc.property(anything, fc.nat(), fc.constantFrom("$", "1", '"', "[]", "null"), (value, pick, other) => {
      const text = JSON.stringify(toPlain(value))
      const at = pick % text.length
      let json: unknown
      try {
        json = JSON.parse(text.slice(0, at) + other + text.slice(at + 1))
      } catch {
        return
      }
      try {
        revive(json, undefined)
      } catch (error) {
        expect(error).toBeInstanceOf(MonitorRefused)
      }
      expect(Object.prototype).not.toHaveProperty("polluted")
    }),
    { numRuns: 500 }
  )
})

test("plain JSON stands for itself, and what has not changed is looked at once", () => {
  const rows = [{ a: 1 }, { a: [true, null, "x"] }]
  expect(toPlain(rows)).toBe(rows)
  const part = new Proxy(
    { at: new Date(0) },
    {
      ownKeys: (target) => {
        looks++
        return Reflect.ownKeys(target)
      }
    }
  )
  let looks = 0
  const first = toPlain({ part, n: 1 })
  const before = looks
  expect(toPlain({ part, n: 2 })).toEqual({ part: { at: { $Date: "1970-01-01T00:00:00.000Z" } }, n: 2 })
  expect(first).toMatchObject({ n: 1 })
  expect([before > 0, looks]).toEqual([true, before])
})

test("no accessor and no toJSON is run; functions and symbols are told", () => {
  const value = {
    get secret(): never {
      throw new Error("it was run")
    },
    toJSON: () => "nothing",
    symbol: Symbol("s")
  }
  expect(through(value)).toMatchObject({
    secret: { $value: "(…)" },
    toJSON: { $value: "ƒ toJSON" },
    symbol: { $value: "Symbol(s)" }
  })
})

test("what is nested deep, or in itself, ends", () => {
  let deep: unknown = 0
  for (let level = 0; level < 100_000; level++) deep = [deep]
  const back = revive(through(deep), undefined)
  let levels = 0
  for (let at: unknown = back; Array.isArray(at); at = at[0]) levels++
  expect(levels).toBe(100_000)
  const around: { self?: unknown } = {}
  around.self = around
  expect(through(around)).toMatchObject({ self: { $value: expect.stringContaining("self") as unknown } })
  const given = JSON.parse(`${"[".repeat(5_000)}${"]".repeat(5_000)}`) as unknown
  expect(() => revive(given, undefined)).toThrow("it is nested too deep")
})

test("a Collection keyed by a function is made of the one that is there, or refused", () => {
  const make = (ids: ReadonlyArray<string>) =>
    Collection.make(
      ({ id }: { readonly id: string }) => id.toUpperCase(),
      ids.map((id) => ({ id }))
    )
  const json = through({ rows: make(["a", "b"]) })
  const made = revive(json, { rows: make(["c"]) }) as { readonly rows: ReturnType<typeof make> }
  expect(made.rows.get("B")).toEqual({ id: "b" })
  expect(() => revive(json, {})).toThrow("no such collection stands there now, at rows.$Collection")
  expect(() => revive({ rows: { $Collection: [null] } }, { rows: make([]) })).toThrow("at rows.$Collection")
  expect(() => revive({ $Collection: [{ id: 1 }, { id: 1 }], key: "id" }, undefined)).toThrow(
    "one row of each key"
  )
  expect(() => revive({ $Collection: [{ id: {} }], key: "id" }, undefined)).toThrow("$Collection[0]")
})
