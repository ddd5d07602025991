import { raised } from "../../row.ts"
import type { RowsContender } from "./rows.ts"

/** No versions: who holds the Map sees it change. The price of a change without immutability. */
export const mutableMap: RowsContender = {
  name: "Map, written in place",
  make: (rows) => {
    const map = new Map(rows.map((row) => [row.id, row]))
    return {
      get: (id) => map.get(id),
      update: (id) => {
        const row = map.get(id)
        if (row !== undefined) map.set(id, raised(row))
      },
      iterate: () => {
        let sum = 0
        for (const row of map.values()) sum += row.value
        return sum
      },
      forEach: () => {
        let sum = 0
        map.forEach((row) => void (sum += row.value))
        return sum
      },
      size: () => map.size
    }
  }
}
