/** A CommitSink at work: its FIFO of commits, and the loop that hands them over. */
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Scheduler from "effect/Scheduler"
import { arrival } from "./Arrival.ts"
import { CallerRef, nobody } from "./Caller.ts"
import { Consumer } from "./Channel.ts"
import type { Commit, CommitSink } from "./Commit.ts"
import { counting } from "./internal/counting.ts"

export interface RunningSink {
  readonly consumer: Consumer<Commit>
  readonly loop: Effect.Effect<never>
  /** Hands over what is left, once, after the loop was interrupted. Gives how many commits it could not. */
  readonly finish: Effect.Effect<number>
}

export const make = (
  sink: CommitSink,
  dispatcher: Scheduler.SchedulerDispatcher,
  failed: (cause: Cause.Cause<unknown>) => void
): RunningSink => {
  const consumer = new Consumer<Commit>({
    name: sink.name,
    tags: "all",
    capacity:
      sink.capacity === Number.POSITIVE_INFINITY
        ? sink.capacity
        : counting("CommitSink.capacity", sink.capacity),
    limit: 1,
    matches: () => true
  })
  /** Taken, and not yet accepted. */
  let pending: ReadonlyArray<Commit> = []

  const takeAll = (): ReadonlyArray<Commit> => {
    const batch: Array<Commit> = []
    // No more than was there: each slot freed lets a caller in, whose commit is of the next batch.
    for (let left = consumer.size; left > 0; left--) {
      const commit = consumer.take()
      if (commit !== undefined) batch.push(commit)
    }
    return batch
  }
  const attempt = Effect.suspend(() => {
    const run = consumer.begin()
    return Effect.suspend(() => sink.onCommit(pending)).pipe(
      Effect.provideService(CallerRef, { ...nobody, run }),
      // A defect is a failure here: no commit may be passed over.
      Effect.catchCause((cause) => {
        failed(cause)
        return Effect.fail(cause)
      }),
      Effect.ensuring(Effect.sync(() => consumer.end(run)))
    )
  })
  const accepted = Effect.sync(() => {
    pending = []
  })
  const everySecond = Schedule.spaced("1 second")
  const retry = sink.retry === undefined ? everySecond : Schedule.concat(sink.retry, everySecond)
  const step = Effect.suspend(() => {
    pending = takeAll()
    if (pending.length === 0) return arrival(consumer, (wake) => dispatcher.scheduleTask(wake, 0))
    return attempt.pipe(Effect.retry(retry), Effect.orDie, Effect.andThen(accepted))
  })
  return {
    consumer,
    loop: Effect.forever(step, { disableYield: true }),
    finish: Effect.suspend(() => {
      // A batch that was being tried when the runtime ended is not tried again: it may never end.
      const left = [...pending, ...takeAll()]
      if (pending.length === 0 && left.length > 0) {
        pending = left
        const lastTry = Effect.timeoutOrElse(attempt, {
          duration: "1 second",
          orElse: () => Effect.fail("timeout")
        })
        return Effect.matchCause(lastTry, { onSuccess: () => 0, onFailure: () => left.length })
      }
      return Effect.succeed(left.length)
    })
  }
}

/**
 * Gives the listener each commit in the step that makes it, before its subscribers are told. Nobody waits for
 * it. A listener that throws is reported.
 */
export const tap = (
  listener: (commit: Commit) => void,
  failed: (error: unknown) => void
): Consumer<Commit> => {
  const consumer = new Consumer<Commit>({
    name: "onCommit",
    tags: "all",
    capacity: Number.POSITIVE_INFINITY,
    limit: 1,
    matches: () => true
  })
  const drain = () => {
    consumer.wake = drain
    for (let commit = consumer.take(); commit !== undefined; commit = consumer.take()) {
      try {
        listener(commit)
      } catch (error) {
        failed(error)
      }
    }
  }
  consumer.wake = drain
  return consumer
}
