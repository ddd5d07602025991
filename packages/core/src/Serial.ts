/**
 * Entries that hold their instance while their next state is computed outside the window.
 *
 * In its turn, with every slot held where its caller can wait, such an entry becomes first in line and stays there:
 * whatever else enters queues behind it, and it waits for no consumer any more. The transition itself is as any.
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Admission from "./Admission.ts"
import type { EntryContext } from "./Admission.ts"
import { type Caller, CallerRef, nobody } from "./Caller.ts"
import type { AnyAction, Origin } from "./Commit.ts"
import type { AnyEntries } from "./Entries.ts"
import { EntryInTransaction, HandlerFailed } from "./Errors.ts"
import type { Driver, OutsideEntry } from "./HandlerTypes.ts"
import { refuse } from "./Publication.ts"
import * as Transaction from "./Transaction.ts"
import type { Ticket } from "./Waiter.ts"

/** What computes: a handler's `enter` or `begin`, or in their place a step, where a replaced module has one. */
export type Compute =
  | { readonly run: (entry: OutsideEntry<unknown>) => Effect.Effect<void> }
  | { readonly step: (state: unknown) => unknown }

export interface SerialOptions {
  readonly origin: Origin
  readonly actions: ReadonlyArray<AnyAction>
  readonly context: EntryContext
  /** Asked again when the module was replaced. `undefined`: there is nothing to compute. */
  readonly compute: () => Compute | undefined
  /** What it is computed with, besides the instance's services. */
  readonly services: Context.Context<never>
  /** How the entry ended, in the step that ends it. */
  readonly settle: (exit: Exit.Exit<void>) => void
}

/** A commit or a rollback that is asked for. */
interface Ending {
  readonly isDue: () => boolean
  readonly step: (state: unknown) => unknown
  readonly ended: (done: boolean, exit: Exit.Exit<void>) => void
}

/** One entry, from its turn on. */
export class SerialEntry {
  private readonly host: AnyEntries
  private readonly options: SerialOptions
  /** `abandoned`: its dispatcher was interrupted. Written by `end` and `abandon`. */
  private phase: "computing" | "abandoned" | "ended" = "computing"
  /** Written by `goOn`. */
  committed = false
  private fiber: Fiber.Fiber<unknown, unknown> | undefined
  /** Waits until devtools show the live state. Written by `ask`. */
  private asked: Ending | undefined

  constructor(host: AnyEntries, options: SerialOptions) {
    this.host = host
    this.options = options
  }

  /** Takes the instance. It must be idle, or be this entry's already. */
  hold(): this {
    const { host } = this
    host.busy |= Transaction.Busy.first
    host.first = { enterIfFree: () => this.goOn(), end: () => this.closed() }
    return this
  }

  begin(): void {
    this.hold()
    this.compute()
  }

  compute(): void {
    whenServed(this.host, () => {
      if (this.phase !== "ended") this.computeNow()
    })
  }

  private computeNow(): void {
    const { host } = this
    const found = this.found()
    if (found === undefined) return this.release(Exit.void)
    if ("step" in found) {
      const ended = (_: boolean, exit: Exit.Exit<void>) => this.options.settle(exit)
      return this.ask({ isDue: () => true, step: found.step, ended })
    }
    const { scope } = host
    const services = Context.merge(this.options.services, host.services)
    const context = Context.add(services, CallerRef, this.caller())
    const running = host.runIn(
      Effect.suspend(() => found.run(this.entry())),
      context
    )
    this.fiber = running
    running.addObserver((exit) => whenFree(host, () => this.exited(exit, scope !== host.scope)))
  }

  private found(): Compute | undefined {
    try {
      return this.options.compute()
    } catch (error) {
      // The module that took its place has no such action.
      return { step: () => refuse(error instanceof Error ? error : new Error(String(error))) }
    }
  }

  /** What its code does has no way into an instance: it would wait for this one, or let another wait for it. */
  private caller(): Caller {
    const { cause } = this.options.context
    const isOver = () => this.phase === "ended"
    const { host } = this
    const { origin } = this.options
    return {
      ...nobody,
      get txn() {
        if (isOver()) return cause
        const { entry, instanceId } = host.at(origin)
        throw new EntryInTransaction({
          instanceId,
          entry: "An entry by its own handler",
          openInstanceId: instanceId,
          openEntry: entry
        })
      }
    }
  }

  private entry(): OutsideEntry<unknown> {
    const { host } = this
    const { actions, origin } = this.options
    return {
      ...host.at(origin),
      instance: host,
      action: actions[0] ?? { _tag: origin.name },
      state: () => host.liveState as unknown,
      commit: (seen, next, stepping) =>
        Effect.callback<boolean>((resume) => {
          if (this.phase === "ended") return resume(Effect.die(Admission.lateWrite(host.instanceId, origin)))
          if (this.phase === "abandoned") return resume(Effect.interrupt)
          this.ask({
            isDue: () => host.state === seen,
            step: () => {
              stepping?.()
              return next
            },
            ended: (done, exit) => {
              if (done) this.options.settle(exit)
              resume(Exit.map(exit, () => done))
            }
          })
          return Effect.sync(() => (this.asked = undefined))
        }),
      fail: (error) =>
        Effect.callback<never>((resume) => {
          if (this.phase !== "computing") return resume(Effect.die(error))
          this.ask({
            isDue: () => true,
            step: () => refuse(error),
            ended: (_, exit) => {
              this.options.settle(exit)
              resume(Effect.die(error))
            }
          })
          return Effect.sync(() => (this.asked = undefined))
        })
    }
  }

