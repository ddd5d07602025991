import { Collection } from "@sluice/core"
import { raised, type Row } from "../../row.ts"
import type { RowsContender } from "./rows.ts"

export const collection: RowsContender = {
  name: "Collection",
  make: (rows) => {
    const first = Collection.make<Row, "id">("id", rows)
    let current = first
    return {
      get: (id) => current.get(id),
      update: (id) => void (current = current.update(id, raised)),
      iterate: () => {
        let sum = 0
        for (const row of current) sum += row.value
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
        insert: (row) => void (current = current.set(row)),
        remove: (id) => void (current = current.remove(id))
      }
    }
  }
}
