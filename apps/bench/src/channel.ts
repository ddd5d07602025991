/** The channel suite: one producer, one handler that suspends every 16th time, 256 places between them. */
import { Module, Runtime } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Schema from "effect/Schema"
import type { Case } from "./harness.ts"

const capacity = 256

/** Actions in one sample. */
export const actions = 100_000

const work = "an action through one handler"
export const queueName = "Effect Queue"

/** Counts what was handled, and calls whoever waits for the last of a sample. Samples send 0, 1, 2, ... */
class Tally {
  private handled = 0
  private inOrder = true
  private next = 0
  private last = -1
  private ended: () => void = () => {}

  /** The job of every contender's handler. */
  readonly handle = (n: number): Effect.Effect<void> => {
    this.handled++
    this.inOrder &&= n === this.next
    this.next++
    if (n === this.last) this.ended()
    return n % 16 === 0 ? Effect.yieldNow : Effect.void
  }

  /** Settles when a sample of `times` has been handled. */
  awaiting(times: number): Promise<void> {
    this.next = 0
    this.last = times - 1
    return new Promise((resolve) => {
      this.ended = resolve
    })
  }

  verify(contender: string, times: number): void {
    if (this.handled !== times) throw new Error(`${contender}: ${this.handled} of ${times} were handled`)
    if (!this.inOrder) throw new Error(`${contender}: handled out of order`)
  }
}

const Feed = Module.make("Feed", {
  state: Schema.Struct({ last: Schema.Number }),
  actions: { sent: Schema.Number },
  reducers: { sent: (_, n) => ({ last: n }) }
})

/** Also offers its runtime, so that the queue can be run by the same scheduler. */
const sluice = (): { readonly case: Case; readonly runtime: Runtime.Runtime<never> } => {
  const tally = new Tally()
  const logic = Feed.logic("tally", ($) => $.onAction("sent").run(tally.handle))
  const runtime = Runtime.make(
    Feed.implement({ initial: { last: 0 }, logics: [logic], channel: { capacity } })
  )
  const feed = runtime.resolve(Feed.tag)
  const contender = "Sluice"
  return {
    runtime,
    case: {
      work,
      contender,
      run: async (times) => {
        const done = tally.awaiting(times)
        await runtime.runPromise(
          Effect.gen(function* () {
            for (let n = 0; n < times; n++) yield* feed.actions.sent(n)
          })
        )
        await done
      },
      verify: (times) => tally.verify(contender, times)
    }
  }
}

/** A loop that takes from a bounded queue and handles, as one writes it by hand. It keeps no state. */
const queue = (contender: string, run: (effect: Effect.Effect<void>) => Promise<void>): Case => {
  const tally = new Tally()
  const queue = Effect.runSync(Queue.bounded<number>(capacity))
  void run(Effect.forever(Effect.flatMap(Queue.take(queue), tally.handle)))
  return {
    work,
    contender,
    run: async (times) => {
      const done = tally.awaiting(times)
      await run(
        Effect.gen(function* () {
          for (let n = 0; n < times; n++) yield* Queue.offer(queue, n)
        })
      )
      await done
    },
    verify: (times) => tally.verify(contender, times)
  }
}

export const channelCases = (): ReadonlyArray<Case> => {
  const { case: feed, runtime } = sluice()
  return [
    queue(queueName, (effect) => Effect.runPromise(effect)),
    queue("Effect Queue on Sluice's scheduler", (effect) => runtime.runPromise(effect)),
    feed
  ]
}
