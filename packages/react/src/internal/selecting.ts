/** What both ways to select have in common. */
import type { StateRef } from "../ModuleRef.ts"

/** What a selector is given the state of: an instance, or what is derived from some. */
export type Observable = StateRef<unknown>["runtime"]

export type Select = (...states: ReadonlyArray<unknown>) => unknown

export const sameElements = (a: ReadonlyArray<unknown>, b: ReadonlyArray<unknown>): boolean =>
  a.length === b.length && a.every((value, index) => Object.is(value, b[index]))

export const liveState = ({ unsafe }: Observable): unknown => unsafe.getState()

/** What the server has rendered. */
export const serverState = ({ unsafe }: Observable): unknown => (unsafe.getServerState ?? unsafe.getState)()
