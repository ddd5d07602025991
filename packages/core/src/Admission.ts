/** How an entry gets in where something is in the way: another entry, or a consumer without room. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type { AnySpan } from "effect/Tracer"
import * as Body from "./Body.ts"
import { type Caller, callerOf, isForAnother, spanOf } from "./Caller.ts"
import type { AnyAction, Origin } from "./Commit.ts"
import { type InstanceClosed, TransactionSuspended } from "./Errors.ts"
import type { TxnRef } from "./Trace.ts"
import * as Transaction from "./Transaction.ts"
import { type Demand, type Ticket, Waiter } from "./Waiter.ts"
import type { Run } from "./Waits.ts"

/** What an entry brings along besides its state change. */
export interface EntryContext {
  readonly cause: TxnRef | undefined
  readonly waiter: Waiter | undefined
  readonly ticket: Ticket | null
  /** Of an entry on several instances. */
  readonly groupId: string | undefined
  /** The span it is made in, unless it is plain: then that of the current fiber. */
  readonly span: AnySpan | undefined
}

/** Of an entry that brings nothing along. */
export const plainContext: EntryContext = {
  cause: undefined,
  waiter: undefined,
  ticket: null,
  groupId: undefined,
  span: undefined
}

export const contextOf = (fiber: Fiber.Fiber<unknown, unknown>): EntryContext => {
  const cause = callerOf(fiber)?.txn
  return cause === undefined ? plainContext : { ...plainContext, cause, span: spanOf(fiber) }
}

/** What an entry is made on: an instance, or a group of them. */
export interface Gate {
  readonly instanceId: string
  /** Whether an entry can run now. If not, give it to `later`. */
  readonly idle: boolean
  readonly closed: boolean
  readonly instanceClosed: (origin: Origin) => InstanceClosed
  /** Runs the task in its turn. It must not throw. */
  readonly later: (task: () => void) => void
  /** What was given to `later` has nothing left to do. */
  readonly leave: () => void
  readonly demands: (actions: ReadonlyArray<AnyAction>, caller: Caller | undefined) => ReadonlyArray<Demand>
  /** Until `forget`, the waiter is refused when the gate closes, and stands where consumers open. */
  readonly remember: (waiter: Waiter, refuse: () => void) => void
  readonly forget: (waiter: Waiter) => void
  readonly warnOfCycle: (origin: Origin, run: Run) => void
  /** It closed before the turn of an entry whose caller has gone on. */
  readonly lost: (origin: Origin) => void
}

export const lateWrite = (instanceId: string, origin: Origin): TransactionSuspended =>
  new TransactionSuspended({ ...Transaction.at(instanceId, origin), by: "late write" })

/** Throws what refuses any entry of this fiber now. */
export const check = (gate: Gate, origin: Origin, fiber: Fiber.Fiber<unknown, unknown> | undefined): void => {
  const open = Transaction.current()
  if (open !== undefined) throw Transaction.inTransaction(gate.instanceId, origin, open)
  if (gate.closed) throw gate.instanceClosed(origin)
  if (fiber !== undefined && !isForAnother(fiber) && Body.isLate(fiber))
    throw lateWrite(gate.instanceId, origin)
}

/** For callers that cannot wait: commits before it returns, unless a commit is being told. */
export const enterSync = (
  gate: Gate,
  origin: Origin,
  run: (context: EntryContext) => unknown,
  ticket: Ticket | null
): void => {
  const fiber = Fiber.getCurrent()
  check(gate, origin, fiber)
  const cause = callerOf(fiber)?.txn
  const plain = cause === undefined && ticket === null && gate.idle
  const context = plain ? plainContext : { ...plainContext, cause, ticket, span: spanOf(fiber) }
  if (gate.idle) {
    run(context)
    return
  }
  gate.later(() => {
    if (gate.closed) return missed(gate, origin, ticket)
    try {
      run(context)
    } catch (error) {
      // Its caller has gone on; `rolledBack` has given the error to `onError`.
      ticket?.failed(error)
    }
  })
}

/** It closed before an entry that its caller has not waited for. */
export const missed = (gate: Gate, origin: Origin, ticket: Ticket | null): void =>
  ticket === null ? gate.lost(origin) : ticket.closed()

/** For callers that can wait: enters in its turn, when every consumer of the actions has room. */
export const enter = <B, E>(
  gate: Gate,
  fiber: Fiber.Fiber<unknown, unknown>,
  origin: Origin,
  actions: ReadonlyArray<AnyAction>,
  attempt: (context: EntryContext) => Exit.Exit<B, E>
): Effect.Effect<B, E> =>
  enterBy(gate, fiber, origin, actions, (context, settle: (exit: Exit.Exit<B, E>) => void) =>
    settle(attempt(context))
  )

/** The same for an entry that goes on: every slot is held until `settle`. */
export const enterBy = <B, E>(
  gate: Gate,
  fiber: Fiber.Fiber<unknown, unknown>,
  origin: Origin,
  actions: ReadonlyArray<AnyAction>,
  begin: (context: EntryContext, settle: (exit: Exit.Exit<B, E>) => void) => void
): Effect.Effect<B, E> => {
  check(gate, origin, fiber)
  const caller = callerOf(fiber)
  const cause = caller?.txn
  const span = spanOf(fiber)
  return Effect.callback<B, E>((resume) => {
    let ended = false
    const end = () => {
      ended = true
      gate.forget(waiter)
      waiter.end()
      gate.leave()
    }
    const settle = (exit: Exit.Exit<B, E>) => {
      end()
      resume(exit)
    }
    const refuse = () => {
      if (!ended) settle(Exit.die(gate.instanceClosed(origin)))
    }
    /** Now if nothing is in the way; else after the open window, the commit being told, or the travel. */
    const whenIdle = (task: () => void): void => {
      if (ended) return
      if (Transaction.isOpen()) Transaction.whenClosed(() => whenIdle(task))
      // A close gives the slots of those it refuses to the next in line, who has not been refused yet.
      else if (gate.closed) refuse()
      else if (gate.idle) task()
      else gate.later(() => whenIdle(task))
    }
    const waiter = new Waiter({
      run: caller?.run,
      demands: () => gate.demands(actions, caller),
      enter: () =>
        whenIdle(() => {
          // A consumer opened while it was let in and not yet idle has made it stand again.
          if (!waiter.complete) return
          // What it commits stands, though that closes it.
          ended = true
          begin({ ...plainContext, cause, waiter, span }, settle)
        }),
      cycle: (run) => gate.warnOfCycle(origin, run)
    })
    gate.remember(waiter, refuse)
    whenIdle(() => waiter.start())
    return Effect.sync(end)
  })
}
