/**
 * What devtools do to instances besides `runtime.travel`: hold entries back, come back one by one, and enter
 * what was typed into a form. By the ids of a runtime's live instances; an id that it does not have is passed over.
 */
import type { AnyAction, Origin } from "./Commit.ts"
import { InstanceClosed, InvalidPayload, UnknownAction } from "./Errors.ts"
import type { AnyInstance } from "./Instance.ts"
import { codecOf } from "./internal/codec.ts"
import { wrap } from "./internal/patch.ts"
import { isVoid } from "./internal/validate.ts"
import * as Faces from "./ModuleRuntime.ts"
import type { AnySchema } from "./Module.ts"
import type { AnyRuntime } from "./Runtime.ts"
import * as Transaction from "./Transaction.ts"
import { comeBack, show } from "./Travel.ts"

export { untilSetUp } from "./Delivery.ts"

/** The parts of a runtime that are used here. */
export interface Held extends Pick<AnyRuntime, "list" | "travel"> {}

/** What an instance is, as far as devtools have done it. */
export interface Status {
  /** It shows another moment than its own. */
  readonly travelled: boolean
  readonly locked: boolean
}

const editing: Origin = { kind: "devtools", name: "edit" }

interface Lock {
  /** What it came with: `runtime.travel.live` takes that away, and with it the lock. */
  readonly away: AnyInstance["away"]
  /** Whether it showed its own state when it was locked. */
  readonly atHome: boolean
}

const locks = new WeakMap<AnyInstance, Lock>()

const lockOf = (instance: AnyInstance): Lock | undefined => {
  const lock = locks.get(instance)
  return instance.away === undefined || lock?.away !== instance.away ? undefined : lock
}

/** Whether what it shows is its own state. */
const isHome = (instance: AnyInstance): boolean => {
  const { away } = instance
  return away === undefined || (lockOf(instance)?.atHome === true && away.state === instance.state)
}

const lockIn = (instance: AnyInstance, atHome: boolean): void => {
  if (atHome) instance.away = { state: instance.state as unknown }
  locks.set(instance, { away: instance.away, atHome })
}

const instancesOf = (runtime: Held, ids?: Iterable<string>): ReadonlyArray<AnyInstance> => {
  const wanted = ids && new Set(ids)
  return runtime.list().flatMap(({ instanceId, runtime: face }) => {
    const instance = wanted?.has(instanceId) === false ? undefined : Faces.instanceOf(face)
    return instance === undefined ? [] : [instance]
  })
}

const instanceOf = (runtime: Held, instanceId: string, origin: Origin): AnyInstance => {
  const [instance] = instancesOf(runtime, [instanceId])
  if (instance === undefined || instance.closed)
    throw new InstanceClosed({ instanceId, entry: Transaction.describe(origin) })
  return instance
}

/** Runs the task when none of them is telling a commit. */
const whenTold = (instances: ReadonlyArray<AnyInstance>, task: () => void): void => {
  const busy = instances.find(({ telling }) => telling)
  if (busy === undefined) return task()
  busy.whenTold(() => {
    try {
      whenTold(instances, task)
    } catch {
      // It was reported. Thrown here it would fail whoever made that commit, and leave behind what waits for it.
    }
  })
}

type Moves = Parameters<typeof show>[1]

/** `shown` runs once they stand there, before anyone is told, who may go elsewhere from there. */
const showAnd = (origin: Origin, moves: Moves, shown: () => void): void => {
  const change = moves.find(({ instance, state }) => instance.state !== state)
  let isShown = false
  const once = () => {
    if (isShown) return
    isShown = true
    shown()
  }
  const end = change?.instance.observe(once)
  try {
    show(origin, moves)
  } finally {
    end?.()
  }
  once()
}

/** But those that are away again. */
const letIn = (instances: ReadonlyArray<AnyInstance>): void => {
  for (const instance of instances) if (instance.away === undefined) instance.release()
}

/** Travel to no state at all tells its listeners. */
const tellListeners = ({ travel }: Held): void => travel.to(new Map())

export const statusOf = (face: object): Status => {
  const instance = Faces.instanceOf(face)
  return {
    travelled: instance !== undefined && !isHome(instance),
    locked: instance !== undefined && lockOf(instance) !== undefined
  }
}

/** Entries that wait until the instance is neither travelled nor locked; one on several instances waits at each. */
export const waitingAt = (face: object): number => {
  const instance = Faces.instanceOf(face)
  return instance?.away === undefined ? 0 : instance.queued
}

