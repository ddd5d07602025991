/** What becomes of a transaction: its state is completed, its actions are delivered, and all of it is recorded. */
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Tracer from "effect/Tracer"
import { type EntryContext, plainContext } from "./Admission.ts"
import { spanOf, tellFor } from "./Caller.ts"
import type { AnyAction, Commit, Origin } from "./Commit.ts"
import { about, type Traced } from "./Delivery.ts"
import { ReducerFailed, TransactionSuspended } from "./Errors.ts"
import { fieldsOf } from "./internal/fields.ts"
import { monotonicMs } from "./internal/platform.ts"
import { Parts } from "./Parts.ts"
import type { Spans } from "./Spans.ts"
import { Detail, type EntryEvent, txnId } from "./Trace.ts"
import * as Transaction from "./Transaction.ts"
import { causeOf } from "./Window.ts"

const tagsOf = (actions: ReadonlyArray<AnyAction>): ReadonlyArray<string> => actions.map(({ _tag }) => _tag)

export const batchOrigin: Origin = { kind: "action", name: "batch" }
export const replaceOrigin: Origin = { kind: "init", name: "replace" }

// Not by their classes, so that only apps that use handlers outside the window bundle those.
/** What steps have thrown for the core itself. Written by `refuse`. */
const refusals = new WeakSet<object>()

/** A step's refusal, which is not its reducer's failure. */
export const refuse = (error: Error): never => {
  refusals.add(error)
  throw error
}

/**
 * A commit as a replay needs it: `actions` are those whose reducers made it, if any did. Actions that changed
 * nothing are one, too, with `next` the same as `previous`: they may change another state.
 */
export interface Change<S> {
  readonly origin: Origin
  readonly actions: ReadonlyArray<AnyAction>
  readonly previous: S
  readonly next: S
}

export abstract class Publication<S, A> extends Parts<S, A> {
  /** Told of each change as it is published, before its subscribers are. Written by `observe`. */
  private observers: ReadonlyArray<(change: Change<S>) => void> | undefined = undefined
  /** How much to record of the current entry, and when it began if in full. Written by `opening`. */
  private detail: Detail = Detail.off
  private startedAt = 0
  /** Where the app provides a tracer. Written by `makeSpans`. */
  spans: Spans | undefined = undefined
  /** That of the entry that is being published. Written by the hooks of `makeSpans`. */
  private span: Tracer.Span | undefined = undefined
  /** The tag whose reducer runs. Written by `stepAll`. */
  protected reducing = ""

  opening(): void {
    this.detail = this.host.trace.detail()
    if (this.detail === Detail.full) this.startedAt = monotonicMs()
  }

  /** Entries become spans. It replaces hooks, so that without a tracer an entry has nothing to ask. */
  protected makeSpans(spans: Spans): void {
    this.spans = spans
    const opening = this.opening.bind(this)
    const publish = this.publish.bind(this)
    const rolledBack = this.rolledBack.bind(this)
    let startTime = 0n
    const open = (outcome: EntryEvent["outcome"], tags: ReadonlyArray<string>, context: EntryContext) => {
      const fiber = Fiber.getCurrent()
      if (fiber?.cache.tracerEnabled === false) return undefined
      const { origin, txnRef } = this
      const { cause, span } = context
      return spans.open({
        name: `${this.impl.def.id} ${origin.name}`,
        parent: context === plainContext ? spanOf(fiber) : span,
        startTime,
        attributes: {
          instance: txnRef.instanceId,
          txn: txnId(txnRef),
          cause: cause && txnId(cause),
          origin: origin.kind,
          tags,
          outcome
        }
      })
    }
    this.opening = () => {
      startTime = spans.now()
      opening()
    }
    this.publish = (origin, actions, previous, next, context) => {
      this.span = open(previous === next ? "unchanged" : "commit", tagsOf(actions), context)
      publish(origin, actions, previous, next, context)
      spans.close(this.span, Exit.void)
      this.span = undefined
    }
    this.rolledBack = (origin, actions, error, context, atFault) => {
      const span = open("rollback", tagsOf(actions), context)
      spans.close(span, Exit.failCause(causeOf(error)))
      rolledBack(origin, actions, error, context, atFault)
    }
  }

  /** Where there are actions, it is their reducers that ran. */
  protected failure(actions: ReadonlyArray<AnyAction>, error: unknown): unknown {
    const [action] = actions
    // A WeakSet can be asked about any value.
    const isOwn = error instanceof TransactionSuspended || refusals.has(error as object)
    if (action === undefined || isOwn) return error
    return new ReducerFailed({
      ...this.at(this.origin),
      tag: actions.length === 1 ? action._tag : this.reducing,
      cause: error
    })
  }

  complete(origin: Origin, previous: S, draft: S): S {
    let next = draft
    if (this.derivation !== undefined && this.away === undefined && origin !== replaceOrigin) {
      next = this.derivation.converge(fieldsOf(previous), fieldsOf(draft)) as S
    }
    // What a handler computes comes from outside typed code.
    if (this.impl.validate === "commit" || this.impl.handlers !== undefined) this.checkState(origin, next)
    return next
  }

