/** When the next sleeper of a test clock wakes, which the clock itself does not tell. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as TestClock from "effect/testing/TestClock"

export interface TrackedClock extends TestClock.TestClock {
  /** In epoch milliseconds. */
  readonly nextWake: () => number | undefined
}

/** The same clock, for those whose sleeps are to be known. */
export const track = (clock: TestClock.TestClock): TrackedClock => {
  const wakes = new Set<{ readonly at: number }>()
  return {
    ...clock,
    sleep: (duration) =>
      Effect.suspend(() => {
        const wake = { at: clock.currentTimeMillisUnsafe() + Duration.toMillis(duration) }
        wakes.add(wake)
        return Effect.ensuring(
          clock.sleep(duration),
          Effect.sync(() => wakes.delete(wake))
        )
      }),
    nextWake: () => (wakes.size === 0 ? undefined : Math.min(...Array.from(wakes, ({ at }) => at)))
  }
}