  private ask(ending: Ending): void {
    this.asked = ending
    whenFree(this.host, () => this.goOn())
  }

  /** Ends as was asked, unless devtools show another moment: then when they come back. */
  private goOn(): void {
    const { asked, host } = this
    if (asked === undefined || host.busy !== Transaction.Busy.first) return
    this.asked = undefined
    if (!asked.isDue()) return asked.ended(false, Exit.void)
    const { actions, context, origin } = this.options
    this.end(() => {
      const exit = host.attempt(origin, actions, asked.step, undefined, context)
      this.committed = Exit.isSuccess(exit)
      asked.ended(true, exit)
    })
  }

  private release(exit: Exit.Exit<void>): void {
    this.end(() => this.options.settle(exit))
  }

  /** The task runs as in its turn, and then those that wait. */
  private end(task: () => void): void {
    if (this.phase === "ended") return
    this.phase = "ended"
    const { host } = this
    const apart = host.pumping ? [] : [host]
    host.busy &= ~Transaction.Busy.first
    host.first = undefined
    host.turn = true
    host.pumping = true
    task()
    host.turn = false
    Transaction.Kernel.takeTurns(apart)
  }

  private exited(exit: Exit.Exit<unknown, unknown>, isReplaced: boolean): void {
    const { host } = this
    const { origin } = this.options
    if (this.phase === "ended") {
      // What it commits with has told its caller.
      if (this.committed && Exit.isFailure(exit)) {
        host.reportFailure(exit.cause, "entry", Transaction.describe(origin))
      }
      return
    }
    if (host.closed) return this.closed()
    if (this.phase === "abandoned") return this.release(Exit.interrupt())
    if (Exit.isSuccess(exit)) return this.release(Exit.void)
    if (isReplaced && Cause.hasInterruptsOnly(exit.cause)) return this.compute()
    const at = { ...host.at(origin), tag: this.options.actions[0]?._tag ?? origin.name }
    const error = new HandlerFailed({ ...at, cause: Cause.squash(exit.cause) })
    const ended = (_: boolean, exit: Exit.Exit<void>) => this.options.settle(exit)
    this.ask({ isDue: () => true, step: () => refuse(error), ended })
  }

  /** Its dispatcher was interrupted: the instance is free when its code has ended. */
  get abandon(): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.phase === "ended") return Effect.void
      this.phase = "abandoned"
      this.asked = undefined
      if (this.fiber?.pollUnsafe() === undefined && this.fiber !== undefined)
        return Fiber.interrupt(this.fiber)
      whenFree(this.host, () => this.release(Exit.interrupt()))
      return Effect.void
    })
  }

  private closed(): void {
    const { host } = this
    this.fiber?.interruptUnsafe()
    this.release(Exit.die(host.instanceClosed(this.options.origin)))
  }
}

/** Now, or once the open window has closed and the commit that is being told has been. */
const whenFree = (host: AnyEntries, task: () => void): void => {
  if (Transaction.isOpen()) Transaction.whenClosed(() => whenFree(host, task))
  else if (host.telling) host.whenTold(() => whenFree(host, task))
  else task()
}

// Written by `pause` and `resume`.
const paused = new WeakMap<AnyEntries, Array<() => void>>()

/** Its module is being replaced, and the services of the new one are not its own yet. */
export const pause = (host: AnyEntries): void => {
  if (!paused.has(host)) paused.set(host, [])
}

export const resume = (host: AnyEntries): void => {
  const tasks = paused.get(host) ?? []
  paused.delete(host)
  for (const task of tasks) task()
}

/** Now, or once the instance has the services of its module. */
export const whenServed = (host: AnyEntries, task: () => void): void => {
  const tasks = paused.get(host)
  if (tasks === undefined) task()
  else tasks.push(task)
}

/** Nothing else enters the instance while it computes. */
export const serial: Driver = {
  dispatch: (host: AnyEntries, origin, actions, _, fiber) => {
    let entry: SerialEntry | undefined
    const entering = Admission.enterBy<void, never>(host, fiber, origin, actions, (context, settle) => {
      const compute = computing(host, actions)
      entry = new SerialEntry(host, { origin, actions, context, compute, services: fiber.context, settle })
      entry.begin()
    })
    return Effect.onInterrupt(entering, () => entry?.abandon ?? Effect.void)
  },
  start: (host: AnyEntries, origin, actions, _, ticket: Ticket | null) => {
    Admission.enterSync(
      host,
      origin,
      (context) => {
        const settle = (exit: Exit.Exit<void>) => {
          // What came of a transition, the ticket was told.
          if (Exit.isSuccess(exit)) return ticket?.enter()
          if (!host.closed) return ticket?.failed(Cause.squash(exit.cause))
          Admission.missed(host, origin, ticket)
        }
        const services = Context.empty()
        new SerialEntry(host, {
          origin,
          actions,
          context,
          compute: computing(host, actions),
          services,
          settle
        }).begin()
      },
      ticket
    )
  }
}

/** By what the module has for the action now. */
const computing = (host: AnyEntries, actions: readonly [AnyAction]) => (): Compute => {
  const [action] = actions
  const { outside, step } = host.plan(action._tag)
  if (outside === undefined) return { step: (state) => step(state, action) as unknown }
  // Its needs are in the type of `implement`; the instance's services are those.
  return { run: (entry) => outside.enter(entry, action.payload) as Effect.Effect<void> }
}
