/** The CommitSinks of a runtime. */
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as Scheduler from "effect/Scheduler"
import type { Consumer } from "./Channel.ts"
import type { Commit, CommitSink } from "./Commit.ts"
import * as Sink from "./Sink.ts"
import { standInNew, type Waiter } from "./Waiter.ts"

export interface SinksHost {
  readonly scheduler: Scheduler.Scheduler
  readonly fork: (effect: Effect.Effect<never>) => Fiber.Fiber<never>
  readonly failed: (cause: Cause.Cause<unknown>, name: string) => void
  readonly listenerFailed: (error: unknown) => void
  readonly warn: (message: string) => void
  /** Every caller that waits for room. */
  readonly waiting: () => ReadonlyArray<Waiter>
  /** Gives another list each time: a sink may come or go while a commit is handed to each. */
  readonly changed: (consumers: ReadonlyArray<Consumer<Commit>>) => void
}

export class Sinks {
  /** Written by `change`. */
  private consumers: ReadonlyArray<Consumer<Commit>> = []
  /** What is left for each to do when the runtime ends. Written by `attach`. */
  private readonly finishing = new Set<Effect.Effect<void>>()
  private readonly host: SinksHost

  constructor(host: SinksHost) {
    this.host = host
  }

  /** Gives the sink every commit from now on. Returns the function that ends it. */
  readonly attach = (sink: CommitSink): (() => void) => {
    const { fork, scheduler, waiting, warn } = this.host
    const running = Sink.make(sink, scheduler.makeDispatcher(), (cause) => this.host.failed(cause, sink.name))
    const { consumer } = running
    this.change([...this.consumers, consumer])
    standInNew(waiting().toSorted((a, b) => a.order - b.order))
    const fiber = fork(running.loop)
    const detach = () => {
      if (!this.remove(consumer)) return
      this.finishing.delete(finish)
      fiber.interruptUnsafe()
    }
    const finish = Effect.suspend(() => {
      fiber.interruptUnsafe()
      return Effect.map(running.finish, (undelivered) => {
        if (undelivered > 0) warn(`${sink.name} ended with ${undelivered} commits undelivered.`)
        detach()
      })
    })
    this.finishing.add(finish)
    return detach
  }

  /** Gives the listener each commit in the step that makes it. Returns the function that ends it. */
  readonly onCommit = (listener: (commit: Commit) => void): (() => void) => {
    const consumer = Sink.tap(listener, this.host.listenerFailed)
    this.change([...this.consumers, consumer])
    return () => void this.remove(consumer)
  }

  private remove(consumer: Consumer<Commit>): boolean {
    if (consumer.closed) return false
    this.change(this.consumers.filter((other) => other !== consumer))
    consumer.close(true)
    return true
  }

  private change(consumers: ReadonlyArray<Consumer<Commit>>): void {
    this.consumers = consumers
    this.host.changed(consumers)
  }

  /** Each hands over what it has left. */
  readonly finish: Effect.Effect<void> = Effect.suspend(() =>
    Effect.all([...this.finishing], { discard: true })
  )
}
