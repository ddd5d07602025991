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
}

export class Sinks {
  readonly consumers: Array<Consumer<Commit>> = []
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
    this.consumers.push(consumer)
    standInNew(waiting().toSorted((a, b) => a.order - b.order))
    const fiber = fork(running.loop)
    const detach = () => {
      const index = this.consumers.indexOf(consumer)
      if (index < 0) return
      this.consumers.splice(index, 1)
      this.finishing.delete(finish)
      consumer.close(true)
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
    this.consumers.push(consumer)
    return () => {
      const index = this.consumers.indexOf(consumer)
      if (index >= 0) this.consumers.splice(index, 1)
    }
  }

  /** Each hands over what it has left. */
  readonly finish: Effect.Effect<void> = Effect.suspend(() =>
    Effect.all([...this.finishing], { discard: true })
  )
}
