/**
 * The kernel: open, write, validate, commit or roll back. All of it is synchronous.
 *
 *     idle -> open (step computes the next state) -> telling (publish, then listeners) -> idle
 *
 * - A step that throws, or a state that `check` refuses, leaves everything as it was and is one `rollback`.
 * - While a commit is being told, further entries of the instance queue in `later` and run right after.
 * - While any transaction is open, no other may open, on any instance: `openKernel` says which it is.
 *   There is one, not one per runtime, because a window never outlives the stack that opened it.
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

// Written by `transition` alone.
let openKernel: AnyKernel | undefined
const afterWindow: Array<() => void> = []

/** The kernel whose transaction is open on this stack. */
export const current = (): AnyKernel | undefined => openKernel

export const isOpen = (): boolean => openKernel !== undefined

/** Runs when the open transaction has ended: for callers that its body happened to make room for. */
export const whenClosed = (task: () => void): void => void afterWindow.push(task)

export type AnyKernel = Kernel<Any, Any>

/** `Along` is what an entry brings along; the kernel only hands it on. */
export abstract class Kernel<S, Along> {
  readonly instanceId: string
  /** Written by a commit. */
  state: S
  /** Commits so far. Written by a commit. */
  version = 0
  /** Transactions so far, of any outcome. Written by `transition`. */
  txn = 0
  /** Written by `transition`, for error messages of entries made meanwhile. */
  origin: Origin = { kind: "init", name: "init" }
  /** The body's window while one with a body is open. Written by whoever runs the body. */
  window: Window | undefined = undefined
  /** While held, entries wait in `queue`. Written by `hold` and `release`. */
  private held = false
  private telling = false
  /** While `pump` is on the stack. Written by `pump`. */
  private pumping = false
  /** The task that `pump` called has not made its transaction yet. Written by `pump` and `transition`. */
  private turn = false
  private readonly queue = new Fifo<() => void>()
  private readonly urgent: Array<() => void> = []

  constructor(instanceId: string, state: S) {
    this.instanceId = instanceId
    this.state = state
  }

  // What the kernel calls. None of these may make an entry, except what `tell` calls.

  protected abstract opening(): void
  /** What to throw for what the step threw. */
  protected abstract failure(actions: ReadonlyArray<AnyAction>, error: unknown): unknown
  /** Throws to refuse a state. */
  protected abstract check(origin: Origin, next: S): void
  /** Puts the actions into the channels. `previous !== next` means a commit. */
  protected abstract publish(
    origin: Origin,
    actions: ReadonlyArray<AnyAction>,
    previous: S,
    next: S,
    context: Along
  ): void
  protected abstract rolledBack(
    origin: Origin,
    actions: ReadonlyArray<AnyAction>,
    error: unknown,
    context: Along
  ): void
  /** Tells the subscribers of a commit. Must not throw. */
  protected abstract tell(origin: Origin, previous: S, next: S, context: Along): void

  /** Whether an entry can run now. If not, give it to `later`. */
  get idle(): boolean {
    // A caller that a queued task resumes comes after what is still queued.
    return !this.telling && !this.held && (!this.pumping || this.turn || this.queue.length === 0)
  }

  /** Runs the task when the instance is idle, in the order given. It must not throw. */
  later(task: () => void): void {
    this.queue.push(task)
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
    if (openKernel !== undefined) throw this.inTransaction(origin, openKernel)
    this.opening()
    const previous = this.state
    let next: S
    const n = ++this.txn
    this.turn = false
    this.origin = origin
    openKernel = this
    let stepped = false
    try {
      next = step(previous, arg)
      stepped = true
      if (next !== previous) {
        if (isPromiseLike(next)) refusePromise(this.instanceId, origin, next)
        this.check(origin, next)
      }
    } catch (error) {
      openKernel = undefined
      throw this.rollBack(origin, actions, stepped ? error : this.failure(actions, error), context)
    }
    openKernel = undefined
    this.telling = true
    if (next === previous) {
      this.publish(origin, actions, previous, next, context)
    } else {
      this.state = next
      this.version++
      this.publish(origin, actions, previous, next, context)
      this.tell(origin, previous, next, context)
    }
    this.telling = false
    if (this.urgent.length > 0 || this.queue.length > 0 || afterWindow.length > 0) this.goOn()
    return n
  }

  private rollBack<E>(origin: Origin, actions: ReadonlyArray<AnyAction>, error: E, context: Along): E {
    this.rolledBack(origin, actions, error, context)
    runAfterWindow()
    return error
  }

  /** What waited for the transaction to end. */
  private goOn(): void {
    for (const task of this.urgent.splice(0)) task()
    this.pump()
    runAfterWindow()
  }

  inTransaction(origin: Origin, open: AnyKernel): EntryInTransaction {
    return new EntryInTransaction({
      instanceId: this.instanceId,
      entry: describe(origin),
      openInstanceId: open.instanceId,
      openEntry: describe(open.origin)
    })
  }

  /** Devtools': runs now, although entries are held, or else right after the commit that is being told. */
  whenTold(task: () => void): void {
    if (this.telling) this.urgent.push(task)
    else task()
  }

  hold(): void {
    this.held = true
  }

  release(): void {
    this.held = false
    this.pump()
  }

  // One loop, not one for each commit that it makes: subscribers may enter again and again.
  private pump(): void {
    if (this.pumping) return
    this.pumping = true
    while (this.queue.length > 0 && !this.telling && !this.held) {
      this.turn = true
      this.queue.shift()?.()
    }
    this.turn = false
    this.pumping = false
  }
}

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
  throw new TransactionSuspended({ instanceId, entry: describe(origin), by: "promise" })
}
