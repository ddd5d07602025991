/** On whose behalf a fiber makes entries. */
import * as Context from "effect/Context"
import * as Fiber from "effect/Fiber"
import type { AnySpan } from "effect/Tracer"
import type { TxnRef } from "./Trace.ts"
import type { Run } from "./Waits.ts"

/** A handler, a setup, or what a transaction left to do. */
export interface Caller {
  /** The transaction that caused it. */
  readonly txn: TxnRef | undefined
  /** The handler, or setup. */
  readonly run: Run | undefined
  /** The instance whose handler or setup it is. */
  readonly instanceId: string | undefined
  readonly isSetup: boolean
}

export const nobody: Caller = { txn: undefined, run: undefined, instanceId: undefined, isSetup: false }

/** Carried by a handler's fiber, and so by what it forks. */
export const CallerRef = Context.Reference<Caller | undefined>("@sluice/core/Caller", {
  defaultValue: () => undefined
})

/** Fibers that pull an `actionStream`, with what they pulled last: their entries are caused by it. */
const pullers = new WeakMap<Fiber.Fiber<unknown, unknown>, Caller>()

/** Whether any fiber ever pulled. Written by `setPuller`; saves most apps a lookup an entry. */
let pulled = false

/** Something runs on this fiber's stack for someone else. Written by `callFor`. */
let acting:
  | {
      readonly fiber: Fiber.Fiber<unknown, unknown> | undefined
      readonly caller: Caller
      readonly span: AnySpan | undefined
    }
  | undefined

/** Calls the function on someone's behalf: that of the entries that it makes synchronously. */
export const callFor = <A, B>(caller: Caller, span: AnySpan | undefined, call: (arg: A) => B, arg: A): B => {
  const outer = acting
  acting = { fiber: Fiber.getCurrent(), caller, span }
  try {
    return call(arg)
  } finally {
    acting = outer
  }
}

/** Whether what runs is not the fiber's own doing. */
export const isForAnother = (fiber: Fiber.Fiber<unknown, unknown> | undefined): boolean =>
  acting !== undefined && acting.fiber === fiber

export const callerOf = (fiber: Fiber.Fiber<unknown, unknown> | undefined): Caller | undefined => {
  if (acting !== undefined && acting.fiber === fiber) return acting.caller
  if (fiber === undefined) return undefined
  const puller = pulled ? pullers.get(fiber) : undefined
  // One that has asked for the next, or left the stream, has done with what it pulled.
  return puller === undefined || puller.run?.ended ? fiber.getRef(CallerRef) : puller
}

/** The span that entries of this fiber are made in. */
export const spanOf = (fiber: Fiber.Fiber<unknown, unknown> | undefined): AnySpan | undefined =>
  acting !== undefined && acting.fiber === fiber ? acting.span : fiber?.cache.span

/**
 * Tells a commit. Entries that its subscribers make have the commit's own cause: the stack is that of whoever
 * freed the slot it had waited for, or ended the commit it had queued behind.
 */
export const tellFor = (cause: TxnRef | undefined, span: AnySpan | undefined, tell: () => void): void =>
  callFor({ ...nobody, txn: cause }, span, tell, undefined)

/** Whether an entry made now has no caller to be caused by: no fiber runs, and no commit is being told. */
export const isOutside = (): boolean => acting === undefined && Fiber.getCurrent() === undefined

/** The same caller, whose handler is whichever is the one when it is asked for. */
export const withRun = ({ instanceId, isSetup, txn }: Caller, run: () => Run | undefined): Caller => ({
  txn,
  instanceId,
  isSetup,
  get run() {
    return run()
  }
})

/** The fiber has made this transaction, and what it does from here on is caused by it: provide what this returns. */
export const continueFrom = (fiber: Fiber.Fiber<unknown, unknown>, txn: TxnRef): Caller => {
  const before = callerOf(fiber) ?? nobody
  const caller = withRun({ ...before, txn }, () => before.run)
  if (pulled && pullers.has(fiber)) setPuller(fiber, caller)
  return caller
}

/** The fiber has pulled the delivery that this caller is about. It counts until the caller's run has ended. */
export const setPuller = (fiber: Fiber.Fiber<unknown, unknown>, caller: Caller): void => {
  pulled = true
  pullers.set(fiber, caller)
}
