import { Collection } from "@sluice/core"
import * as Option from "effect/Option"
import * as AsyncResult from "effect/reactivity/AsyncResult"
import * as Redacted from "effect/Redacted"
import * as Result from "effect/Result"
import { describe, expect, test } from "vitest"
import { apply, decode, decodePatch, encode, patch, type Patch, sizeOf } from "../../src/codec/index.ts"
import { Flight } from "./values.ts"

const made = (patch: Patch, value: unknown) => Result.getOrThrow(apply(patch, value))
const refusal = (patch: Patch, value: unknown) => Option.getOrThrow(Result.getFailure(apply(patch, value)))
const sent = (value: unknown) => Result.getOrThrow(decode(JSON.parse(JSON.stringify(encode(value)))))

interface Row {
  readonly id: string
  readonly delay: number
}

/** Rows that count how often one of their fields is looked at. */
const watched = (count: number) => {
  const looked = new Set<string>()
  const watch = (row: Row): Row =>
    new Proxy(row, {
      getOwnPropertyDescriptor: (target, key) => {
        looked.add(target.id)
        return Reflect.getOwnPropertyDescriptor(target, key)
      },
      ownKeys: (target) => {
        looked.add(target.id)
        return Reflect.ownKeys(target)
      }
    })
  const rows = Array.from({ length: count }, (_, index) => watch({ id: `F${index}`, delay: 0 }))
  return { looked, watch, rows: Collection.make("id", rows) }
}

describe("one row of 10,000", () => {
  test("makes a patch of that row, and no other is looked at", () => {
    const { looked, rows, watch } = watched(10_000)
    const before = { flights: rows, filter: "" }
    const after = { ...before, flights: rows.update("F777", (row) => watch({ id: row.id, delay: 9 })) }
    looked.clear()
    const found = patch(before, after)
    expect([...looked]).toEqual(["F777"])
    expect(found).toEqual({
      kind: "fields",
      changed: [
        [
          "flights",
          {
            kind: "rows",
            changed: [
              [
                "F777",
                {
                  kind: "fields",
                  changed: [["delay", { kind: "replace", from: 0, to: 9 }]],
                  removed: [],
                  inserted: []
                }
              ]
            ],
            removed: [],
            inserted: []
          }
        ]
      ],
      removed: [],
      inserted: []
    })
    expect(JSON.stringify(encode(found)).length).toBeLessThan(600)
    looked.clear()
    const result = made(found, before) as typeof before
    expect([...looked]).toEqual(["F777"])
    expect(result.flights.get("F777")).toEqual({ id: "F777", delay: 9 })
    expect(result.flights.get("F778")).toBe(rows.get("F778"))
  })

  test("that came, went or came back makes a patch of that row", () => {
    const { looked, rows, watch } = watched(10_000)
    const row = watch({ id: "new", delay: 1 })
    looked.clear()
    expect(patch(rows, rows.set(row))).toMatchObject({ kind: "rows", inserted: [["new", row]] })
    const gone = rows.remove("F5")
    expect(patch(rows, gone)).toMatchObject({ removed: [["F5", rows.get("F5")]], inserted: [] })
    expect(patch(gone, rows)).toMatchObject({ removed: [], inserted: [["F5", rows.get("F5"), "F6"]] })
    expect([...looked].toSorted()).toEqual(["F5", "new"])
    expect(made(patch(gone, rows), gone)).toMatchObject({ size: 10_000 })
  })
})

