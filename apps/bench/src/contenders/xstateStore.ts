import { type BaseAtom, createAtom, createStore, createStoreLogic } from "@xstate/store"
import { type Contender, increment, initial, pool } from "../contender.ts"
import { raised, type Row } from "../row.ts"

const logic = createStoreLogic({ context: () => initial, on: { increment } })

export const xstateStore: Contender = {
  name: "@xstate/store",
  counter: () => {
    const store = createStore({ context: initial, on: { increment } })
    return {
      watch: (probe) =>
        store.subscribe(({ context }) => {
          probe.told++
          probe.count = context.count
        }),
      run: (times) => {
        for (let i = 0; i < times; i++) store.trigger.increment()
      },
      count: () => store.getSnapshot().context.count
    }
  },
  keyed: (rows, told) => {
    const store = createStore({
      context: {
        rows: Object.fromEntries(rows.map((row) => [row.id, row])) as Readonly<Record<string, Row>>
      },
      on: {
        raise: ({ rows }, { id }: { id: string }) => ({ rows: { ...rows, [id]: raised(rows[id]!) } })
      }
    })
    for (const { id } of rows) store.select(({ rows }) => rows[id]!).subscribe((row) => told(row.value))
    return {
      raise: (id) => store.trigger.raise({ id }),
      valueOf: (id) => store.getSnapshot().context.rows[id]!.value
    }
  },
  graph: ({ sources, nodes, leaves }, told) => {
    const written = sources.map((value) => createAtom(value))
    const cells: Array<BaseAtom<number>> = [...written]
    for (const { reads, compute } of nodes) {
      const read = (place: number) => cells[reads[place]!]!.get()
      cells.push(createAtom(() => compute(read)))
    }
    for (const leaf of leaves) cells[leaf]!.subscribe(told)
    return (source, value) => written[source]!.set(value)
  },
  pool: () =>
    pool(
      () => logic.createStore(),
      (store) => {
        store.trigger.increment()
        return store.getSnapshot().context.count
      }
    )
}
