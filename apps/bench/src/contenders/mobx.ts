import {
  autorun,
  computed,
  type IComputedValue,
  type IObservableValue,
  makeAutoObservable,
  observable,
  runInAction
} from "mobx"
import { type Contender, initial, pool, watching } from "../contender.ts"
import type { Row } from "../row.ts"

class Counter {
  count = initial.count
  step = initial.step
  label = initial.label
  open = initial.open

  constructor() {
    makeAutoObservable(this)
  }

  increment() {
    this.count += 1
  }
}

class Rows {
  readonly rows: Map<string, { -readonly [Field in keyof Row]: Row[Field] }>

  constructor(rows: ReadonlyArray<Row>) {
    this.rows = new Map(rows.map((row) => [row.id, { ...row }]))
    makeAutoObservable(this)
  }

  raise(id: string) {
    this.rows.get(id)!.value += 1
  }
}

export const mobx: Contender = {
  name: "mobx",
  counter: () => {
    const counter = new Counter()
    return {
      watch: (probe) => watching(probe, (listener) => autorun(() => listener(counter.count))),
      run: (times) => {
        for (let i = 0; i < times; i++) counter.increment()
      },
      count: () => counter.count
    }
  },
  keyed: (all, told) => {
    const rows = new Rows(all)
    for (const { id } of all) autorun(() => told(rows.rows.get(id)!.value))
    return { raise: (id) => rows.raise(id), valueOf: (id) => rows.rows.get(id)!.value }
  },
  graph: ({ sources, nodes, leaves }, told) => {
    const written = sources.map((value) => observable.box(value))
    const cells: Array<IObservableValue<number> | IComputedValue<number>> = [...written]
    for (const { reads, compute } of nodes) {
      const read = (place: number) => cells[reads[place]!]!.get()
      cells.push(computed(() => compute(read)))
    }
    for (const leaf of leaves) autorun(() => told(cells[leaf]!.get()))
    return (source, value) => runInAction(() => written[source]!.set(value))
  },
  pool: () =>
    pool(
      () => new Counter(),
      (counter) => {
        counter.increment()
        return counter.count
      }
    )
}