/** By instance id, the states that they were made with, computed fields included. */
export const initialStates = (runtime: Held): ReadonlyMap<string, unknown> =>
  new Map(
    instancesOf(runtime).map((instance) => [
      instance.instanceId,
      instance.toInitial(instance.liveState) as unknown
    ])
  )

/**
 * Holds these instances, or all, where they are: entries wait in order, as while travelled, until `unlock`. An instance that is made later is not locked. `runtime.travel.live` lets all in.
 */
export const lock = (runtime: Held, instanceIds?: Iterable<string>): void => {
  const instances = instancesOf(runtime, instanceIds)
  whenTold(instances, () => {
    for (const instance of instances) {
      if (lockOf(instance) !== undefined) continue
      lockIn(instance, instance.away === undefined)
      instance.hold()
    }
  })
  tellListeners(runtime)
}

/**
 * Locks all in this very step, also while a commit is being told: for who is told of it by `onCommit`. Whoever that
 * commit makes enter waits already.
 */
export const lockNow = (runtime: Held): void => {
  for (const instance of instancesOf(runtime)) {
    if (lockOf(instance) !== undefined) continue
    lockIn(instance, instance.away === undefined)
    instance.hold()
  }
  // Listeners may make entries.
  void Promise.resolve().then(() => tellListeners(runtime))
}

/** `listener` is told of entries that have begun to wait. Wrapped, so that an instance that nobody watches has nothing to ask. */
const onWait = (instance: AnyInstance, listener: () => void): (() => void) =>
  wrap(instance, "later", (inner) => (task) => {
    inner.call(instance, task)
    listener()
  })

/**
 * From now on an entry that comes while its instance is at another moment ends the travel, of all instances, and then
 * enters; so does whatever waits already when the next comes. At a lock, entries wait as ever. `ended` is told before.
 * Returns the function that ends it.
 */
export const endTravelFirst = (
  runtime: Held & Pick<AnyRuntime, "subscribe">,
  ended: () => void = () => {}
): (() => void) => {
  const ends = new Map<AnyInstance, () => void>()
  const watch = () => {
    for (const instance of instancesOf(runtime)) {
      if (ends.has(instance)) continue
      const end = onWait(instance, () => {
        if (isHome(instance) || lockOf(instance) !== undefined) return
        ended()
        live(runtime)
      })
      ends.set(instance, end)
    }
    for (const [instance, end] of ends) {
      if (!instance.closed) continue
      end()
      ends.delete(instance)
    }
  }
  watch()
  const stop = runtime.subscribe(watch)
  return () => {
    stop()
    for (const end of ends.values()) end()
    ends.clear()
  }
}

/** Lets in what has waited, where the instance is not at another moment: that is for `live` to end. */
export const unlock = (runtime: Held, instanceIds?: Iterable<string>): void => {
  const instances = instancesOf(runtime, instanceIds)
  whenTold(instances, () => {
    const atHome = instances.filter((instance) => lockOf(instance) !== undefined && isHome(instance))
    for (const instance of instances) locks.delete(instance)
    for (const instance of atHome) instance.away = undefined
    letIn(atHome)
  })
  tellListeners(runtime)
}

/** These instances, or all, show their own states again, in one moment; what has waited enters, but where locked. */
export const live = (runtime: Held, instanceIds?: Iterable<string>): void => {
  const instances = instancesOf(runtime, instanceIds)
  whenTold(instances, () => {
    const away = instances.filter((instance) => instance.away !== undefined)
    const locked = new Set(away.filter((instance) => lockOf(instance) !== undefined))
    showOwn(away, () => {
      for (const instance of away) {
        instance.away = undefined
        if (locked.has(instance)) lockIn(instance, true)
      }
    })
    letIn(away)
  })
  tellListeners(runtime)
}

const showOwn = (away: ReadonlyArray<AnyInstance>, shown: () => void): void =>
  showAnd(
    comeBack,
    away
      .filter((instance) => instance.liveState !== instance.state)
      .map((instance) => ({ instance, state: instance.liveState as unknown })),
    shown
  )

/**
 * Puts a state in the place of the one that the instance shows, by an entry of origin `devtools` that waits for no
 * other; derived fields follow. At another moment it is shown until `live`. Throws InvalidState where it does not
 * fit the schema, InstanceClosed, or EntryInTransaction, and then has changed nothing.
 */
export const edit = (runtime: Held, instanceId: string, state: unknown): void =>
  enter(runtime, instanceId, state, false)

/** As `edit`, but derived fields become as they are in the state, too: for one that was recorded as a whole. */
export const put = (runtime: Held, instanceId: string, state: unknown): void =>
  enter(runtime, instanceId, state, true)

