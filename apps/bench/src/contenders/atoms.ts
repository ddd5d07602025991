import * as Effect from "effect/Effect"
import * as Atom from "effect/reactivity/Atom"
import * as AtomRegistry from "effect/reactivity/AtomRegistry"
import { type Contender, initial, type State, type Store } from "./store.ts"

const increment = (state: State): State => ({ ...state, count: state.count + 1 })

/** `keepAlive`, since without a subscriber the registry would drop the atom and its count. */
const open = () => {
  const counter = Atom.keepAlive(Atom.make(initial))
  const registry = AtomRegistry.make()
  // A listener of an atom that was never read is told of its first value too.
  registry.get(counter)
  const shared: Pick<Store, "watch" | "count"> = {
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
  make: () => {
    const { counter, registry, shared } = open()
    return {
      ...shared,
      run: (times) => {
        for (let i = 0; i < times; i++) registry.update(counter, increment)
      }
    }
  }
}

export const atomsInFiber: Contender = {
  name: atoms.name,
  make: () => {
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
