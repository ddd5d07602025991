/** What `recompute` does with a change of which no reducer is known, held against a model of single places. */
import { Collection } from "@sluice/core"
import * as fc from "fast-check"
import { expect, test } from "vitest"
import { merge } from "../../src/session/merge.ts"
import { sameValue } from "../../src/session/index.ts"

type Model = ReadonlyMap<string, number>

const model: fc.Arbitrary<Model> = fc
  .dictionary(fc.constantFrom("a", "b", "c", "d"), fc.nat({ max: 2 }), { maxKeys: 4 })
  .map((entries) => new Map(Object.entries(entries)))

const shapes: ReadonlyArray<readonly [string, (model: Model) => unknown]> = [
  ["fields", (model) => Object.fromEntries(model)],
  ["nested fields", (model) => ({ deep: Object.fromEntries(model), same: 1 })],
  ["a Map", (model) => new Map(model)],
  ["a Map of objects", (model) => new Map(Array.from(model, ([key, n]) => [key, { n }]))],
  [
    "rows",
    (model) =>
      Collection.make(
        "id",
        Array.from(model, ([id, n]) => ({ id, n }))
      )
  ]
]

test.each(shapes)(
  "of %s: each place is as it was written, or in conflict and left alone (property)",
  (_, of) => {
    fc.assert(
      fc.property(model, model, model, (value, from, to) => {
        const keys = [...new Set([...value.keys(), ...from.keys(), ...to.keys()])]
        // Kept rows stand in one order: another one is a change of the whole.
        const sorted = (each: Model) => new Map([...each].sort(([a], [b]) => (a < b ? -1 : 1)))
        const expected = new Map(value)
        const conflicts: Array<string> = []
        for (const key of keys) {
          if (from.get(key) === to.get(key)) continue
          if (value.get(key) !== from.get(key)) conflicts.push(key)
          else if (to.has(key)) expected.set(key, to.get(key) ?? 0)
          else expected.delete(key)
        }
        const merged = merge(of(sorted(value)), of(sorted(from)), of(sorted(to)))
        const found = merged.conflicts.map(({ path }) => path.find((step) => keys.includes(String(step))))
        expect(new Set(found)).toEqual(new Set(conflicts))
        const inOrder = (each: unknown) =>
          Collection.isCollection(each)
            ? new Map([...each.entries()].sort(([a], [b]) => (a < b ? -1 : 1)))
            : each
        expect(sameValue(inOrder(of(expected)), inOrder(merged.value))).toBe(true)
      }),
      { seed: 50_054, numRuns: 300 }
    )
  }
)

test("of a Set: by member", () => {
  const { conflicts, value } = merge(new Set([1, 2, 5]), new Set([1, 2, 3]), new Set([2, 4, 5]))
  expect(value).toEqual(new Set([2, 4, 5]))
  expect(conflicts.map(({ path, reason }) => [path, reason])).toEqual([
    [[3], "absent"],
    [[5], "present"]
  ])
})

test("what is an array, or of a class, is one value", () => {
  expect(merge({ list: [1] }, { list: [] }, { list: [2] }).conflicts).toMatchObject([
    { path: ["list"], reason: "changed", recorded: [], wrote: [2], found: [1] }
  ])
  const date = merge({ at: new Date(1), n: 2 }, { at: new Date(1), n: 1 }, { at: new Date(3), n: 1 })
  expect(date).toEqual({ value: { at: new Date(3), n: 2 }, conflicts: [] })
})

test("a change of the order of rows is one value, and fields that follow from others stay", () => {
  const rows = (...ids: ReadonlyArray<string>) =>
    Collection.make(
      "id",
      ids.map((id) => ({ id }))
    )
  expect(merge(rows("a", "b", "c"), rows("a", "b"), rows("b", "a")).conflicts).toHaveLength(1)
  const base = rows("a", "b")
  expect(merge(base.set({ id: "c" }), base, base.remove("a").set({ id: "a" })).conflicts).toHaveLength(1)
  expect(merge({ n: 1, twice: 2 }, { n: 1, twice: 2 }, { n: 2, twice: 4 }, ["twice"])).toEqual({
    value: { n: 2, twice: 2 },
    conflicts: []
  })
})

test("a field of the name `__proto__` is a field", () => {
  const field = (n: number) => JSON.parse(`{"__proto__":${n},"x":1}`) as unknown
  const { conflicts, value } = merge({ ...(field(1) as object), y: 2 }, field(1), field(2))
  expect(conflicts).toEqual([])
  expect(JSON.stringify(value)).toBe('{"__proto__":2,"x":1,"y":2}')
})

test("parts that are shared are merged once, also where ways to them are many", () => {
  const shared = (leaf: unknown, depth: number): unknown => {
    let value: unknown = { leaf }
    for (let at = 0; at < depth; at++) value = { left: value, right: value }
    return value
  }
  const leafOf = (value: unknown, depth: number): unknown => {
    let at = value as { left: unknown; leaf?: unknown }
    for (let level = 0; level < depth; level++) at = at.left as typeof at
    return at.leaf
  }
  const { conflicts, value } = merge({ ...(shared(1, 60) as object), own: 1 }, shared(1, 60), shared(2, 60))
  expect(conflicts).toEqual([])
  expect(leafOf(value, 60)).toBe(2)
  expect((value as { left: unknown }).left).toBe((value as { right: unknown }).right)
  const refused = merge({ ...(shared(3, 60) as object), own: 1 }, shared(1, 60), shared(2, 60))
  expect(refused.conflicts.map(({ reason }) => reason)).toEqual(["changed"])
  expect(refused.conflicts[0]?.path).toHaveLength(61)
})