describe("a patch", () => {
  const { rows } = watched(0)

  test("has the rows that changed of collections that share nothing", () => {
    const before = rows.setAll([
      { id: "a", delay: 1 },
      { id: "b", delay: 2 }
    ])
    const after = Collection.make("id", [
      { id: "c", delay: 3 },
      { id: "a", delay: 1 },
      { id: "b", delay: 5 }
    ])
    expect(patch(before, after)).toMatchObject({
      changed: [["b", { changed: [["delay", { from: 2, to: 5 }]] }]],
      inserted: [["c", { id: "c", delay: 3 }, "a"]]
    })
  })

  test("of an array has what was inserted and removed, and goes into what changed", () => {
    const list = Array.from({ length: 100 }, (_, index) => ({ index }))
    expect(patch(list, list.toSpliced(50, 0, { index: -1 }))).toEqual({
      kind: "elements",
      length: 100,
      changed: [],
      splices: [[50, [], [{ index: -1 }]]]
    })
    const first = list[0]
    expect(patch(list, [...list.slice(1), first])).toMatchObject({
      splices: [
        [0, [first], []],
        [100, [], [first]]
      ]
    })
    expect(patch(list, list.with(7, { index: 70 }))).toMatchObject({
      changed: [[7, { kind: "fields", changed: [["index", { from: 7, to: 70 }]] }]],
      splices: []
    })
  })

  test("of a result that is loaded again has none of what was loaded", () => {
    const loaded = AsyncResult.success(
      Array.from({ length: 1000 }, (_, index) => ({ index })),
      { timestamp: 5 }
    )
    const found = patch({ loaded }, { loaded: AsyncResult.waiting(loaded) })
    expect(sizeOf(found)).toBeLessThan(300)
    const result = made(found, { loaded }) as { loaded: typeof loaded }
    expect(result.loaded.waiting).toBe(true)
    expect(result.loaded.value).toBe(loaded.value)
  })

  test("replaces what is smaller whole", () => {
    const numbers = (by: number) => Array.from({ length: 30 }, (_, index) => index * by)
    expect(patch(numbers(1), numbers(100))).toMatchObject({ kind: "replace" })
    expect(patch({ a: { b: 1 } }, { a: [] })).toMatchObject({ changed: [["a", { kind: "replace" }]] })
  })

  test("replaces an instance that may be more than its fields, unless its class is given", () => {
    const [before, after] = [new Flight("AA", 1), new Flight("AA", 2)]
    expect(patch(before, after)).toEqual({ kind: "replace", from: before, to: after })
    const classes = { Flight }
    const found = patch(before, after, { classes })
    expect(found).toMatchObject({ kind: "fields", changed: [["crew", { from: 1, to: 2 }]] })
    const result = Result.getOrThrow(apply(found, before, { classes }))
    expect(result).toEqual(after)
    expect(result).toBeInstanceOf(Flight)
    // Where there is no such class, it is its fields.
    expect(encode(made(found, sent(before)))).toEqual(encode(after))
  })

  test("sees another function and another secret", () => {
    const before = { run: () => 1, key: Redacted.make("a") }
    const after = { run: () => 1, key: Redacted.make("b") }
    const result = made(patch(before, after), before) as typeof after
    expect(result.run).toBe(after.run)
    expect(result.key).toBe(after.key)
  })

  test("keeps accessors, and never runs one", () => {
    const before = {
      n: 1,
      list: [1],
      get computed(): number {
        throw new Error("ran")
      }
    }
    const after = Object.defineProperties(
      {},
      { ...Object.getOwnPropertyDescriptors(before), n: { value: 2 } }
    )
    expect(made(patch(before, after), before)).toBe(after)
  })

  test("keeps the order of fields, entries and members", () => {
    const before = { b: 1, a: 1, 7: 1 }
    const after = { c: 2, a: 1, b: 1, 3: 1, 7: 1 }
    expect(Object.keys(made(patch(before, after), before) as object)).toEqual(["3", "7", "c", "a", "b"])
    const set = new Set([3, 1, 2])
    expect([...(made(patch(new Set([1, 2, 3]), set), new Set([1, 2, 3])) as typeof set)]).toEqual([3, 1, 2])
  })

  test("of what is shared is made once and applied once", () => {
    const leaf = (n: number): object => {
      let value: object = { n }
      for (let level = 0; level < 60; level++) value = { left: value, right: value }
      return value
    }
    const [before, after] = [leaf(1), leaf(2)]
    const result = made(patch(before, after), before) as { left: unknown; right: unknown }
    expect(result.left).toBe(result.right)
    expect(encode(result)).toEqual(encode(after))
  })

  test("goes through what is nested deeper than functions may call, and through cycles", () => {
    const deep = (leaf: number) => {
      let value: unknown = leaf
      for (let level = 0; level < 50_000; level++) value = { value }
      return value
    }
    const [before, after] = [deep(1), deep(2)]
    expect(JSON.stringify(encode(made(patch(before, after), before)))).toBe(JSON.stringify(encode(after)))
    const cyclic = (n: number) => {
      const value: { n: number; self?: unknown } = { n }
      value.self = value
      return value
    }
    expect(made(patch(cyclic(1), cyclic(2)), cyclic(1))).toMatchObject({ n: 2, self: { n: 2 } })
  })

  test("finds keys that are objects by what they are, in another context", () => {
    const [one, two] = [{ id: 1 }, { id: 2 }]
    const before = new Map([
      [one, "a"],
      [two, "b"]
    ])
    const after = new Map([...before, [two, "c"]])
    const received = Result.getOrThrow(decodePatch(encode(patch(before, after))))
    expect(made(received, sent(before))).toEqual(after)
  })

  test("brings rows to a decoded collection that is keyed by a function", () => {
    const keyOf = (row: Row) => `${row.id}!`
    const before = Collection.make(keyOf, [{ id: "a", delay: 1 }])
    const after = before.update("a!", (row) => ({ ...row, delay: 2 })).set({ id: "b", delay: 3 })
    const received = Result.getOrThrow(decodePatch(encode(patch(before, after))))
    const result = made(received, sent(before))
    expect(encode(result)).toEqual(encode(after))
    expect(encode(made(patch(after, before), result))).toEqual(encode(before))
  })
})

