/** What both ways to select have in common. */
import type { Observable as ObservableOf } from "./Observable.ts"

export type Observable = ObservableOf<unknown>

export type Select = (...states: ReadonlyArray<unknown>) => unknown

export const sameElements = (a: ReadonlyArray<unknown>, b: ReadonlyArray<unknown>): boolean =>
  a.length === b.length && a.every((value, index) => Object.is(value, b[index]))

/** What the server has rendered. */
export const serverState = ({ unsafe }: Observable): unknown =>
  unsafe.inputs === undefined || unsafe.compute === undefined
    ? (unsafe.getServerState ?? unsafe.getState)()
    : unsafe.compute(unsafe.inputs.map(serverState))

/** What an entry can change: instances, and those that something comes from. */
const leavesOf = (instance: Observable): ReadonlyArray<Observable> =>
  instance.unsafe.inputs?.flatMap(leavesOf) ?? [instance]

/** Told of every commit that the state may come from, also where it then cannot be computed. */
export const subscribe = (instance: Observable, listener: () => void): (() => void) => {
  const stops = Array.from(new Set(leavesOf(instance)), ({ unsafe }) => unsafe.subscribe(() => listener()))
  return () => stops.forEach((stop) => stop())
}

/** The states of several instances, as the state of one. */
class List implements Observable {
  readonly unsafe: Observable["unsafe"]
  /** What `compute` has given last. Written by it. */
  private states: ReadonlyArray<unknown> = []

  constructor(inputs: ReadonlyArray<Observable>) {
    // The same array while nothing changed: React takes a new one for a change, and would loop.
    const compute = (states: ReadonlyArray<unknown>) =>
      (this.states = sameElements(this.states, states) ? this.states : states)
    const getState = () => compute(inputs.map(({ unsafe }) => unsafe.getState()))
    this.unsafe = { inputs, compute, getState, subscribe: (listener) => subscribe(this, listener) }
  }
}

/** The lists that begin with the same instances. They go with the first of them that goes. */
class Lists {
  private readonly longer = new WeakMap<Observable, Lists>()
  private list: List | undefined = undefined

  of(instances: ReadonlyArray<Observable>): List {
    let lists: Lists = this
    for (const instance of instances) {
      let next = lists.longer.get(instance)
      if (next === undefined) lists.longer.set(instance, (next = new Lists()))
      lists = next
    }
    return (lists.list ??= new List(instances))
  }
}

const lists = new Lists()

/** The same for the same instances: `[a, b]` is a new array in each render. */
export const listOf = (instances: ReadonlyArray<Observable>): Observable => lists.of(instances)

/** What the selector makes of a state; the states of a list are its arguments. */
export const selectFrom = (instance: Observable, selector: Select, state: unknown): unknown =>
  // The state of a list is that of its `compute`.
  instance instanceof List ? selector(...(state as ReadonlyArray<unknown>)) : selector(state)
