import { raised, type Row } from "../../row.ts"
import type { RowsContender } from "./rows.ts"

/** Immutable rows as one writes them without a library: each change copies all. */
export const copiedMap: RowsContender = {
  name: "Map, copied",
  copiesUpTo: 10_000,
  make: (rows) => {
    const first: ReadonlyMap<string, Row> = new Map(rows.map((row) => [row.id, row]))
    let current = first
    const change = (f: (copy: Map<string, Row>) => void) => {
      const copy = new Map(current)
      f(copy)
      current = copy
    }
    return {
      get: (id) => current.get(id),
      update: (id) => {
        const row = current.get(id)
        if (row !== undefined) change((copy) => copy.set(id, raised(row)))
      },
      iterate: () => {
        let sum = 0
        for (const row of current.values()) sum += row.value
        return sum
      },
      forEach: () => {
        let sum = 0
        current.forEach((row) => void (sum += row.value))
        return sum
      },
      size: () => current.size,
      growing: {
        start: () => void (current = first),
        insert: (row) => change((copy) => copy.set(row.id, row)),
        remove: (id) => change((copy) => copy.delete(id))
      }
    }
  }
}
