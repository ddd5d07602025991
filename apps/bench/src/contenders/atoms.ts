import * as Effect from "effect/Effect"
import * as Atom from "effect/reactivity/Atom"
import * as AtomRegistry from "effect/reactivity/AtomRegistry"
import { type Able, type Contender, type Counter, increment, initial, pool } from "../contender.ts"
import { raised, type Row } from "../row.ts"

/** `keepAlive`, since without a subscriber the registry would drop the atom and its count. */
const open = () => {
  const counter = Atom.keepAlive(Atom.make(initial))
  const registry = AtomRegistry.make()
  // A listener of an atom that was never read is told of its first value too.
  registry.get(counter)
  const shared: Pick<Counter, "watch" | "count"> = {
    watch: (probe) =>
      registry.subscribe(counter, (state) => {
        probe.told++
        probe.count = state.count
      }),
    count: () => registry.get(counter).count
  }
  return { counter, registry, shared }
}

export const atoms: Contender = {
  name: "effect/reactivity atoms",
  counter: () => {
    const { counter, registry, shared } = open()
    return {
      ...shared,
      run: (times) => {
        for (let i = 0; i < times; i++) registry.update(counter, increment)
      }
    }
  },
  keyed: (rows, told) => {
    const registry = AtomRegistry.make()
    const first = new Map(rows.map((row) => [row.id, row]))
    const family = Atom.family((id: string) => Atom.make<Row>(first.get(id)!))
    for (const { id } of rows) {
      registry.get(family(id))
      registry.subscribe(family(id), (row) => told(row.value))
    }
    return {
      raise: (id) => registry.update(family(id), raised),
      valueOf: (id) => registry.get(family(id)).value
    }
  },
  graph: ({ sources, nodes, leaves }, told) => {
    const registry = AtomRegistry.make()
    const written = sources.map((value) => Atom.make(value))
    const cells: Array<Atom.Atom<number>> = [...written]
    for (const { reads, compute } of nodes) {
      cells.push(Atom.make((get) => compute((place) => get(cells[reads[place]!]!))))
    }
    for (const leaf of leaves) registry.subscribe(cells[leaf]!, told, { immediate: true })
    return (source, value) => Atom.batch(() => registry.set(written[source]!, value))
  },
  pool: () => {
    const registry = AtomRegistry.make()
    return pool(
      () => {
        const counter = Atom.make(initial)
        return { counter, unmount: registry.mount(counter) }
      },
      ({ counter }) => {
        registry.update(counter, increment)
        return registry.get(counter).count
      },
      ({ unmount }) => unmount()
    )
  }
}

/** A fiber that updates in a loop. */
export const atomsInFiber: Able<"counter"> = {
  name: atoms.name,
  counter: () => {
    const { counter, registry, shared } = open()
    return {
      ...shared,
      run: (times) =>
        Effect.runPromise(
          Effect.provideService(
            Effect.gen(function* () {
              for (let i = 0; i < times; i++) yield* Atom.update(counter, increment)
            }),
            AtomRegistry.AtomRegistry,
            registry
          )
        )
    }
  }
}
