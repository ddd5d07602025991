/**
 * Undo and redo: a history of the commits of some instances, kept beside them.
 *
 * A step is one commit, a group of them, or several that `merge` makes one. To undo it puts back what the step
 * changed: field by field and row by row, so that what others changed since, and the history passes over,
 * stays. An undo is an entry of its own, named `undo`. A new step ends what could be redone.
 *
 * States are immutable and shared: a step costs what it changed.
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import type { Commit, Origin } from "./Commit.ts"
import { InvalidGroup } from "./Errors.ts"
import type { Equals, ModuleTag, Selector, StateTransaction } from "./Handle.ts"
import { counting } from "./internal/counting.ts"
import { rebase } from "./internal/rebase.ts"
import type { Any } from "./internal/any.ts"
import type { AnyModule, AnyModuleDef } from "./Module.ts"
import * as Faces from "./ModuleRuntime.ts"
import type { AnyModuleRuntime, AnyRuntime } from "./Runtime.ts"
import { Subscriptions } from "./Subscription.ts"
import { whenClosed } from "./Transaction.ts"

/** An instance, or a module whose instance is the root's. */
export type Target = AnyModuleRuntime | AnyModuleDef | AnyModule | ModuleTag<Any, Any, Any, Any, Any>

export interface UndoOptions {
  /** Steps to keep; when there are more, the oldest is forgotten. Default 100. */
  readonly capacity?: number
  /** Which commits are steps. Default: all but `source-refresh`. Never those of `devtools`, `hydrate` and `init`. */
  readonly records?: (commit: Commit) => boolean
  /** Whether a commit goes on with the last step. Asked only if nothing was undone since that step. */
  readonly merge?: (last: Commit, next: Commit) => boolean
}

/** What can be undone and redone. `undoes` and `redoes` are the names of those steps' origins. */
export interface HistoryState {
  readonly canUndo: boolean
  readonly canRedo: boolean
  readonly undoes: string | undefined
  readonly redoes: string | undefined
  /** Steps that can be undone. */
  readonly size: number
}

/** Read like an instance. Undo and redo say whether there was a step; while devtools travel they do nothing. */
export interface History {
  readonly getState: Effect.Effect<HistoryState>
  /** The current state, then the newest whenever it changed: conflated. */
  readonly changes: Stream.Stream<HistoryState>
  /** Waits as any entry does. If the state is refused it dies with the error, and the step stays. */
  readonly undo: Effect.Effect<boolean>
  readonly redo: Effect.Effect<boolean>
  readonly clear: Effect.Effect<void>
  /** For synchronous callers. */
  readonly unsafe: {
    readonly getState: () => HistoryState
    readonly subscribe: (listener: (state: HistoryState) => void) => () => void
    readonly subscribeTo: <B>(
      selector: Selector<HistoryState, B>,
      listener: (selected: B) => void,
      equals?: Equals<B>
    ) => () => void
    readonly undo: () => boolean
    readonly redo: () => boolean
    readonly clear: () => void
  }
  /** Ends the recording and forgets every step. */
  readonly dispose: () => void
}

/** What one instance was before a step and after it. */
interface Change {
  readonly previous: unknown
  readonly next: unknown
}

interface Step {
  /** By instance id. */
  readonly changes: ReadonlyMap<string, Change>
  /** Its newest commit. */
  readonly last: Commit
}

/** One way through the history. */
interface Direction {
  readonly name: "undo" | "redo"
  readonly from: Array<Step>
  readonly to: Array<Step>
  /** The state with the change put back, or made again. */
  readonly apply: (state: unknown, change: Change) => unknown
}

/** Merges commits of one origin that follow each other within this time, such as keystrokes. */
export const sameOriginWithin = (duration: Duration.Input): NonNullable<UndoOptions["merge"]> => {
  const millis = Duration.toMillis(duration)
  return (last, next) =>
    last.origin.kind === next.origin.kind &&
    last.origin.name === next.origin.name &&
    next.startedAt - last.startedAt <= millis
}

