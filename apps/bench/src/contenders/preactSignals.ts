import { computed, effect, type ReadonlySignal, signal } from "@preact/signals-core"
import { type Contender, initial, pool, watching } from "../contender.ts"

/** A signal for each field. */
const makeCounter = () => ({
  count: signal(initial.count),
  step: signal(initial.step),
  label: signal(initial.label),
  open: signal(initial.open)
})

export const preactSignals: Contender = {
  name: "preact signals",
  counter: () => {
    const { count } = makeCounter()
    return {
      watch: (probe) => watching(probe, (listener) => effect(() => listener(count.value))),
      run: (times) => {
        for (let i = 0; i < times; i++) count.value++
      },
      count: () => count.value
    }
  },
  keyed: (rows, told) => {
    const values = new Map(rows.map(({ id, value }) => [id, signal(value)]))
    for (const value of values.values()) effect(() => told(value.value))
    return { raise: (id) => values.get(id)!.value++, valueOf: (id) => values.get(id)!.value }
  },
  graph: ({ sources, nodes, leaves }, told) => {
    const written = sources.map((value) => signal(value))
    const cells: Array<ReadonlySignal<number>> = [...written]
    for (const { reads, compute } of nodes) {
      const read = (place: number) => cells[reads[place]!]!.value
      cells.push(computed(() => compute(read)))
    }
    for (const leaf of leaves) effect(() => told(cells[leaf]!.value))
    return (source, value) => void (written[source]!.value = value)
  },
  pool: () => pool(makeCounter, ({ count }) => ++count.value)
}
