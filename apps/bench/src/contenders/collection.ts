import { Collection } from "@sluice/core"
import { type PersistentRows, raised, type Row, type RowsContender } from "./rows.ts"

export const collection: RowsContender<PersistentRows> = {
  name: "Collection",
  make: (rows) => {
    const first = Collection.make<Row, "id">("id", rows)
    let current = first
    return {
      start: () => void (current = first),
      get: (id) => current.get(id),
      update: (id) => void (current = current.update(id, raised)),
      insert: (row) => void (current = current.set(row)),
      remove: (id) => void (current = current.remove(id)),
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
      size: () => current.size
    }
  }
}
