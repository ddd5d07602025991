import { createAtom, createStore } from "@tanstack/store"
import { type Contender, increment, initial, pool } from "../contender.ts"
import { raised } from "../row.ts"

const makeCounter = () => createStore(initial, ({ setState }) => ({ increment: () => setState(increment) }))

export const tanstackStore: Contender = {
  name: "TanStack Store",
  counter: () => {
    const store = makeCounter()
    return {
      watch: (probe) =>
        store.subscribe(({ count }) => {
          probe.told++
          probe.count = count
        }),
      run: (times) => {
        for (let i = 0; i < times; i++) store.actions.increment()
      },
      count: () => store.state.count
    }
  },
  keyed: (rows, told) => {
    const atoms = new Map(rows.map((row) => [row.id, createAtom(row)]))
    for (const atom of atoms.values()) atom.subscribe((row) => told(row.value))
    return { raise: (id) => atoms.get(id)!.set(raised), valueOf: (id) => atoms.get(id)!.get().value }
  },
  graph: ({ sources, nodes, leaves }, told) => {
    const written = sources.map((value) => createAtom(value))
    const cells: Array<{
      readonly get: () => number
      readonly subscribe: (told: (value: number) => void) => unknown
    }> = [...written]
    for (const { reads, compute } of nodes) {
      const read = (place: number) => cells[reads[place]!]!.get()
      cells.push(createStore(() => compute(read)))
    }
    for (const leaf of leaves) cells[leaf]!.subscribe(told)
    return (source, value) => written[source]!.set(value)
  },
  pool: () =>
    pool(makeCounter, (store) => {
      store.actions.increment()
      return store.state.count
    })
}
