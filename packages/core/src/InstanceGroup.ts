/** Several instances of one runtime, entered as one: a transaction on each, committed together or not at all. */
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Admission from "./Admission.ts"
import type { EntryContext, Gate } from "./Admission.ts"
import { type Caller, callerOf } from "./Caller.ts"
import type { Origin } from "./Commit.ts"
import { type InstanceClosed, InvalidGroup } from "./Errors.ts"
import type { AnyInstance } from "./Instance.ts"
import type { InstanceHost } from "./Parts.ts"
import type { Any } from "./internal/any.ts"
import * as Transaction from "./Transaction.ts"
import type { Demand, Waiter } from "./Waiter.ts"
import type { Run } from "./Waits.ts"
import { type BodyHost, BodyRun, type GroupBody, orThrow } from "./Window.ts"

/** One entry's: who enters twice makes two. */
export class InstanceGroup implements Gate {
  /** Each once. */
  readonly members: ReadonlyArray<AnyInstance>
  private readonly origin: Origin
  private readonly first: AnyInstance
  /** As they were given. */
  private readonly hosts: readonly [BodyHost<Any>, ...Array<BodyHost<Any>>]
  private readonly host: InstanceHost
  /** Ends the wait for its turn. Written by `later`. */
  private endWait: (() => void) | undefined

  /**
   * An instance may be given twice; it has one transaction. Throws InvalidGroup where there is none, or one
   * that is not of `home`, the others' or a given runtime.
   */
  constructor(given: ReadonlyArray<AnyInstance>, origin: Origin, home: InstanceHost | undefined) {
    this.origin = origin
    this.members = [...new Set(given)]
    const [first] = this.members
    if (first === undefined) {
      throw new InvalidGroup({ entry: Transaction.describe(origin), reason: "empty", instanceId: "" })
    }
    this.host = home ?? first.host
    for (const { host, instanceId } of this.members) {
      if (host !== this.host) throw InstanceGroup.foreign(origin, instanceId)
    }
    this.first = first
    const [, ...others] = given
    this.hosts = [first, ...others]
  }

  static foreign(origin: Origin, instanceId: string): InvalidGroup {
    return new InvalidGroup({ entry: Transaction.describe(origin), reason: "foreign", instanceId })
  }

  // --- entries ------------------------------------------------------------------------------------------

  transact(body: GroupBody): Effect.Effect<unknown, unknown> {
    return this.enter((context, fiber) => this.runBody(body, fiber.context, callerOf(fiber), context))
  }

  transactSync(body: GroupBody): void {
    const caller = callerOf(Fiber.getCurrent())
    const run = (context: EntryContext) => orThrow(this.runBody(body, this.first.services, caller, context))
    Admission.enterSync(this, this.origin, run, null)
  }

  /** `step` gives the members' next states, in their order. */
  update(step: () => ReadonlyArray<unknown>): Effect.Effect<void> {
    return this.enter((context) => {
      try {
        this.commit(step, context)
        return Exit.void
      } catch (error) {
        return Exit.die(error)
      }
    })
  }

  /** At once, whatever waits: devtools'. No member may be telling a commit. */
  commit(step: () => ReadonlyArray<unknown>, context: EntryContext): void {
    const groupId = this.members.length > 1 ? this.host.nextGroupId() : undefined
    Transaction.Kernel.transitionAll(this.members, this.origin, step, { ...context, groupId })
  }

  private enter<B, E>(
    attempt: (context: EntryContext, fiber: Fiber.Fiber<unknown, unknown>) => Exit.Exit<B, E>
  ): Effect.Effect<B, E> {
    return Effect.withFiber((fiber) => {
      Admission.check(this, this.origin, fiber)
      return this.idle && this.hasRoom
        ? attempt(Admission.contextOf(fiber), fiber)
        : Admission.enter(this, fiber, this.origin, [], (context) => attempt(context, fiber))
    })
  }

  private runBody(
    body: GroupBody,
    services: Context.Context<never>,
    caller: Caller | undefined,
    context: EntryContext
  ): Exit.Exit<unknown, unknown> {
    const run = new BodyRun(this.origin, services, caller)
    return run.during(() => this.commit(() => run.stepAll(this.hosts, body), context))
  }

  // --- admission ----------------------------------------------------------------------------------------

  get instanceId(): string {
    return this.members.map(({ instanceId }) => instanceId).join(", ")
  }

  get idle(): boolean {
    return this.members.every(({ idle }) => idle)
  }

  get closed(): boolean {
    return this.members.some(({ closed }) => closed)
  }

  instanceClosed(origin: Origin): InstanceClosed {
    return this.closedMember.instanceClosed(origin)
  }

  lost(origin: Origin): void {
    this.closedMember.lost(origin)
  }

  private get closedMember(): AnyInstance {
    return this.members.find(({ closed }) => closed) ?? this.first
  }

  later(task: () => void): void {
    this.endWait = Transaction.Kernel.laterForAll(this.members, task)
  }

  leave(): void {
    this.endWait?.()
  }

  /** No actions are delivered; each member may make a commit. */
  demands(): ReadonlyArray<Demand> {
    return this.host.sinks.map((sink) => ({ consumer: sink, count: this.members.length }))
  }

  private get hasRoom(): boolean {
    return this.host.sinks.every((sink) => sink.hasRoom(this.members.length))
  }

  remember(waiter: Waiter, refuse: () => void): void {
    for (const member of this.members) member.remember(waiter, refuse)
  }

  forget(waiter: Waiter): void {
    for (const member of this.members) member.forget(waiter)
  }

  warnOfCycle(origin: Origin, run: Run): void {
    this.first.warnOfCycle(origin, run)
  }
}
