/**
 * The kernel: open, write, validate, commit or roll back. All of it is synchronous.
 *
 *     idle -> open (step computes the next state, then it is completed) -> telling (publish, then listeners) -> idle
 *
 * - A step that throws, or a state that `complete` refuses, leaves everything as it was and is one `rollback`.
 * - While a commit is being told, further entries of the instance queue in `later` and run right after.
 * - While any transaction is open, no other may open, on any instance: `current` says which it is.
 *   There is one, not one per runtime, because a window never outlives the stack that opened it.
 * - A group is one transaction on each of several kernels, at once: each step above is done for all of them
 *   before the next, and what throws in any rolls back all.
 */
import type * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { AnyAction, Origin } from "./Commit.ts"
import { EntryInTransaction, TransactionSuspended } from "./Errors.ts"
import type { Any } from "./internal/any.ts"
import { Fifo } from "./internal/fifo.ts"

export interface Window {
  /** Runs the effect, with these services, once the transaction is published. */
  readonly defer: (effect: Effect.Effect<unknown, unknown>, services: Context.Context<never>) => void
}

/** What is open: a kernel's transaction, or those of a group. */
export interface Open {
  readonly instanceId: string
  readonly origin: Origin
  readonly window: Window | undefined
}

// Written by `transition`, `transitionAll` and `during` alone.
let openNow: Open | undefined
const afterWindow: Array<() => void> = []

/** What is open on this stack. */
export const current = (): Open | undefined => openNow

export const isOpen = (): boolean => openNow !== undefined

/** Runs when the open transaction has ended: for callers that its body happened to make room for. */
export const whenClosed = (task: () => void): void => void afterWindow.push(task)

export type AnyKernel = Kernel<Any, Any>

/** Runs a pure function: an entry that it makes is refused, as in a transaction. */
export const withoutEntries = <A>(open: Open, compute: () => A): A => {
  if (openNow !== undefined) return compute()
  openNow = open
  try {
    return compute()
  } finally {
    openNow = undefined
    runAfterWindow()
  }
}

/** Reasons to let no entry in. */
export const Busy = {
  /** A commit is being told. */
  telling: 1,
  /** Devtools show another moment. */
  held: 2,
  /** A group is first in line, and not yet in that of another kernel; or an entry that computes outside the window. */
  first: 4
} as const

/**
 * Who is first in line and not through yet: a group that waits to be first of all its kernels, and for none of them
 * to be held; or an entry whose next state is being computed.
 */
export interface First {
  readonly enterIfFree: () => void
  /** The kernel closed. A group's task runs, to see that. */
  readonly end: () => void
}

/** `order` is its place among all that were ever queued. */
interface Queued {
  readonly order: number
  readonly task: () => void
}

// Written by `later`.
let lastOrder = 0

/** `Along` is what an entry brings along; the kernel only hands it on. */
export abstract class Kernel<S, Along> implements Open {
  readonly instanceId: string
  /** Written by a commit, and by a hydration while it is cold and nobody has seen it. */
  state: S
  /** Commits so far. Written by a commit. */
  version = 0
  /** Transactions so far, of any outcome. Written by `transition`. */
  txn = 0
  /** Written by `transition`, for error messages of entries made meanwhile. */
  origin: Origin = { kind: "init", name: "init" }
  /** The body's window while one with a body is open. Written by whoever runs the body. */
  window: Window | undefined = undefined
  /** The sum of what is the case of `Busy`. While there is any, entries wait in `queue`. */
  busy = 0
  /** While a loop that takes from `queue` is on the stack. Written by `takeTurns`, `laterForAll` and Serial. */
  pumping = false
  /** The task that was taken has not made its transaction yet. Written by the loop, Serial and the transition. */
  turn = false
  // Made when first used: most instances never queue anything.
  private queue: Fifo<Queued> | undefined = undefined
  private urgent: Array<() => void> | undefined = undefined
  /** Written by `laterForAll` and Serial. */
  first: First | undefined = undefined
  /** No transaction comes any more. Written by the instance, followed by `letGo`. */
  closed = false

  constructor(instanceId: string, state: S) {
    this.instanceId = instanceId
    this.state = state
  }

  // What the kernel calls. None of these may make an entry, except what `tell` calls.

  abstract opening(): void
  /** What to throw for what the step threw. */
  protected abstract failure(actions: ReadonlyArray<AnyAction>, error: unknown): unknown
  /** The state to commit for a draft: with its derived fields. Throws to refuse it. */
  abstract complete(origin: Origin, previous: S, draft: S): S
  /** Puts the actions into the channels. `previous !== next` means a commit. */
  protected abstract publish(
    origin: Origin,
    actions: ReadonlyArray<AnyAction>,
    previous: S,
    next: S,
    context: Along
  ): void
  /** `atFault`: the error is this kernel's. In a group one is; the others only roll back with it. */
  protected abstract rolledBack(
    origin: Origin,
    actions: ReadonlyArray<AnyAction>,
    error: unknown,
    context: Along,
    atFault: boolean
  ): void
  /** Tells the subscribers of a commit. Must not throw. */
  protected abstract tell(origin: Origin, previous: S, next: S, context: Along): void

