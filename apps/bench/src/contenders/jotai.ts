import { type Atom, atom, createStore, type PrimitiveAtom } from "jotai/vanilla"
import { type Contender, increment, initial, pool } from "../contender.ts"
import { raised, type Row } from "../row.ts"

export const jotai: Contender = {
  name: "jotai",
  counter: () => {
    const store = createStore()
    const counter = atom(initial)
    return {
      watch: (probe) =>
        store.sub(counter, () => {
          probe.told++
          probe.count = store.get(counter).count
        }),
      run: (times) => {
        for (let i = 0; i < times; i++) store.set(counter, increment)
      },
      count: () => store.get(counter).count
    }
  },
  keyed: (rows, told) => {
    const store = createStore()
    const atoms = new Map<string, PrimitiveAtom<Row>>(rows.map((row) => [row.id, atom(row)]))
    for (const row of atoms.values()) store.sub(row, () => told(store.get(row).value))
    return {
      raise: (id) => store.set(atoms.get(id)!, raised),
      valueOf: (id) => store.get(atoms.get(id)!).value
    }
  },
  graph: ({ sources, nodes, leaves }, told) => {
    const store = createStore()
    const written = sources.map((value) => atom(value))
    const cells: Array<Atom<number>> = [...written]
    for (const { reads, compute } of nodes) {
      cells.push(atom((get) => compute((place) => get(cells[reads[place]!]!))))
    }
    for (const leaf of leaves) {
      const cell = cells[leaf]!
      store.sub(cell, () => told(store.get(cell)))
    }
    return (source, value) => store.set(written[source]!, value)
  },
  pool: () => {
    const store = createStore()
    return pool(
      () => {
        const counter = atom(initial)
        store.get(counter)
        return counter
      },
      (counter) => {
        store.set(counter, increment)
        return store.get(counter).count
      }
    )
  }
}
