/** What both ways to select have in common. */
import type * as ModuleRef from "../ModuleRef.ts"

export type Observable = ModuleRef.Observable<unknown>

export type Select = (...states: ReadonlyArray<unknown>) => unknown

export const sameElements = (a: ReadonlyArray<unknown>, b: ReadonlyArray<unknown>): boolean =>
  a.length === b.length && a.every((value, index) => Object.is(value, b[index]))

export const liveState = ({ unsafe }: Observable): unknown => unsafe.getState()

/** What the server has rendered. */
export const serverState = ({ unsafe }: Observable): unknown =>
  unsafe.inputs === undefined || unsafe.compute === undefined
    ? (unsafe.getServerState ?? unsafe.getState)()
    : unsafe.compute(unsafe.inputs.map(serverState))

/** What an entry can change: instances, and those that a Derived comes from. */
const leavesOf = (instance: Observable): ReadonlyArray<Observable> =>
  instance.unsafe.inputs?.flatMap(leavesOf) ?? [instance]

/** A Derived that cannot be computed tells nobody; its reader is to find out. */
export const subscribeAll = (instances: ReadonlyArray<Observable>, listener: () => void): (() => void) => {
  const leaves = new Set(instances.flatMap(leavesOf))
  const stops = Array.from(leaves, ({ unsafe }) => unsafe.subscribe(() => listener()))
  return () => stops.forEach((stop) => stop())
}
