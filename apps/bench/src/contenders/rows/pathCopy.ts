import { raised, type Row } from "../../row.ts"
import type { RowsContender } from "./rows.ts"

type Trie = ReadonlyArray<Trie | Row>

const width = 32

const build = (rows: ReadonlyArray<Row>): { readonly root: Trie; readonly depth: number } => {
  let level: Trie = rows
  let depth = 0
  while (level.length > width) {
    const below = level
    level = Array.from({ length: Math.ceil(below.length / width) }, (_, i) =>
      below.slice(i * width, (i + 1) * width)
    )
    depth++
  }
  return { root: level, depth }
}

/** The trie with a row raised: copies the nodes from the root down to it. */
const update = (node: Trie, depth: number, index: number): Trie => {
  const copy = node.slice()
  const at = (index >>> (5 * depth)) & (width - 1)
  // By its depth a node holds either nodes or rows.
  copy[at] = depth === 0 ? raised(copy[at] as Row) : update(copy[at] as Trie, depth - 1, index)
  return copy
}

/** What a persistent update cannot do without: find the place, and copy the path to it. No more than that. */
export const pathCopy: RowsContender = {
  name: "Map.get and a 32-way path copy",
  make: (rows) => {
    const places = new Map(rows.map((row, i) => [row.id, i]))
    const { root, depth } = build(rows)
    let current = root
    const get = (id: string): Row | undefined => {
      const index = places.get(id)
      if (index === undefined) return undefined
      let node = current
      for (let level = depth; level > 0; level--) node = node[(index >>> (5 * level)) & (width - 1)] as Trie
      return node[index & (width - 1)] as Row
    }
    const forEach = (node: Trie, level: number, visit: (row: Row) => void): void => {
      for (const part of node) {
        if (level === 0) visit(part as Row)
        else forEach(part as Trie, level - 1, visit)
      }
    }
    const sum = () => {
      let sum = 0
      forEach(current, depth, (row) => void (sum += row.value))
      return sum
    }
    return {
      get,
      update: (id) => {
        const index = places.get(id)
        if (index !== undefined) current = update(current, depth, index)
      },
      iterate: sum,
      forEach: sum,
      size: () => places.size
    }
  }
}
