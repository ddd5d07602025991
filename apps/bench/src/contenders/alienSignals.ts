import { computed, effect, signal } from "alien-signals"
import { type Contender, initial, pool, watching } from "../contender.ts"

/** A signal for each field. */
const makeCounter = () => ({
  count: signal(initial.count),
  step: signal(initial.step),
  label: signal(initial.label),
  open: signal(initial.open)
})

export const alienSignals: Contender = {
  name: "alien-signals",
  counter: () => {
    const { count } = makeCounter()
    return {
      watch: (probe) => watching(probe, (listener) => effect(() => listener(count()))),
      run: (times) => {
        for (let i = 0; i < times; i++) count(count() + 1)
      },
      count: () => count()
    }
  },
  keyed: (rows, told) => {
    const values = new Map(rows.map(({ id, value }) => [id, signal(value)]))
    for (const value of values.values()) effect(() => told(value()))
    return {
      raise: (id) => {
        const value = values.get(id)!
        value(value() + 1)
      },
      valueOf: (id) => values.get(id)!()
    }
  },
  graph: ({ sources, nodes, leaves }, told) => {
    const written = sources.map((value) => signal(value))
    const cells: Array<() => number> = [...written]
    for (const { reads, compute } of nodes) {
      const read = (place: number) => cells[reads[place]!]!()
      cells.push(computed(() => compute(read)))
    }
    for (const leaf of leaves) effect(() => told(cells[leaf]!()))
    return (source, value) => written[source]!(value)
  },
  pool: () =>
    pool(makeCounter, ({ count }) => {
      count(count() + 1)
      return count()
    })
}
