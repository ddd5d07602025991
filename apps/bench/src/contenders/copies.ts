/** Immutable rows as one writes them without a library: each change copies all. */
import { type PersistentRows, raised, type Row, type RowsContender } from "./rows.ts"

export const copiedMap: RowsContender<PersistentRows> = {
  name: "Map, copied",
  make: (rows) => {
    const first: ReadonlyMap<string, Row> = new Map(rows.map((row) => [row.id, row]))
    let current = first
    const change = (f: (copy: Map<string, Row>) => void) => {
      const copy = new Map(current)
      f(copy)
      current = copy
    }
    return {
      start: () => void (current = first),
      get: (id) => current.get(id),
      update: (id) => {
        const row = current.get(id)
        if (row !== undefined) change((copy) => copy.set(id, raised(row)))
      },
      insert: (row) => change((copy) => copy.set(row.id, row)),
      remove: (id) => change((copy) => copy.delete(id)),
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
      size: () => current.size
    }
  }
}

export const copiedArray: RowsContender<PersistentRows> = {
  name: "array, copied",
  make: (rows) => {
    let current = rows
    return {
      start: () => void (current = rows),
      get: (id) => current.find((row) => row.id === id),
      update: (id) => void (current = current.map((row) => (row.id === id ? raised(row) : row))),
      insert: (row) => void (current = [...current, row]),
      remove: (id) => void (current = current.filter((row) => row.id !== id)),
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
      size: () => current.length
    }
  }
}