  publish(
    origin: Origin,
    actions: ReadonlyArray<AnyAction>,
    previous: S,
    next: S,
    context: EntryContext
  ): void {
    const { detail, host, instanceId, txn } = this
    if (detail !== Detail.off) {
      if (context !== plainContext || previous === next || origin === batchOrigin) {
        const outcome = previous === next ? "unchanged" : "commit"
        this.record(origin, actions, outcome, context, undefined, previous, next)
      } else if (detail === Detail.light) {
        host.trace.plain(instanceId, txn, origin)
      } else {
        const durationMs = monotonicMs() - this.startedAt
        host.trace.plainInFull(instanceId, txn, origin, durationMs, actions, previous, next)
      }
    }
    if (
      context !== plainContext ||
      this.delivers ||
      this.host.sinks.length > 0 ||
      this.observers !== undefined
    ) {
      this.publishOut(origin, actions, previous, next, context)
    }
  }

  private get delivers(): boolean {
    return this.madeDeliveries !== undefined && !this.madeDeliveries.none
  }

  private publishOut(
    origin: Origin,
    actions: ReadonlyArray<AnyAction>,
    previous: S,
    next: S,
    { cause, groupId, ticket, waiter }: EntryContext
  ): void {
    const { host, instanceId, txnRef } = this
    if (this.observers !== undefined && (previous !== next || actions.length > 0)) {
      this.tellObservers({ origin, actions, previous, next }, this.observers)
    }
    if (actions.length > 0 && this.delivers) {
      const traced = this.detail === Detail.full ? { cause: cause && txnId(cause) } : undefined
      if (traced !== undefined) this.recordDeliveries(actions, traced)
      this.deliveries.deliver(actions, this.txn, this.span, traced, waiter, ticket)
    }
    if (previous !== next && host.sinks.length > 0) {
      const commit: Commit = {
        txnId: txnId(txnRef),
        ...(groupId === undefined ? {} : { groupId }),
        seq: host.nextSeq(),
        instanceId,
        moduleId: this.impl.def.id,
        origin,
        cause: cause && txnId(cause),
        actions,
        previous,
        next,
        startedAt: host.trace.now()
      }
      for (const sink of host.sinks) {
        // Ended by one before it, in this very commit.
        if (sink.closed) continue
        if (waiter === undefined) sink.push(commit, ticket)
        else waiter.publish(sink, [commit])
      }
    }
    ticket?.enter()
  }

  tellObservers(change: Change<S>, observers: ReadonlyArray<(change: Change<S>) => void>): void {
    for (const observer of observers) {
      try {
        observer(change)
      } catch (error) {
        this.report(Cause.die(error), "listener", "observer")
      }
    }
  }

  /** Gives the observer each change, of any origin, in the step that makes it. It must make no entry. */
  observe(observer: (change: Change<S>) => void): () => void {
    this.observers = [...(this.observers ?? []), observer]
    return () => {
      const left = this.observers?.filter((other) => other !== observer) ?? []
      this.observers = left.length === 0 ? undefined : left
    }
  }

  private recordDeliveries(actions: ReadonlyArray<AnyAction>, traced: Traced): void {
    for (const [consumer, deliveries] of this.deliveries.route(actions, 0, undefined, traced)) {
      for (const delivery of deliveries) {
        this.host.trace.event({
          kind: "delivery",
          ...about(delivery, consumer.name),
          // It was routed as one of none.
          txnId: txnId(this.txnRef)
        })
      }
    }
  }

  rolledBack(
    origin: Origin,
    actions: ReadonlyArray<AnyAction>,
    error: unknown,
    context: EntryContext,
    atFault: boolean
  ): void {
    const failure = causeOf(error)
    if (this.detail !== Detail.off) {
      const { state } = this
      this.record(origin, actions, "rollback", context, Cause.squash(failure), state, state)
    }
    if (!atFault) return
    this.report(failure, "entry", Transaction.describe(origin), { txnId: txnId(this.txnRef) })
  }

  private record(
    origin: Origin,
    actions: ReadonlyArray<AnyAction>,
    outcome: EntryEvent["outcome"],
    { cause, groupId, waiter }: EntryContext,
    error: unknown,
    previous: S,
    next: S
  ): void {
    const waited = waiter?.waited
    this.host.trace.entry({
      instanceId: this.instanceId,
      n: this.txn,
      groupId,
      cause,
      origin,
      actions,
      outcome,
      error,
      full: this.detail === Detail.full && {
        durationMs: monotonicMs() - this.startedAt,
        previous,
        next,
        wait: waited && { waited: { ...waited, until: this.startedAt } }
      }
    })
  }

  protected tell(origin: Origin, previous: S, next: S, context: EntryContext): void {
    if (context === plainContext) return this.tellAll(origin, previous, next)
    tellFor(context.cause, context.span, () => this.tellAll(origin, previous, next))
  }

  private tellAll(origin: Origin, previous: S, next: S): void {
    this.madeSubscriptions?.tell(previous, next)
    // What logic reads does not travel.
    if (this.conflated !== undefined && origin.kind !== "devtools") this.conflated.tell(previous, next)
  }
}
