/** Devtools' way to the states of another moment, and back. */
import { plainContext } from "./Admission.ts"
import type { Origin } from "./Commit.ts"
import type { AnyInstance, Instance } from "./Instance.ts"
import * as Transaction from "./Transaction.ts"

/** Shows the states of another moment. Until `live`, other entries on those instances wait in order. */
export interface Travel {
  readonly active: () => boolean
  /** By instance id. Throws InvalidState, and changes nothing, if a state does not fit its schema. */
  readonly to: (states: ReadonlyMap<string, unknown>) => void
  readonly live: () => void
  readonly subscribe: (listener: () => void) => () => void
}

/** Travel through these instances, by id. `tell` tells the listeners that it is given. */
export const make = (
  live: ReadonlyMap<string, AnyInstance>,
  tell: (listeners: ReadonlySet<() => void>) => void
): Travel => {
  const listeners = new Set<() => void>()
  return {
    active: () => [...live.values()].some((instance) => instance.away !== undefined),
    to: (states) => {
      const moves = Array.from(states, ([instanceId, state]) => ({ instance: live.get(instanceId), state }))
      for (const { instance, state } of moves) if (instance !== undefined) check(instance, state)
      for (const { instance, state } of moves) if (instance !== undefined) show(instance, state)
      tell(listeners)
    },
    live: () => {
      for (const instance of live.values()) comeBack(instance)
      // Only now that all are back.
      for (const instance of live.values()) instance.whenTold(() => instance.release())
      tell(listeners)
    },
    subscribe: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    }
  }
}

/** Throws if it cannot travel there. */
const check = <S, A>(instance: Instance<S, A>, state: S): void => {
  const origin: Origin = { kind: "devtools", name: "jump" }
  const open = Transaction.current()
  if (open !== undefined) throw instance.inTransaction(origin, open)
  instance.checkState(origin, state)
}

/** Entries wait until `live`. */
const show = <S, A>(instance: Instance<S, A>, state: S): void => {
  instance.whenTold(() => {
    instance.away ??= { state: instance.state }
    instance.hold()
    enter(instance, "jump", state)
  })
}

/** Entries go on waiting, for instances that are not back yet. */
const comeBack = <S, A>(instance: Instance<S, A>): void => {
  instance.whenTold(() => {
    if (instance.away === undefined) return
    enter(instance, "live", instance.away.state)
    instance.away = undefined
  })
}

const enter = <S, A>(instance: Instance<S, A>, name: string, state: S): void => {
  // `check` has held it against the schema, or it has been this instance's before.
  instance.transition({ kind: "devtools", name }, [], () => state, undefined, plainContext)
}