  /** Whether an entry can run now. If not, give it to `later`. */
  get idle(): boolean {
    // A caller that a queued task resumes comes after what is still queued.
    return this.busy === 0 && (!this.pumping || this.turn || this.queued === 0)
  }

  /** Runs the task when the instance is idle, in the order given. It must not throw. */
  later(task: () => void): void {
    this.queue ??= new Fifo()
    this.queue.push({ order: ++lastOrder, task })
  }

  /**
   * One transaction. `step` computes the next state from the current one and `arg`; returning the same
   * reference means no commit. Returns the transaction's number. Throws what the step threw, after the
   * rollback. Call only while idle (devtools: also while held).
   */
  transition<Arg>(
    origin: Origin,
    actions: ReadonlyArray<AnyAction>,
    step: (state: S, arg: Arg) => S,
    arg: Arg,
    context: Along
  ): number {
    if (openNow !== undefined) throw this.inTransaction(origin, openNow)
    this.opening()
    const previous = this.state
    let next: S
    const n = ++this.txn
    this.turn = false
    this.origin = origin
    openNow = this
    let stepped = false
    try {
      next = step(previous, arg)
      stepped = true
      if (next !== previous) next = this.settle(origin, previous, next)
    } catch (error) {
      openNow = undefined
      throw this.rollBack(origin, actions, stepped ? error : this.failure(actions, error), context)
    }
    openNow = undefined
    this.busy |= Busy.telling
    if (next === previous) {
      this.publish(origin, actions, previous, next, context)
    } else {
      this.state = next
      this.version++
      this.publish(origin, actions, previous, next, context)
      this.tell(origin, previous, next, context)
    }
    this.busy &= ~Busy.telling
    if (this.urgent !== undefined || this.queued > 0 || afterWindow.length > 0) this.goOn()
    return n
  }

  /** Runs what may make no entry, as in a window. */
  during<A>(body: () => A): A {
    const outer = openNow
    openNow = this
    try {
      return body()
    } finally {
      openNow = outer
    }
  }

  private rollBack<E>(origin: Origin, actions: ReadonlyArray<AnyAction>, error: E, context: Along): E {
    this.rolledBack(origin, actions, error, context, true)
    runAfterWindow()
    return error
  }

  /** The state to commit. Throws to refuse it. */
  private settle(origin: Origin, previous: S, draft: S): S {
    if (isPromiseLike(draft)) refusePromise(this.instanceId, origin, draft)
    return this.complete(origin, previous, draft)
  }

  /** What waited for the transaction to end. */
  private runUrgent(): void {
    const { urgent } = this
    if (urgent === undefined) return
    this.urgent = undefined
    for (const task of urgent) task()
  }

  private goOn(): void {
    this.runUrgent()
    this.pump()
    runAfterWindow()
  }

  inTransaction(origin: Origin, open: Open): EntryInTransaction {
    return inTransaction(this.instanceId, origin, open)
  }

  at(origin: Origin) {
    return at(this.instanceId, origin)
  }

  /** Devtools': runs now, although entries are held, or else right after the commit that is being told. */
  whenTold(task: () => void): void {
    if (this.telling) (this.urgent ??= []).push(task)
    else task()
  }

  get telling(): boolean {
    return (this.busy & Busy.telling) !== 0
  }

  hold(): void {
    this.busy |= Busy.held
  }

  release(): void {
    this.busy &= ~Busy.held
    this.first?.enterIfFree()
    this.pump()
  }

  /** Now that it is closed: what is queued runs, to see that, and no group waits here. */
  letGo(): void {
    this.first?.end()
    this.release()
  }

  private pump(): void {
    if (!this.pumping) Kernel.takeTurns([this])
  }

  /**
   * Runs what is queued, in the order in which it was. One loop, not one for each commit that it makes:
   * subscribers may enter again and again. None of the kernels may be in another such loop.
   */
  static takeTurns(kernels: ReadonlyArray<AnyKernel>): void {
    for (const kernel of kernels) kernel.pumping = true
    for (;;) {
      let next: AnyKernel | undefined
      for (const kernel of kernels) {
        if (kernel.busy === 0 && kernel.firstOrder < (next?.firstOrder ?? Number.POSITIVE_INFINITY))
          next = kernel
      }
      if (next === undefined) break
      next.turn = true
      next.queue?.shift()?.task()
      // It may have made no transaction.
      next.turn = false
    }
    for (const kernel of kernels) kernel.pumping = false
  }

  /** Entries that wait for their turn; of a group, one on each instance. */
  get queued(): number {
    return this.queue?.length ?? 0
  }

  /** The order of what is first in the queue. */
  private get firstOrder(): number {
    return this.queue?.at(0)?.order ?? Number.POSITIVE_INFINITY
  }

  // --- groups -------------------------------------------------------------------------------------------

