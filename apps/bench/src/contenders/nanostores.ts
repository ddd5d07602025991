import { atom, computed, listenKeys, map, type ReadableAtom } from "nanostores"
import { type Contender, initial, pool } from "../contender.ts"
import { raised, type Row } from "../row.ts"

export const nanostores: Contender = {
  name: "nanostores",
  counter: () => {
    const $counter = map(initial)
    return {
      watch: (probe) =>
        $counter.listen((state) => {
          probe.told++
          probe.count = state.count
        }),
      run: (times) => {
        for (let i = 0; i < times; i++) $counter.setKey("count", $counter.get().count + 1)
      },
      count: () => $counter.get().count
    }
  },
  keyed: (rows, told) => {
    const $rows = map<Record<string, Row>>(Object.fromEntries(rows.map((row) => [row.id, row])))
    for (const { id } of rows) listenKeys($rows, [id], (rows) => told(rows[id]!.value))
    return {
      raise: (id) => $rows.setKey(id, raised($rows.get()[id]!)),
      valueOf: (id) => $rows.get()[id]!.value
    }
  },
  listsReads: true,
  graph: ({ sources, nodes, leaves }, told) => {
    const written = sources.map((value) => atom(value))
    const cells: Array<ReadableAtom<number>> = [...written]
    for (const { reads, compute } of nodes) {
      const stores = reads.map((cell) => cells[cell]!)
      cells.push(computed(stores, (...values) => compute((place) => values[place]!)))
    }
    for (const leaf of leaves) cells[leaf]!.listen(told)
    return (source, value) => written[source]!.set(value)
  },
  pool: () =>
    pool(
      () => map(initial),
      ($counter) => {
        $counter.setKey("count", $counter.get().count + 1)
        return $counter.get().count
      }
    )
}
