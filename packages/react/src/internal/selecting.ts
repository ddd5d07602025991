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
