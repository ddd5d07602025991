import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { pageSize, rootPath, type TreeLine, treeLines } from "../src/treeLines.ts"

const texts = (lines: ReadonlyArray<TreeLine>) =>
  lines.map(({ isOpen, label, level, text }) =>
    `${" ".repeat(level - 1)}${isOpen === undefined ? "" : isOpen ? "▾" : "▸"}${label} ${text}`.trimEnd()
  )

/** Opens the lines with these labels, one after another. */
const open = (value: unknown, ...labels: ReadonlyArray<string>) => {
  const opened = new Set([rootPath])
  for (const label of labels) {
    const line = treeLines("state", value, opened).find((line) => line.label === label)
    if (line === undefined) throw new Error(`no line ${label}`)
    opened.add(line.path)
  }
  return treeLines("state", value, opened)
}

describe("the lines of a tree", () => {
  test("show what is opened, and look into nothing else", () => {
    const hidden = {
      get secret(): never {
        throw new Error("looked into")
      }
    }
    const value = { a: { b: [1, { c: hidden }] }, closed: { hidden } }
    expect(texts(open(value, "a", "b"))).toEqual([
      "▾state {a: {…}, closed: {…}}",
      " ▾a {b: [2]}",
      "  ▾b [1, {…}] (2)",
      "   0 1",
      "   ▸1 {c: {…}}",
      " ▸closed {hidden: {…}}"
    ])
  })

  test("end where a value contains itself", () => {
    const value: { name: string; self?: unknown } = { name: "x" }
    value.self = { back: value }
    expect(texts(open(value, "self"))).toEqual([
      '▾state {name: "x", self: {…}}',
      ' name "x"',
      " ▾self {back: {…}}",
      "  back ↺ contains itself"
    ])
  })

  test("lay many parts out in pages, so that no line opens more than a hundred", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 25_000 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (size, at) => {
          const value = Array.from({ length: size }, (_, index) => `line ${index}`)
          const wanted = `"line ${Math.min(size - 1, Math.floor(size * at))}"`
          const opened = new Set<string>()
          // Opens, level by level, the line under which the wanted one is.
          let lines = treeLines("state", value, opened)
          for (let last: string | undefined; ;) {
            const path = lines.findLast((line) => {
              if (line.isOpen !== false) return false
              const [from = 0, to = Infinity] =
                line.label.match(/[\d,]+/g)?.map((n) => Number(n.replaceAll(",", ""))) ?? []
              return (
                line.label === "state" ||
                (from <= size * at && Math.min(size - 1, Math.floor(size * at)) <= to)
              )
            })?.path
            if (path === undefined || path === last) break
            last = path
            opened.add(path)
            const before = lines.length
            lines = treeLines("state", value, opened)
            expect(lines.length - before).toBeLessThanOrEqual(pageSize)
          }
          if (size > 0) expect(lines.some((line) => line.text === wanted)).toBe(true)
          expect(new Set(lines.map((line) => line.path)).size).toBe(lines.length)
        }
      )
    )
  })
})
