import { Collection } from "@sluice/core"
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { type Change, diff, formatPath } from "../src/diff.ts"

const lines = (before: unknown, after: unknown) =>
  diff(before, after).changes.map(({ after, before, kind, path }) => {
    const shown = { added: [after], removed: [before], changed: [before, after] }[kind]
    return `${kind} ${formatPath(path)} ${shown.map((value) => JSON.stringify(value)).join(" → ")}`
  })

/** Plain JSON states, as objects whose order of keys is of no matter. */
const json = fc.letrec<{ tree: unknown; leaf: unknown }>((tie) => ({
  leaf: fc.oneof(fc.nat({ max: 3 }), fc.constantFrom("a", "b", null, true)),
  tree: fc.oneof(
    { maxDepth: 4 },
    tie("leaf"),
    fc.dictionary(fc.constantFrom("x", "y", "z"), tie("tree"), { maxKeys: 3, noNullPrototype: true }),
    fc.array(tie("tree"), { maxLength: 5 })
  )
})).tree

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/** What the changes say, done to a copy of `before`. */
const apply = (before: unknown, changes: ReadonlyArray<Change>): unknown => {
  const holder: Record<string, unknown> = { root: structuredClone(before) }
  const target = (path: Change["path"]): { parent: unknown; key: unknown } => {
    let parent: unknown = holder
    let key: unknown = "root"
    for (const step of path) {
      parent = Array.isArray(parent)
        ? parent[Number(key)]
        : isRecord(parent)
          ? parent[String(key)]
          : undefined
      key = step.key
    }
    return { parent, key }
  }
  // Removals in an array last come first: each index is that of the old array.
  const removed = changes.filter((change) => change.kind === "removed").toReversed()
  const others = changes.filter((change) => change.kind !== "removed")
  for (const change of [...others.filter((change) => change.kind === "changed"), ...removed]) {
    const { key, parent } = target(change.path)
    if (Array.isArray(parent)) {
      if (change.kind === "removed") parent.splice(Number(key), 1)
      else parent[Number(key)] = structuredClone(change.after)
    } else if (isRecord(parent)) {
      if (change.kind === "removed") delete parent[String(key)]
      else parent[String(key)] = structuredClone(change.after)
    }
  }
  for (const change of others.filter((change) => change.kind === "added")) {
    const { key, parent } = target(change.path)
    if (Array.isArray(parent)) parent.splice(Number(key), 0, structuredClone(change.after))
    else if (isRecord(parent)) parent[String(key)] = structuredClone(change.after)
  }
  return holder["root"]
}

