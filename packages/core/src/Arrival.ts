/** Waiting for an item of an empty consumer. */
import * as Effect from "effect/Effect"
import type { AnyConsumer } from "./Channel.ts"

/**
 * Ends when there is an item, or the consumer closed. It looks again before it waits: between the caller's
 * own look and this effect its fiber may have yielded, and an item that came then woke nobody.
 */
export const arrival = (consumer: AnyConsumer, soon: (wake: () => void) => void): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    if (consumer.size > 0 || consumer.closed) return resume(Effect.void)
    consumer.wake = () => soon(() => resume(Effect.void))
    return Effect.sync(() => {
      consumer.wake = undefined
    })
  })