describe("a value that a patch is not for", () => {
  const base = {
    count: 1,
    list: [{ n: 1 }, { n: 2 }],
    names: new Map([["a", 1]]),
    tags: new Set(["x"]),
    rows: Collection.make("id", [{ id: "F1", delay: 1 }]),
    maybe: Option.some(1) as Option.Option<unknown>
  }
  const later = {
    ...base,
    rows: base.rows.update("F1", (row) => ({ ...row, delay: 2 }))
  }

  test.each<readonly [string, unknown, unknown, string, string]>([
    ["another number", { ...base, count: 2 }, { ...base, count: 5 }, "count", "it is another value"],
    ["a row that is gone", later, { ...base, rows: base.rows.clear() }, "rows.F1", "it is not there"],
    [
      "a row that changed",
      later,
      { ...base, rows: base.rows.set({ id: "F1", delay: 7 }) },
      "rows.F1.delay",
      "it is another value"
    ],
    [
      "a longer array",
      { ...base, list: [{ n: 0 }, ...base.list] },
      { ...base, list: [] },
      "list",
      "0 elements"
    ],
    [
      "an element that changed",
      { ...base, list: base.list.slice(1) },
      { ...base, list: [{ n: 9 }, { n: 2 }] },
      "list.0",
      "it is another value"
    ],
    [
      "an entry that is there",
      { ...base, names: new Map([...base.names, ["b", 1]]) },
      { ...base, names: new Map([["b", 3]]) },
      "names.b",
      "it is there already"
    ],
    [
      "a member that is gone",
      { ...base, tags: new Set() },
      { ...base, tags: new Set() },
      "tags.x",
      "it is not there"
    ],
    ["another kind", { ...base, names: new Map() }, { ...base, names: {} }, "names", "it is no Map"],
    [
      "nothing",
      { ...base, maybe: Option.some(2) },
      { ...base, maybe: Option.none() },
      "maybe",
      "it is no Some"
    ],
    ["no object", { ...base, count: 2 }, 7, "", "it is no object of fields"]
  ])("is shown with its place: %s", (_, after, other, place, issue) => {
    const error = refusal(patch(base, after), other)
    expect(error._tag).toBe("PatchConflict")
    expect(error.path.map(({ key }) => String(key)).join(".")).toBe(place)
    expect(error.issue).toContain(issue)
    expect(error.message).toContain(issue)
  })

  test("has a row of that key already, or is given one of another", () => {
    const row = { id: "F2", delay: 0 }
    const added = patch(base.rows, base.rows.set(row))
    expect(refusal(added, base.rows.set(row)).issue).toBe("it is there already")
    const renamed: Patch = { kind: "rows", changed: [], removed: [], inserted: [["F3", row]] }
    expect(refusal(renamed, base.rows).issue).toBe("its row has another key")
  })

  test("is shown though its key cannot be", () => {
    const key: unknown = Object.create(null)
    const change = patch(new Map([[key, 1]]), new Map([[key, 2]]))
    expect(refusal(change, new Map([[key, 3]])).message).toMatch(/^At \(\): it is another value/)
    expect(refusal(change, new Map()).path).toEqual([{ kind: "key", key }])
  })

  test("may be another where the patch changes nothing", () => {
    const other = { ...base, count: 9, rows: base.rows.set({ id: "F2", delay: 0 }) }
    const result = made(patch(base, later), other) as typeof base
    expect(result.rows.toArray()).toEqual([
      { id: "F1", delay: 2 },
      { id: "F2", delay: 0 }
    ])
    expect(result.count).toBe(9)
  })
})

describe("a patch from outside", () => {
  const failure = (value: unknown) => Result.getFailure(decodePatch(encode(value)))

  test("is checked, and refused with its place", () => {
    expect(failure({ kind: "run" })).toMatchObject({ value: { path: ["kind"], _tag: "InvalidEncoded" } })
    const bad = { kind: "fields", changed: [["a", { kind: "elements" }]], removed: [], inserted: [] }
    expect(failure(bad)).toMatchObject({ value: { path: ["changed", 0, 1, "changed"] } })
    expect(failure({ ...bad, changed: [[1, { kind: "same" }]] })).toMatchObject({
      value: { path: ["changed"] }
    })
    expect(failure(patch({ a: 1 }, { a: 2 }))).toMatchObject({ _tag: "None" })
  })

  test("that leads into itself is refused", () => {
    const loop: { kind: string; changed: Array<unknown>; tag: string } = {
      kind: "parts",
      changed: [],
      tag: "Some"
    }
    loop.changed.push([0, loop])
    expect(failure(loop)).toMatchObject({ value: { issue: "a patch that is in itself" } })
  })
})