  /**
   * One transaction on each of the kernels. `step` gives their next states, in their order. Throws what it
   * threw, or what refused a state, after all have rolled back. Call only as `transition`, for each.
   */
  static transitionAll<Along>(
    kernels: ReadonlyArray<Kernel<Any, Along>>,
    origin: Origin,
    step: () => ReadonlyArray<unknown>,
    context: Along
  ): void {
    const group = new OpenGroup(kernels, origin)
    if (openNow !== undefined) throw inTransaction(group.instanceId, origin, openNow)
    for (const kernel of kernels) {
      kernel.opening()
      kernel.txn++
      kernel.turn = false
      kernel.origin = origin
    }
    const moves: Array<{
      readonly kernel: Kernel<Any, Along>
      readonly previous: unknown
      readonly next: unknown
    }> = []
    let atFault = kernels[0]
    openNow = group
    try {
      const states = step()
      kernels.forEach((kernel, i) => {
        const previous: unknown = kernel.state
        let next = states[i]
        atFault = kernel
        if (next !== previous) next = kernel.settle(origin, previous, next)
        moves.push({ kernel, previous, next })
      })
    } catch (error) {
      openNow = undefined
      for (const kernel of kernels) kernel.rolledBack(origin, [], error, context, kernel === atFault)
      runAfterWindow()
      throw error
    }
    openNow = undefined
    for (const { kernel, next, previous } of moves) {
      kernel.busy |= Busy.telling
      if (next === previous) continue
      kernel.state = next
      kernel.version++
    }
    for (const { kernel, next, previous } of moves) kernel.publish(origin, [], previous, next, context)
    for (const { kernel, next, previous } of moves) {
      if (next !== previous) kernel.tell(origin, previous, next, context)
    }
    for (const kernel of kernels) kernel.busy &= ~Busy.telling
    for (const kernel of kernels) kernel.runUrgent()
    Kernel.takeTurns(kernels.filter(({ pumping }) => !pumping))
    runAfterWindow()
  }

  /**
   * Runs the task when it is first in line on all of the kernels, or one has closed. It takes its place in all
   * lines in one step, so no two tasks wait for each other, and what comes after it in any line waits for it.
   * Returns what ends the wait at once; the task runs then, too.
   */
  static laterForAll(kernels: ReadonlyArray<AnyKernel>, task: () => void): () => void {
    const arrived: Array<AnyKernel> = []
    let ended = false
    const end = () => {
      if (ended) return
      ended = true
      const apart = arrived.filter(({ pumping }) => !pumping)
      for (const kernel of arrived) {
        kernel.busy &= ~Busy.first
        kernel.first = undefined
        kernel.turn = true
      }
      for (const kernel of apart) kernel.pumping = true
      task()
      for (const kernel of arrived) kernel.turn = false
      Kernel.takeTurns(apart)
    }
    const enterIfFree = () => {
      // One that was first in line here may have been sent to another moment since.
      if (arrived.length === kernels.length && arrived.every(({ busy }) => busy === Busy.first)) end()
    }
    const arrive = (kernel: AnyKernel) => {
      if (ended) return
      arrived.push(kernel)
      kernel.busy |= Busy.first
      kernel.first = { enterIfFree, end }
      if (kernel.closed) end()
      else enterIfFree()
    }
    for (const kernel of kernels) {
      if (kernel.idle) arrive(kernel)
      else kernel.later(() => arrive(kernel))
    }
    return end
  }
}

/** What is open while a group is. */
class OpenGroup implements Open {
  private readonly kernels: ReadonlyArray<AnyKernel>
  readonly origin: Origin

  constructor(kernels: ReadonlyArray<AnyKernel>, origin: Origin) {
    this.kernels = kernels
    this.origin = origin
  }

  get instanceId(): string {
    return this.kernels.map(({ instanceId }) => instanceId).join(", ")
  }

  get window(): Window | undefined {
    return this.kernels[0]?.window
  }
}

export const inTransaction = (instanceId: string, origin: Origin, open: Open): EntryInTransaction =>
  new EntryInTransaction({
    ...at(instanceId, origin),
    openInstanceId: open.instanceId,
    openEntry: describe(open.origin)
  })

/** For errors: where it happened. */
export const at = (instanceId: string, origin: Origin) => ({ instanceId, entry: describe(origin) })

export const describe = (origin: Origin): string => `${origin.kind} ${JSON.stringify(origin.name)}`

const runAfterWindow = (): void => {
  for (const task of afterWindow.splice(0)) task()
}

const isPromiseLike = (value: unknown): boolean =>
  // A missing property is found missing faster by its value than by `in`; any value but null has properties.
  typeof value === "object" && value !== null && typeof (value as { then?: unknown }).then === "function"

/** A body, recipe or reducer may not answer later. What the promise then fails with is this refusal's doing. */
export const refusePromise = (instanceId: string, origin: Origin, value: unknown): void => {
  if (!isPromiseLike(value)) return
  Promise.resolve(value).catch(() => {})
  throw new TransactionSuspended({ ...at(instanceId, origin), by: "promise" })
}
