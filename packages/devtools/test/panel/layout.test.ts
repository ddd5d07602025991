import { expect, test } from "vitest"
import { columnWidth, layoutOf, rowHeight } from "../../src/panel/views/state/layout.ts"
import { pathKey } from "../../src/panel/ui/path.ts"

const value = (text: string, size = 0) => ({ kind: size > 0 ? "object" : "number", text, size }) as const
const part = (key: string, size = 0) => ({
  label: key,
  step: { kind: "property", key } as const,
  value: value(key, size)
})
const path = (...keys: ReadonlyArray<string>) => pathKey(keys.map((key) => ({ kind: "property", key })))

const told = {
  [path()]: { value: value("root", 3), parts: [part("a"), part("b", 900), part("c", 2)] },
  [path("b")]: { value: value("b", 900), parts: [part("x"), part("y")] }
}

test("a level is a column, leaves are one below the other, and parents beside the middle of their parts", () => {
  const { height, links, nodes, rests, width } = layoutOf(told, [path(), path("b")], "root")
  expect(nodes.map(({ label, level }) => [label, level])).toEqual([
    ["root", 1],
    ["a", 2],
    ["b", 2],
    ["x", 3],
    ["y", 3],
    ["c", 2]
  ])
  const at = (label: string) => nodes.find((node) => node.label === label)
  expect((at("b")?.x ?? 0) - (at("root")?.x ?? 0)).toBe(columnWidth)
  const leaves = [at("a"), at("x"), at("y"), rests[0], at("c")].map((node) => node?.y ?? 0)
  expect(leaves.map((y, index) => y - (leaves[index - 1] ?? y - rowHeight))).toEqual([24, 24, 24, 24, 24])
  expect(at("b")?.y).toBe(at("y")?.y)
  expect(rests).toMatchObject([{ count: 898 }])
  expect(links.length).toBe(nodes.length - 1 + rests.length)
  expect([width > 3 * columnWidth, height > 5 * rowHeight]).toEqual([true, true])
})

test("what is open and has not been told of yet is closed", () => {
  const { nodes } = layoutOf(told, [path(), path("c")], "root")
  expect(nodes.map(({ isOpen, label }) => [label, isOpen])).toEqual([
    ["root", true],
    ["a", false],
    ["b", false],
    ["c", false]
  ])
  expect(layoutOf({}, [path()], "root").nodes).toEqual([])
})
