/** What the views of channels, profile and modules draw, without drawing it. */
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { areaPath, growthOf, linePath } from "../../src/panel/ui/series.ts"
import { layout } from "../../src/panel/views/modules/layout.ts"
import { barsOf } from "../../src/panel/views/profile/flame.ts"
import { type Call, type Measure, shownOf } from "../../src/panel/views/profile/Recording.ts"

describe("a series", () => {
  const frame = { from: 0, to: 100, max: 10, width: 200, height: 50 }
  const points = [
    { at: 0, value: 0 },
    { at: 25, value: 0 },
    { at: 50, value: 5 },
    { at: 100, value: 20 }
  ]
  test("is drawn in steps, holds each value until the next, and ends at the upper edge", () => {
    expect(linePath(points, frame)).toBe("M0 50H100V25H200V0")
    expect(areaPath(points, frame)).toBe("M0 50H100V25H200V0V50H0Z")
    expect(linePath([], frame)).toBe("")
    expect(areaPath([], frame)).toBe("")
  })
  test("of a number that only grows tells where it grew", () => {
    expect(growthOf(points)).toEqual([
      { at: 50, value: 5 },
      { at: 100, value: 15 }
    ])
  })
})

describe("a graph", () => {
  const edge = (from: string, to: string) => ({ from, to })

  test("stands in layers, and each node right of all that lead to it", () => {
    const placed = layout(
      ["d", "a", "b", "c"],
      [edge("a", "b"), edge("b", "c"), edge("a", "c"), edge("x", "a")]
    )
    expect(Object.fromEntries(placed.map(({ id, layer }) => [id, layer]))).toEqual({ a: 0, d: 0, b: 1, c: 2 })
    // What is joined to nothing is below.
    expect(placed.find(({ id }) => id === "d")?.row).toBe(1)
  })

  test("puts nodes beside those that they are joined to, so that fewer edges cross", () => {
    const placed = layout(["a", "b", "z", "y"], [edge("a", "y"), edge("b", "z")])
    const rowOf = (id: string) => placed.find((place) => place.id === id)?.row
    expect([rowOf("y"), rowOf("z")]).toEqual([rowOf("a"), rowOf("b")])
  })

  test("whatever it is, circles too: each node has one place of its own, and edges that close none go right", () => {
    const ids = ["a", "b", "c", "d", "e", "f"]
    const ends = fc.constantFrom(...ids)
    fc.assert(
      fc.property(fc.array(fc.tuple(ends, ends)), (pairs) => {
        const edges = pairs.map(([from, to]) => edge(from, to))
        const placed = layout(ids, edges)
        expect(placed.map(({ id }) => id).toSorted()).toEqual(ids)
        expect(new Set(placed.map(({ layer, row }) => `${layer} ${row}`)).size).toBe(ids.length)
        const acyclic = edges.filter(({ from, to }) => from < to)
        if (acyclic.length === 0) return
        const layerOf = new Map(layout(ids, acyclic).map(({ id, layer }) => [id, layer]))
        for (const { from, to } of acyclic) expect(layerOf.get(from)).toBeLessThan(layerOf.get(to) ?? 0)
      })
    )
  })
})

const call = (measure: number, totalMs: number, parent?: number): Call => ({
  measure,
  totalMs,
  selfMs: 0,
  count: 1,
  ...(parent === undefined ? {} : { parent })
})

describe("a flame graph", () => {
  const calls = [call(0, 6), call(1, 2), call(2, 3, 0), call(3, 2, 0), call(4, 0.001, 1)]

  test("has each call within the one that made it, as wide as its time, the longest first", () => {
    expect(barsOf(calls, undefined, 0.01)).toEqual([
      { call: 0, depth: 0, from: 0, width: 0.75 },
      { call: 1, depth: 0, from: 0.75, width: 0.25 },
      { call: 2, depth: 1, from: 0, width: 0.375 },
      { call: 3, depth: 1, from: 0.375, width: 0.25 }
    ])
  })

  test("of one call is that call's whole width", () => {
    expect(barsOf(calls, 0, 0.01)).toEqual([
      { call: 0, depth: 0, from: 0, width: 1 },
      { call: 2, depth: 1, from: 0, width: 0.5 },
      { call: 3, depth: 1, from: 0.5, width: 2 / 6 }
    ])
    expect(barsOf([], undefined, 0)).toEqual([])
  })
})

test("measures are filtered by kind and words, and sorted by what the user chose", () => {
  const measure = (
    kind: Measure["kind"],
    name: string,
    count: number,
    totalMs: number,
    selfMs: number
  ): Measure => ({
    kind,
    instanceId: "Cart#1",
    name,
    count,
    totalMs,
    selfMs,
    maxMs: totalMs
  })
  const all = [
    measure("reducer", "add", 4, 8, 8),
    measure("handler", "audit: add", 1, 90, 2),
    measure("computed", "total", 8, 10, 9)
  ]
  const names = (given: Partial<Parameters<typeof shownOf>[1]>) =>
    shownOf(all, { kind: null, search: "", sort: { by: "selfMs", descending: true }, ...given }).map(
      ({ name }) => name
    )
  expect(names({})).toEqual(["total", "add", "audit: add"])
  expect(names({ sort: { by: "totalMs", descending: true } })).toEqual(["audit: add", "total", "add"])
  expect(names({ sort: { by: "meanMs", descending: false } })).toEqual(["total", "add", "audit: add"])
  expect(names({ sort: { by: "name", descending: false } })).toEqual(["total", "audit: add", "add"])
  expect(names({ kind: "handler" })).toEqual(["audit: add"])
  expect(names({ search: "CART add" })).toEqual(["add", "audit: add"])
})
