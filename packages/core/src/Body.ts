/**
 * An Effect as the body of a transaction: it runs to its end within the window, or the window rolls back.
 *
 * Its fibers run under a scheduler of their own, which holds back whatever they start for later. If the
 * transaction commits, that is handed to the runtime's scheduler; if not, it never starts.
 */
import type * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scheduler from "effect/Scheduler"
import type * as Scope from "effect/Scope"

type AnyFiber = Fiber.Fiber<unknown, unknown>

class WindowScheduler implements Scheduler.Scheduler {
  readonly executionMode = "async"
  readonly base: Scheduler.Scheduler
  /** Written by `RunningBody`, once. */
  state: "open" | "released" | "discarded" = "open"
  readonly held: Array<() => void> = []
  /** Told when a fiber that was held back fails. */
  readonly failed: (cause: Cause.Cause<unknown>) => void
  /** A task that was held back is running: the next fiber seen is the one that it starts. */
  private starting = false
  private readonly ran = new Set<AnyFiber>()
  private last: AnyFiber | undefined

  constructor(base: Scheduler.Scheduler, failed: (cause: Cause.Cause<unknown>) => void) {
    this.base = base
    this.failed = failed
  }

  /** Whether the fiber ran inside the window; one that was only forked there did not. */
  owns(fiber: AnyFiber): boolean {
    return this.ran.has(fiber)
  }

  // Effect asks this before every operation of a fiber, its first included.
  shouldYield(fiber: AnyFiber): boolean {
    if (this.state === "open") {
      if (fiber !== this.last) this.ran.add((this.last = fiber))
      return false
    }
    if (this.state === "discarded" && !this.owns(fiber)) {
      fiber.interruptUnsafe()
      return true
    }
    if (this.starting) {
      this.starting = false
      fiber.addObserver((exit) => {
        if (Exit.isFailure(exit)) this.failed(exit.cause)
      })
    }
    return this.base.shouldYield(fiber)
  }

  makeDispatcher(): Scheduler.SchedulerDispatcher {
    let dispatcher: Scheduler.SchedulerDispatcher | undefined
    const base = () => (dispatcher ??= this.base.makeDispatcher())
    return {
      scheduleTask: (task, priority) => {
        if (this.state !== "open") return base().scheduleTask(task, priority)
        const start = () => {
          this.starting = true
          task()
          this.starting = false
        }
        this.held.push(() => base().scheduleTask(start, priority))
      },
      flush: () => dispatcher?.flush()
    }
  }
}

/** The fiber ran inside a window that has closed; what it writes now is too late. */
export const isLate = (fiber: AnyFiber): boolean => {
  const scheduler = fiber.cache.scheduler
  return scheduler instanceof WindowScheduler && scheduler.state !== "open" && scheduler.owns(fiber)
}

/** A body that has run. Exactly one of `release` and `discard` must follow. */
export interface RunningBody<A, E> {
  /** Absent if the body suspended. */
  readonly exit: Exit.Exit<A, E> | undefined
  /** What it forked starts now; its children live in the scope. */
  readonly release: (scope: Scope.Scope) => void
  /** Its fibers are interrupted; what it forked never starts. */
  readonly discard: () => void
}

/** `failed` is told of the failures of what the body forked for later. */
export const run = <A, E, R>(
  body: Effect.Effect<A, E, R>,
  context: Context.Context<R>,
  failed: (cause: Cause.Cause<unknown>) => void
): RunningBody<A, E> => {
  const outer = Context.get(context, Scheduler.Scheduler)
  const scheduler = new WindowScheduler(outer instanceof WindowScheduler ? outer.base : outer, failed)
  let exit: Exit.Exit<A, E> | undefined
  const recorded = Effect.onExit(body, (bodyExit) => Effect.sync(() => void (exit = bodyExit)))
  // Waiting for its children keeps the fiber, and so them, alive after the body itself has ended.
  const program = Effect.awaitAllChildren(recorded)
  const fiber = Effect.runForkWith(Context.add(context, Scheduler.Scheduler, scheduler))(program)
  return {
    exit,
    release: (scope) => {
      scheduler.state = "released"
      for (const schedule of scheduler.held.splice(0)) schedule()
      if (fiber.pollUnsafe() === undefined) Fiber.runIn(fiber, scope)
    },
    discard: () => {
      scheduler.state = "discarded"
      fiber.interruptUnsafe()
      // Scheduled all the same, so that `shouldYield` interrupts each fiber before its first operation.
      for (const schedule of scheduler.held.splice(0)) schedule()
    }
  }
}
