import { Runtime } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import { capacity, type ChannelContender } from "./tally.ts"

type Run = (effect: Effect.Effect<void>) => Promise<void>
type Loop = (step: Effect.Effect<void>) => Effect.Effect<void>

/** A consumer that takes from a bounded queue and handles, and a producer that offers. It keeps no state. */
const queueWith = (name: string, makeRun: () => Run, loop: Loop, share = 1): ChannelContender => ({
  name,
  share,
  make: (tally) => {
    const run = makeRun()
    const places = Effect.runSync(Queue.bounded<number>(capacity))
    const handle = (n: number) => (tally.handle(n) ? Effect.yieldNow : Effect.void)
    void run(loop(Effect.flatMap(Queue.take(places), handle)))
    return (times) =>
      run(
        Effect.gen(function* () {
          for (let n = 0; n < times; n++) yield* Queue.offer(places, n)
        })
      )
  }
})

const byHand: Loop = (step) =>
  Effect.gen(function* () {
    while (true) yield* step
  })

/** `Effect.forever` yields after each step unless told not to. */
const forever: Loop = (step) => Effect.forever(step)

const byDefault = (): Run => (effect) => Effect.runPromise(effect)

const onSluice = (): Run => {
  const runtime = Runtime.make([])
  return (effect) => runtime.runPromise(effect)
}

// In a browser Effect's default scheduler yields by a timer: 4 ms, and minutes for a whole sample.
const timersOnly = typeof setImmediate === "undefined"

export const queue = queueWith("Effect Queue", byDefault, byHand, timersOnly ? 0.02 : 1)

export const queueForever = queueWith(
  "Effect Queue, Effect.forever",
  byDefault,
  forever,
  timersOnly ? 0.002 : 1
)

export const queueOnSluice = queueWith("Effect Queue on Sluice's scheduler", onSluice, byHand)