describe("diff", () => {
  test("its changes lead from the one state to the other", () => {
    fc.assert(
      fc.property(json, json, (before, after) => {
        const { changes, complete } = diff(before, after)
        expect(complete).toBe(true)
        expect(apply(before, changes)).toEqual(after)
      }),
      { numRuns: 1000 }
    )
  })

  test("equal content made anew is no change", () => {
    fc.assert(
      fc.property(json, (state) => {
        expect(diff(state, structuredClone(state)).changes).toEqual([])
      })
    )
  })

  test("does not look into what is the same reference", () => {
    const same = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error("looked into")
        }
      }
    )
    expect(lines({ same, count: 1 }, { same, count: 2 })).toEqual(["changed .count 1 → 2".replace(" .", " ")])
  })

  test("shows an insertion into an array as one change", () => {
    expect(lines({ list: [1, 2, 3] }, { list: [0, 1, 2, 3] })).toEqual(["added list[0] 0"])
    expect(lines({ list: [1, 2, 3] }, { list: [1, 3] })).toEqual(["removed list[1] 2"])
  })

  test("knows Map, Set, Date, bigint, undefined and tagged values", () => {
    const key = { id: 1 }
    expect(
      lines(
        new Map([["a", 1]]),
        new Map([
          ["a", 2],
          ["b", 3]
        ])
      )
    ).toEqual(['changed .get("a") 1 → 2'.replace(" .", " "), 'added .get("b") 3'.replace(" .", " ")])
    expect(lines(new Map([[key, { n: 1 }]]), new Map([[key, { n: 2 }]]))).toEqual([
      "changed get({id: 1}).n 1 → 2"
    ])
    expect(lines(new Set(["a", "b"]), new Set(["b", "c"]))).toEqual(['removed {"a"} "a"', 'added {"c"} "c"'])
    expect(lines({ at: new Date(0) }, { at: new Date(0) })).toEqual([])
    expect(lines({ at: new Date(0) }, { at: new Date(5) })).toHaveLength(1)
    expect(diff({ n: 1n }, { n: 2n }).changes).toMatchObject([{ kind: "changed", before: 1n, after: 2n }])
    expect(diff({ n: undefined }, {}).changes).toMatchObject([{ kind: "removed", before: undefined }])
    expect(diff({ r: { _tag: "A", v: 1 } }, { r: { _tag: "B", v: 1 } }).changes).toMatchObject([
      { kind: "changed", path: [{ key: "r" }] }
    ])
  })

  test("shows values of private classes, and of another class, whole", () => {
    class Secret {
      readonly #value: number
      constructor(value: number) {
        this.#value = value
      }
      get value() {
        return this.#value
      }
    }
    expect(diff({ s: new Secret(1) }, { s: new Secret(2) }).changes).toHaveLength(1)
    expect(diff({ s: new Map() }, { s: new Set() }).changes).toHaveLength(1)
    expect(diff(1, { a: 1 }).changes).toMatchObject([{ kind: "changed", path: [] }])
    expect(formatPath([])).toBe("(whole state)")
  })

  test("ends on cycles and on states deeper than the call stack", () => {
    const cyclic = (n: number) => {
      const value: { n: number; self?: unknown } = { n }
      value.self = value
      return value
    }
    expect(lines(cyclic(1), cyclic(2))).toEqual(["changed n 1 → 2"])
    const deep = (leaf: number) => {
      let value: unknown = leaf
      for (let level = 0; level < 20_000; level++) value = { value }
      return value
    }
    expect(diff(deep(1), deep(2)).changes).toHaveLength(1)
  })

  test("stops at its limits and says so", () => {
    const numbers = (by: number) => Array.from({ length: 1000 }, (_, index) => index + by)
    const many = diff(numbers(0), numbers(5000), { changes: 10, steps: 1e6 })
    expect(many.changes).toHaveLength(10)
    expect(many.complete).toBe(false)
    const copies = () => Array.from({ length: 1000 }, () => ({}))
    expect(diff(copies(), copies(), { changes: 10, steps: 100 })).toEqual({ changes: [], complete: false })
  })
})

describe("diff of collections", () => {
  interface Row {
    readonly id: string
    readonly delay: number
  }
  const ids = ["a", "b", "c", "d", "e"]
  const rows = fc.uniqueArray(fc.record({ id: fc.constantFrom(...ids), delay: fc.nat({ max: 3 }) }), {
    selector: (row) => row.id
  })

  test("tells the rows that came, went or changed", () => {
    fc.assert(
      fc.property(rows, rows, (start, then) => {
        const before = Collection.make<Row, "id">("id", start)
        const after = before.filter((row) => then.some(({ id }) => id === row.id)).setAll(then)
        const expected = ids.flatMap((id) => {
          const old = start.find((row) => row.id === id)
          const now = then.find((row) => row.id === id)
          if (old === undefined) return now === undefined ? [] : [`added ${id}`]
          if (now === undefined) return [`removed ${id}`]
          return old.delay === now.delay ? [] : [`changed ${id}`]
        })
        const found = diff({ before: 1, rows: before }, { before: 1, rows: after }).changes.map(
          ({ kind, path }) => `${kind} ${String(path[1]?.key)}`
        )
        expect(found.toSorted()).toEqual(expected.toSorted())
      })
    )
  })

  test("goes into a changed row, and costs nothing of the others", () => {
    const many = Array.from({ length: 20_000 }, (_, index) => ({ id: `F${index}`, delay: 0 }))
    const before = Collection.make<Row, "id">("id", many)
    const after = before.update("F777", (row) => ({ ...row, delay: 9 }))
    expect(lines({ flights: before }, { flights: after })).toEqual(['changed flights["F777"].delay 0 → 9'])
    expect(diff({ flights: before }, { flights: after }, { changes: 10, steps: 10 }).complete).toBe(true)
  })

  test("shows that a row only moved", () => {
    const row = { id: "a", delay: 0 }
    const before = Collection.make<Row, "id">("id", [row, { id: "b", delay: 0 }])
    const after = before.remove("a").set(row)
    expect(lines(before, after)).toEqual(['changed order ["a","b"] → ["b","a"]'])
  })
})
