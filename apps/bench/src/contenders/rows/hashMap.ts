import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import { raised } from "../../row.ts"
import type { RowsContender } from "./rows.ts"

/** Effect's persistent map. It keeps no order of insertion. */
export const hashMap: RowsContender = {
  name: "Effect HashMap",
  make: (rows) => {
    const first = HashMap.fromIterable(rows.map((row) => [row.id, row] as const))
    let current = first
    return {
      get: (id) => Option.getOrUndefined(HashMap.get(current, id)),
      update: (id) => void (current = HashMap.modify(current, id, raised)),
      iterate: () => {
        let sum = 0
        for (const row of HashMap.values(current)) sum += row.value
        return sum
      },
      forEach: () => {
        let sum = 0
        HashMap.forEach(current, (row) => void (sum += row.value))
        return sum
      },
      size: () => HashMap.size(current),
      growing: {
        start: () => void (current = first),
        insert: (row) => void (current = HashMap.set(current, row.id, row)),
        remove: (id) => void (current = HashMap.remove(current, id))
      }
    }
  }
}