const enter = (runtime: Held, instanceId: string, state: unknown, asItIs: boolean): void => {
  const instance = instanceOf(runtime, instanceId, editing)
  const open = Transaction.current()
  if (open !== undefined) throw instance.inTransaction(editing, open)
  instance.checkState(editing, state)
  whenTold([instance], () => {
    const isLocked = lockOf(instance) !== undefined
    if (!isHome(instance)) return show(editing, [{ instance, state }])
    let isOwn = false
    const makeOwn = () => {
      if (isOwn) return
      isOwn = true
      if (isLocked) lockIn(instance, true)
      else instance.away = undefined
    }
    // For as long as the entry takes: derived fields follow only where an instance is not away.
    instance.away = asItIs ? { state: instance.state as unknown } : undefined
    try {
      showAnd(editing, [{ instance, state }], makeOwn)
    } finally {
      // Where it was refused with its derived fields, a lock that is not put back would hold the instance for ever.
      makeOwn()
    }
  })
}

/**
 * Makes these states the instances' own, in one moment, by an entry of origin `devtools`. Comes back first from
 * another moment, with all instances; what has waited enters afterwards, but where locked. Derived fields follow;
 * instances without a state here keep their own. Throws InvalidState where one does not fit its schema, or
 * EntryInTransaction, and then has changed nothing.
 */
export const become = (runtime: Held, states: ReadonlyMap<string, unknown>, name: string): void => {
  const origin: Origin = { kind: "devtools", name }
  const instances = instancesOf(runtime)
  const moves = instances
    .filter(({ instanceId }) => states.has(instanceId))
    .map((instance) => ({ instance, state: states.get(instance.instanceId) }))
  const open = Transaction.current()
  for (const { instance, state } of moves) {
    if (open !== undefined) throw instance.inTransaction(origin, open)
    instance.checkState(origin, state)
  }
  whenTold(instances, () => {
    const away = instances.filter((instance) => instance.away !== undefined)
    const locked = away.filter((instance) => lockOf(instance) !== undefined)
    showOwn(away, () => {
      // Still held, but not away: derived fields follow.
      for (const instance of away) instance.away = undefined
    })
    const lockAgain = () => {
      for (const instance of locked) if (instance.away === undefined) lockIn(instance, true)
    }
    try {
      showAnd(origin, moves, lockAgain)
    } finally {
      lockAgain()
      letIn(away)
    }
  })
  tellListeners(runtime)
}

/** What an instance's state and the payloads of its actions are held against, and its derived fields. */
export interface Declared {
  readonly state: AnySchema
  readonly actions: Readonly<Record<string, AnySchema>>
  readonly derived: ReadonlyArray<string>
}

/** Throws InstanceClosed. */
export const declaredOf = (runtime: Held, instanceId: string): Declared => {
  const { actions, schema, traits } = instanceOf(runtime, instanceId, editing).impl.def
  return { state: schema, actions, derived: traits === undefined ? [] : Object.keys(traits.traits) }
}

/**
 * The action that JSON has as `{ _tag, payload }`, its payload decoded by the module's schema. Throws UnknownAction,
 * InvalidPayload or InstanceClosed.
 */
export const decodeAction = (
  runtime: Held,
  instanceId: string,
  { _tag: tag, payload }: AnyAction
): { readonly _tag: string; readonly payload: unknown } => {
  const origin: Origin = { kind: "action", name: tag }
  const instance = instanceOf(runtime, instanceId, origin)
  const schemas: Readonly<Record<string, AnySchema>> = instance.impl.def.actions
  const schema = Object.hasOwn(schemas, tag) ? schemas[tag] : undefined
  if (schema === undefined) throw new UnknownAction({ instanceId, tag, known: Object.keys(schemas) })
  const outcome =
    isVoid(schema) && (payload ?? undefined) === undefined
      ? { value: undefined }
      : codecOf(schema).decode(payload)
  if ("issue" in outcome)
    throw new InvalidPayload({ ...instance.at(origin), tag, issue: outcome.issue ?? "it does not fit" })
  return { _tag: tag, payload: outcome.value }
}

/**
 * Dispatches an action as JSON has it, `{ _tag, payload }`, its payload decoded by the module's schema. Says whether
 * it waits: the instance is locked, at another moment, or busy. Throws UnknownAction, InvalidPayload, InstanceClosed
 * or what the reducer fails with.
 */
export const dispatch = (
  runtime: Held,
  instanceId: string,
  action: AnyAction
): { readonly waits: boolean } => {
  const decoded = decodeAction(runtime, instanceId, action)
  const instance = instanceOf(runtime, instanceId, { kind: "action", name: action._tag })
  const waits = !instance.idle
  instance.dispatchSync(decoded, null)
  return { waits }
}
