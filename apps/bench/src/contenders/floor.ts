import { type Contender, increment, initial, pool, type State } from "../contender.ts"
import { raised, type Row } from "../row.ts"

/** A store as one writes it by hand, in five lines, with no promise but to call the listeners. */
const createStore = <S>(state: S) => {
  const listeners = new Set<(state: S) => void>()
  const tell = () => listeners.forEach((listener) => listener(state))
  const set = (next: S) => ((state = next), tell())
  return { get: () => state, set, subscribe: (listener: (state: S) => void) => listeners.add(listener) }
}

export const floor: Contender = {
  name: "five lines by hand",
  counter: () => {
    const store = createStore(initial)
    return {
      watch: (probe) =>
        store.subscribe((state) => {
          probe.told++
          probe.count = state.count
        }),
      run: (times) => {
        for (let i = 0; i < times; i++) store.set(increment(store.get()))
      },
      count: () => store.get().count
    }
  },
  keyed: (rows, told) => {
    const stores = new Map(rows.map((row) => [row.id, createStore(row)]))
    const storeOf = (id: string) => stores.get(id)!
    for (const store of stores.values()) store.subscribe(({ value }: Row) => told(value))
    return {
      raise: (id) => {
        const store = storeOf(id)
        store.set(raised(store.get()))
      },
      valueOf: (id) => storeOf(id).get().value
    }
  },
  pool: () =>
    pool(
      () => createStore<State>(initial),
      (store) => {
        store.set(increment(store.get()))
        return store.get().count
      }
    )
}
