import { Collection } from "@sluice/core"
import * as Option from "effect/Option"
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { firstDifference, formatPath, sameValue, valueAt } from "../../src/session/index.ts"

const rows = (...ids: ReadonlyArray<string>) =>
  Collection.make(
    "id",
    ids.map((id) => ({ id, n: { of: id } }))
  )

class Point {
  readonly x: number
  constructor(x: number) {
    this.x = x
  }
}

class Secret {
  readonly #n: number
  constructor(n: number) {
    this.#n = n
  }
  get n() {
    return this.#n
  }
}

describe("the same", () => {
  const cycle = () => {
    const made: Record<string, unknown> = { n: 1 }
    made["self"] = made
    return made
  }
  test.each<[string, () => unknown]>([
    ["numbers", () => Number.NaN],
    ["bigints", () => 10n ** 20n],
    ["dates", () => new Date(5)],
    ["invalid dates", () => new Date(Number.NaN)],
    ["maps in any order", () => new Map([["a", { n: 1 }]])],
    ["maps with objects for keys", () => new Map([[{ n: 1 }, [1]]])],
    ["sets of objects", () => new Set([{ n: 1 }, { n: 2 }])],
    ["collections", () => rows("a", "b")],
    ["bytes", () => new Uint8Array([1, 2])],
    ["expressions", () => /a/g],
    ["URLs", () => new URL("https://desk.example/a")],
    ["errors", () => new TypeError("no", { cause: [1] })],
    ["instances", () => new Point(1)],
    ["Options", () => Option.some({ n: 1 })],
    ["cycles", cycle],
    ["objects without a prototype", () => Object.assign(Object.create(null) as object, { n: 1 })]
  ])("%s", (_, make) => {
    expect(sameValue({ in: make() }, { in: make() })).toBe(true)
  })
})

describe("the first difference", () => {
  test.each<[string, unknown, unknown, string]>([
    ["0 and -0", { n: 0 }, { n: -0 }, "n"],
    ["a bigint and a number", [1n], [1], "[0]"],
    ["of dates", { at: new Date(1) }, { at: new Date(2) }, "at"],
    ["of fields", { a: { b: [1, 2] } }, { a: { b: [1, 3] } }, "a.b[1]"],
    ["undefined and absent", { a: undefined }, {}, "a"],
    ["absent and undefined", {}, { a: undefined }, "a"],
    ["of lengths", [1], [1, 2], "[1]"],
    ["of entries", new Map([["k", 1]]), new Map([["k", 2]]), "k"],
    ["of members", new Set([1]), new Set([2]), "[1]"],
    ["of members that are objects", new Set([{ n: 1 }]), new Set([{ n: 2 }]), "[[object Object]]"],
    ["of rows", { rows: rows("a", "b") }, { rows: rows("a") }, "rows.b"],
    ["of the order of rows", rows("a", "b"), rows("b", "a"), "order"],
    ["of classes", new Point(1), { x: 1 }, "(whole)"],
    ["of instances", [new Point(1)], [new Point(2)], "[0].x"],
    ["of what a class keeps private", new Secret(1), new Secret(1), "(whole)"],
    ["of Options", Option.some(1), Option.none(), "(whole)"],
    ["of errors", new Error("a"), new Error("b"), "message"],
    ["of functions", { f: () => 1 }, { f: () => 1 }, "f"]
  ])("%s", (_, before, after, path) => {
    const found = firstDifference(before, after)
    expect(found && formatPath(found.path)).toBe(path)
  })

  test("says what stands there", () => {
    expect(firstDifference({ a: [1, { b: 2 }] }, { a: [1, { b: 3 }] })).toEqual({
      path: ["a", 1, "b"],
      before: 2,
      after: 3
    })
  })

  test("of a list of 100,000 links is found without a deep stack", () => {
    const list = (last: number) => {
      let made: unknown = last
      for (let n = 0; n < 100_000; n++) made = { made }
      return made
    }
    expect(sameValue(list(1), list(1))).toBe(true)
    expect(firstDifference(list(1), list(2))?.path).toHaveLength(100_000)
  })

  test("agrees with JSON on plain values (property), and leads to its place", () => {
    const json = fc.jsonValue({ maxDepth: 3 }).map((value) => JSON.parse(JSON.stringify(value)) as unknown)
    fc.assert(
      fc.property(json, json, (a, b) => {
        const copy = structuredClone(a)
        expect(sameValue(a, copy)).toBe(true)
        const found = firstDifference(a, b)
        const sorted = (value: unknown): unknown =>
          JSON.stringify(value, (_, inner: unknown) =>
            typeof inner === "object" && inner !== null && !Array.isArray(inner)
              ? Object.fromEntries(Object.entries(inner).sort(([x], [y]) => (x < y ? -1 : 1)))
              : inner
          )
        expect(found === undefined).toBe(sorted(a) === sorted(b))
        if (found === undefined) return
        if (found.path.at(-1) === "length") return
        expect(valueAt(a, found.path)).toEqual(found.before)
        expect(valueAt(b, found.path)).toEqual(found.after)
      }),
      { seed: 50_052, numRuns: 500 }
    )
  })
})

test("a length costs nothing: of long arrays with holes, what stands in them is compared", () => {
  const make = (at: number, value: unknown) => {
    const array: Array<unknown> = [0]
    array.length = 400_000_000
    array[at] = value
    return array
  }
  expect(firstDifference(make(300_000_000, 1), make(300_000_000, 1))).toBeUndefined()
  expect(firstDifference(make(300_000_000, 1), make(300_000_000, 2))?.path).toEqual([300_000_000])
  expect(firstDifference(make(5, 1), make(300_000_000, 1))?.path).toEqual([5])
  expect(firstDifference(make(2000, 1), [0])?.path).toEqual([2000])
})

test("members and keys that are shared are compared once, however deep they are; in a circle it ends", () => {
  const shared = (leaf: number) => {
    let value: ReadonlySet<unknown> = new Set([leaf])
    for (let depth = 0; depth < 40; depth++) value = new Set([value, new Map([[value, depth]])])
    return value
  }
  const begun = performance.now()
  expect(sameValue(shared(1), shared(1))).toBe(true)
  expect(sameValue(shared(1), shared(2))).toBe(false)
  expect(performance.now() - begun).toBeLessThan(1000)

  const circle = (leaf: number) => {
    const set = new Set<unknown>([leaf])
    return set.add(set)
  }
  expect(sameValue(circle(1), circle(1))).toBe(true)
  expect(sameValue(circle(1), circle(2))).toBe(false)
})
