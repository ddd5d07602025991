import { raised } from "../../row.ts"
import type { RowsContender } from "./rows.ts"

/** Immutable rows as one writes them without a library: each change copies all, and a row is searched for. */
export const copiedArray: RowsContender = {
  name: "array, copied",
  copiesUpTo: 10_000,
  make: (rows) => {
    let current = rows
    return {
      get: (id) => current.find((row) => row.id === id),
      update: (id) => void (current = current.map((row) => (row.id === id ? raised(row) : row))),
      iterate: () => {
        let sum = 0
        for (const row of current) sum += row.value
        return sum
      },
      forEach: () => {
        let sum = 0
        for (let i = 0; i < current.length; i++) sum += current[i]!.value
        return sum
      },
      size: () => current.length,
      growing: {
        start: () => void (current = rows),
        insert: (row) => void (current = [...current, row]),
        remove: (id) => void (current = current.filter((row) => row.id !== id))
      }
    }
  }
}