const notSteps: ReadonlySet<Origin["kind"]> = new Set(["devtools", "hydrate", "init"])

const isUsers = ({ origin }: Commit): boolean => origin.kind !== "source-refresh"

/** Records the commits of these instances from now on, until `dispose`. Throws InvalidGroup for one of another runtime. */
export const make = (
  runtime: AnyRuntime,
  targets: Target | ReadonlyArray<Target>,
  options: UndoOptions = {}
): History => {
  const capacity = counting("Undo.capacity", options.capacity ?? 100)
  const { merge, records = isUsers } = options
  const instances = new Map(
    (isList(targets) ? targets : [targets]).map((target) => {
      const instance = resolve(runtime, target)
      const { instanceId } = instance
      if (Faces.instanceOf(instance)?.host.trace !== runtime.trace)
        throw new InvalidGroup({ entry: "Undo.make", reason: "foreign", instanceId })
      return [instance.instanceId, instance] as const
    })
  )
  const past: Array<Step> = []
  const future: Array<Step> = []
  /** The steps that this history's own entries undo or redo. */
  const own = new WeakMap<Origin, Step>()
  /** Whether a commit may go on with the last step. */
  let open = false
  let state = stateOf(past, future)
  const subscriptions = new Subscriptions<HistoryState>((error) =>
    runtime.onError(Cause.die(error), {
      instanceId: "",
      moduleId: "",
      during: "listener",
      entry: "Undo.subscribe"
    })
  )

  const changed = (): void => {
    const previous = state
    state = stateOf(past, future)
    if (!sameState(previous, state)) subscriptions.tell(previous, state)
  }

  const record = (commit: Commit): void => {
    future.length = 0
    const last = past.at(-1)
    const goesOn =
      last !== undefined &&
      ((commit.groupId !== undefined && commit.groupId === last.last.groupId) ||
        (open && merge?.(last.last, commit) === true))
    const { instanceId, next } = commit
    const changes = new Map(goesOn ? last.changes : [])
    changes.set(instanceId, { previous: (changes.get(instanceId) ?? commit).previous, next })
    if (goesOn) past.pop()
    open = [...changes.values()].some((change) => change.previous !== change.next)
    // Back where it began, it is no step.
    if (open) past.push({ changes, last: commit })
    if (past.length > capacity) past.shift()
  }

  const move = ({ from, to }: Direction, step: Step): void => {
    open = false
    if (from.at(-1) !== step) return
    from.pop()
    to.push(step)
  }

  const undoing: Direction = {
    name: "undo",
    from: past,
    to: future,
    apply: (state, { next, previous }) => rebase(state, next, previous)
  }
  const redoing: Direction = {
    name: "redo",
    from: future,
    to: past,
    apply: (state, { next, previous }) => rebase(state, previous, next)
  }

  const stopRecording = runtime.onCommit((commit) => {
    const { kind } = commit.origin
    if (!instances.has(commit.instanceId) || notSteps.has(kind)) return
    const step = own.get(commit.origin)
    if (step !== undefined) move(commit.origin.name === "undo" ? undoing : redoing, step)
    else if (records(commit)) record(commit)
  })
  // The history's readers are told when those of the instance are.
  const stopTelling = Array.from(instances.values(), ({ unsafe }) => unsafe.subscribe(changed))
  // Instances that have ended are not written to: what they were is forgotten.
  const stopPruning = runtime.subscribe(() => {
    if (runtime.status === "disposed") return dispose()
    for (const [id, instance] of instances) if (isClosed(instance)) instances.delete(id)
    for (const steps of [past, future]) {
      const kept = steps.filter(({ changes }) => [...changes.keys()].some((id) => instances.has(id)))
      steps.splice(0, steps.length, ...kept)
    }
    changed()
  })

  /** The step is chosen in the window: another entry may have come first. */
  const entry = (direction: Direction) => {
    const origin: Origin = { kind: "state-update", name: direction.name }
    // One that is on its way out takes no entries.
    const open = [...instances.values()].filter((instance) => !isClosed(instance))
    const write = (...transactions: ReadonlyArray<StateTransaction<unknown>>): void => {
      const step = direction.from.at(-1)
      if (step === undefined) return
      own.set(origin, step)
      let same = true
      transactions.forEach((transaction, i) => {
        const change = step.changes.get(open[i]?.instanceId ?? "")
        if (change === undefined) return
        const before = transaction.get()
        const after = direction.apply(before, change)
        same &&= before === after
        // Its derived fields follow: they need not be what they were.
        if (before !== after) transaction.set(Faces.instanceOf(open[i]!)!.withBase(before, after))
      })
      if (!same) return
      // No commit will tell of it.
      move(direction, step)
      whenClosed(changed)
    }
    return { open, origin, write }
  }

  const hasStep = ({ from }: Direction): boolean => from.length > 0 && !runtime.travel.active()

  const go = (direction: Direction): Effect.Effect<boolean> =>
    Effect.suspend(() => {
      if (!hasStep(direction)) return Effect.succeed(false)
      const { open, origin, write } = entry(direction)
      if (open.length === 0) return Effect.succeed(false)
      return Effect.map(runtime.transact(open, origin, write), () => {
        changed()
        return true
      })
    })

  const goNow = (direction: Direction): boolean => {
    if (!hasStep(direction)) return false
    const { open, origin, write } = entry(direction)
    if (open.length === 0) return false
    runtime.unsafe.transact(open, origin, write)
    changed()
    return true
  }

  const clear = (): void => {
    past.length = 0
    future.length = 0
    open = false
    changed()
  }

  const dispose = (): void => {
    stopRecording()
    for (const stop of stopTelling) stop()
    stopPruning()
    clear()
  }

  const subscribe = (listener: (state: HistoryState) => void) => subscriptions.subscribe(listener)
  return {
    getState: Effect.sync(() => state),
    changes: Stream.callback<HistoryState>(
      (queue) =>
        Effect.acquireRelease(
          Effect.sync(() => {
            Queue.offerUnsafe(queue, state)
            return subscribe((next) => void Queue.offerUnsafe(queue, next))
          }),
          (stop) => Effect.sync(stop)
        ),
      { bufferSize: 1, strategy: "sliding" }
    ),
    undo: go(undoing),
    redo: go(redoing),
    clear: Effect.sync(clear),
    unsafe: {
      getState: () => state,
      subscribe,
      subscribeTo: (selector, listener, equals) =>
        subscriptions.subscribeTo(state, selector, listener, equals),
      undo: () => goNow(undoing),
      redo: () => goNow(redoing),
      clear
    },
    dispose
  }
}

const stateOf = (past: ReadonlyArray<Step>, future: ReadonlyArray<Step>): HistoryState => ({
  canUndo: past.length > 0,
  canRedo: future.length > 0,
  undoes: past.at(-1)?.last.origin.name,
  redoes: future.at(-1)?.last.origin.name,
  size: past.length
})

const sameState = (a: HistoryState, b: HistoryState): boolean =>
  a.canRedo === b.canRedo && a.undoes === b.undoes && a.redoes === b.redoes && a.size === b.size

const isClosed = (instance: AnyModuleRuntime): boolean => Faces.instanceOf(instance)?.closed === true

const isList = (targets: Target | ReadonlyArray<Target>): targets is ReadonlyArray<Target> =>
  Array.isArray(targets)

const resolve = (runtime: AnyRuntime, target: Target): AnyModuleRuntime => {
  if ("unsafe" in target) return target
  const tag: ModuleTag<string, Any, Any, object> = "tag" in target ? target.tag : target
  return runtime.resolve(tag)
}
