/** Devtools' way to the states of another moment, and back. */
import { plainContext } from "./Admission.ts"
import type { Origin } from "./Commit.ts"
import type { AnyInstance } from "./Instance.ts"
import { InstanceGroup } from "./InstanceGroup.ts"
import * as Transaction from "./Transaction.ts"

/** Shows the states of another moment. Until `live`, other entries on those instances wait in order. */
export interface Travel {
  readonly active: () => boolean
  /** By instance id. Throws InvalidState, and changes nothing, if a state does not fit its schema. */
  readonly to: (states: ReadonlyMap<string, unknown>) => void
  readonly live: () => void
  readonly subscribe: (listener: () => void) => () => void
}

export const jump: Origin = { kind: "devtools", name: "jump" }
export const comeBack: Origin = { kind: "devtools", name: "live" }

/** Travel through these instances, by id. `tell` tells the listeners that it is given. */
export const make = (
  live: ReadonlyMap<string, AnyInstance>,
  tell: (listeners: ReadonlySet<() => void>) => void
): Travel => {
  const listeners = new Set<() => void>()
  const inOrder = makeQueue()
  return {
    active: () => [...live.values()].some((instance) => instance.away !== undefined),
    to: (states) => {
      const moves: Array<Move> = []
      for (const [instanceId, state] of states) {
        const instance = live.get(instanceId)
        if (instance === undefined) continue
        check(instance, state)
        moves.push({ instance, state })
      }
      inOrder(
        moves.map(({ instance }) => instance),
        () => {
          for (const { instance } of moves) {
            instance.away ??= { state: instance.state as unknown }
            instance.hold()
          }
          show(jump, moves)
        }
      )
      tell(listeners)
    },
    live: () => {
      const all = [...live.values()]
      inOrder(all, () => {
        const away = all.flatMap((instance) =>
          instance.away === undefined ? [] : [{ instance, state: instance.away.state as unknown }]
        )
        show(comeBack, away)
        // One by one: who is told of what enters may lock another, which is let go of whole, or not at all.
        for (const { instance } of away) {
          instance.away = undefined
          instance.release()
        }
      })
      tell(listeners)
    },
    subscribe: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    }
  }
}

interface Move {
  readonly instance: AnyInstance
  readonly state: unknown
}

/** Throws if it cannot travel there. */
const check = (instance: AnyInstance, state: unknown): void => {
  const open = Transaction.current()
  if (open !== undefined) throw instance.inTransaction(jump, open)
  instance.checkState(jump, state)
}

/** In one moment. The states are known to fit: they were checked, or have been these instances' before. */
export const show = (origin: Origin, moves: ReadonlyArray<Move>): void => {
  if (moves.length === 0) return
  const group = new InstanceGroup(
    moves.map(({ instance }) => instance),
    origin,
    undefined
  )
  group.commit(() => moves.map(({ state }) => state), plainContext)
}

/** Runs each task when none of its instances is telling a commit, and those before it have ended. */
const makeQueue = () => {
  // The first stays until it has ended: who is told of it would find an instance neither away nor back.
  const waiting: Array<readonly [instances: ReadonlyArray<AnyInstance>, task: () => void]> = []
  const advance = (): void => {
    const first = waiting[0]
    if (first === undefined) return
    const [instances, task] = first
    const busy = instances.find(({ telling }) => telling)
    if (busy !== undefined) return busy.whenTold(advance)
    try {
      task()
    } finally {
      waiting.shift()
      advance()
    }
  }
  return (instances: ReadonlyArray<AnyInstance>, task: () => void): void => {
    if (waiting.push([instances, task]) === 1) advance()
  }
}
