import { Collection, Module, Runtime, type Trace } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import {
  type Able,
  type Contender,
  type Counter as CounterStore,
  increment,
  initial,
  type Pool
} from "../contender.ts"
import type { Graph } from "../graph.ts"
import { raised } from "../row.ts"

const Counter = Module.make("Counter", {
  state: Schema.Struct({
    count: Schema.Number,
    step: Schema.Number,
    label: Schema.String,
    open: Schema.Boolean
  }),
  actions: { increment: Schema.Void },
  reducers: { increment }
})

const CounterLive = Counter.implement({ initial })

const open = (level: Trace.TraceLevel) => {
  const runtime = Runtime.make(CounterLive, { trace: { level } })
  const counter = runtime.resolve(Counter.tag)
  const shared: Pick<CounterStore, "watch" | "count"> = {
    watch: (probe) =>
      counter.unsafe.subscribe((state) => {
        probe.told++
        probe.count = state.count
      }),
    count: () => counter.unsafe.getState().count
  }
  return { runtime, counter, shared }
}

const dispatching = (name: string, level: Trace.TraceLevel): Able<"counter"> => ({
  name,
  counter: () => {
    const { counter, shared } = open(level)
    return {
      ...shared,
      run: (times) => {
        for (let i = 0; i < times; i++) counter.unsafe.dispatch({ _tag: "increment" })
      }
    }
  }
})

const rows = Collection.schema(
  Schema.Struct({ id: Schema.String, value: Schema.Number, label: Schema.String }),
  "id"
)

const Table = Module.make("Table", {
  state: Schema.Struct({ rows }),
  actions: { raise: Schema.String },
  reducers: { raise: (state, id) => ({ rows: state.rows.update(id, raised) }) }
})

type Cells = Readonly<Record<string, number>>

/** As one writes it, with the field's name in the source: by a variable V8 would look it up each time. */
const readerOf = (field: string): ((cells: Cells) => number) =>
  // oxlint-disable-next-line typescript/no-implied-eval -- the names are those made here
  new Function("cells", `return cells.${field}`) as (cells: Cells) => number

/** As an app writes it for each of its modules: what V8 learns at one such place is of the cells of that module. */
const writerOf = (field: string): ((cells: Cells, value: number) => Cells) =>
  // oxlint-disable-next-line typescript/no-implied-eval -- the names are those made here
  new Function("cells", "value", `return { ...cells, ${field}: value }`) as ReturnType<typeof writerOf>

const makeGraph = ({ sources, nodes }: Graph) => {
  const names = Array.from({ length: sources.length + nodes.length }, (_, cell) => `cell${cell}`)
  const writers = sources.map((_, at) => writerOf(names[at]!))
  const base = Object.fromEntries(sources.map((value, at) => [names[at]!, value]))
  const Cells = Module.make("Cells", {
    state: Schema.Struct(Object.fromEntries(names.map((name) => [name, Schema.Number]))),
    actions: { write: Schema.Struct({ source: Schema.Number, value: Schema.Number }) },
    reducers: { write: (cells, { source, value }) => writers[source]!(cells, value) },
    traits: (t) =>
      Object.fromEntries(
        nodes.map(({ reads, compute }, at) => {
          const readers = reads.map((cell) => readerOf(names[cell]!))
          let cells: Cells = {}
          const read = (place: number) => readers[place]!(cells)
          const computed = t.computed((state: Cells) => {
            cells = state
            return compute(read)
          })
          return [names[sources.length + at]!, computed]
        })
      )
  })
  return { names, cells: Runtime.make(Cells.implement({ initial: base })).resolve(Cells.tag) }
}

/** Local instances, as a component has them. */
const makePool = (): Pool => {
  const runtime = Runtime.make([])
  const make = () => {
    const local = runtime.local(CounterLive)
    return { local, unmount: local.mount() }
  }
  let instances: Array<ReturnType<typeof make>> = []
  return {
    make: (times) => {
      for (let i = 0; i < times; i++) instances.push(make())
    },
    // They end at the host's next turn, in order.
    clear: () =>
      new Promise((resolve) => {
        const last = instances.at(-1)?.local
        for (const { unmount } of instances) unmount()
        instances = []
        const stop = runtime.subscribe(() => {
          if (last !== undefined && !last.closed()) return
          stop()
          resolve()
        })
      }),
    increment: (at) => {
      const { unsafe } = instances[at]!.local.ref
      unsafe.dispatch({ _tag: "increment" })
      return unsafe.getState().count
    },
    ends: true
  }
}

export const sluice: Contender = {
  ...dispatching("Sluice", "light"),
  keyed: (all, told) => {
    const runtime = Runtime.make(Table.implement({ initial: { rows: rows.empty.setAll(all) } }))
    const table = runtime.resolve(Table.tag)
    for (const { id } of all) {
      table.unsafe.subscribeTo(
        (state) => state.rows.get(id)?.value,
        (value) => told(value ?? Number.NaN)
      )
    }
    return {
      raise: (id) => table.unsafe.dispatch({ _tag: "raise", payload: id }),
      valueOf: (id) => table.unsafe.getState().rows.get(id)?.value ?? Number.NaN
    }
  },
  graph: (graph, told) => {
    const { names, cells } = makeGraph(graph)
    for (const leaf of graph.leaves) cells.unsafe.subscribeTo(readerOf(names[leaf]!), told)
    return (source, value) => cells.unsafe.dispatch({ _tag: "write", payload: { source, value } })
  },
  pool: makePool
}

export const sluiceTraceOff = dispatching("trace off", "off")
export const sluiceTraceLight = dispatching("trace light", "light")
export const sluiceTraceFull = dispatching("trace full", "full")

/** A fiber that dispatches in a loop: the runtime is entered once a sample, not once a dispatch. */
export const sluiceInFiber: Able<"counter"> = {
  name: "Sluice",
  counter: () => {
    const { runtime, counter, shared } = open("light")
    return {
      ...shared,
      run: (times) =>
        runtime.runPromise(
          Effect.gen(function* () {
            for (let i = 0; i < times; i++) yield* counter.actions.increment()
          })
        )
    }
  }
}
