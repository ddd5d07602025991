import { allSettled, combine, createEvent, createStore, fork, type Store } from "effector"
import { type Contender, increment as incremented, initial, pool } from "../contender.ts"
import { raised, type Row } from "../row.ts"

const makeCounter = () => {
  const increment = createEvent()
  const $counter = createStore(initial).on(increment, incremented)
  return { increment, $counter }
}

export const effector: Contender = {
  name: "effector",
  counter: () => {
    const { increment, $counter } = makeCounter()
    return {
      watch: (probe) =>
        $counter.updates.watch((state) => {
          probe.told++
          probe.count = state.count
        }),
      run: (times) => {
        for (let i = 0; i < times; i++) increment()
      },
      count: () => $counter.getState().count
    }
  },
  keyed: (rows, told) => {
    const raise = createEvent<string>()
    const first: Readonly<Record<string, Row>> = Object.fromEntries(rows.map((row) => [row.id, row]))
    const $rows = createStore(first).on(raise, (rows, id) => ({ ...rows, [id]: raised(rows[id]!) }))
    for (const { id } of rows) $rows.map((rows) => rows[id]!).updates.watch((row) => told(row.value))
    return { raise, valueOf: (id) => $rows.getState()[id]!.value }
  },
  listsReads: true,
  graph: ({ sources, nodes, leaves }, told) => {
    const writes = sources.map(() => createEvent<number>())
    const cells: Array<Store<number>> = sources.map((value, at) =>
      createStore(value).on(writes[at]!, (_, next) => next)
    )
    for (const { reads, compute } of nodes) {
      cells.push(
        combine(
          reads.map((cell) => cells[cell]!),
          (values) => compute((place) => values[place]!)
        )
      )
    }
    for (const leaf of leaves) cells[leaf]!.updates.watch(told)
    return (source, value) => writes[source]!(value)
  },
  pool: () => {
    const { increment, $counter } = makeCounter()
    return pool(
      () => {
        const scope = fork()
        scope.getState($counter)
        return scope
      },
      (scope) => {
        void allSettled(increment, { scope })
        return scope.getState($counter).count
      }
    )
  }
}
