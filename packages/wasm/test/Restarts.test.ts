/** Restart at most n times in a window, with backoff, then give up. */
import { it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import { TestClock } from "effect/testing"
import * as fc from "fast-check"
import { describe, expect, test } from "vitest"
import { decide, type History, nameOf, Restarts, type RestartOptions } from "../src/Restarts.ts"

class Trap extends Data.TaggedError("Trap")<{ readonly n: number }> {}
class Refused extends Data.TaggedError("Refused") {}

describe("counting", () => {
  test("no window of that length ever holds more restarts than are let happen, and none is refused without need", () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(40), { maxLength: 60 }),
        fc.nat(5),
        fc.integer({ min: 1, max: 100 }),
        (gaps, attempts, withinMs) => {
          let now = 0
          let history: History = []
          const let_: Array<number> = []
          for (const gap of gaps) {
            now += gap
            // From all restarts since the beginning, which the code does not keep.
            const recent = let_.filter((at) => at > now - withinMs).length
            const decision = decide(history, now, { attempts, withinMs })
            history = decision.history
            if (recent < attempts) {
              expect(decision).toMatchObject({ _tag: "Restart", attempt: recent + 1 })
              let_.push(now)
            } else expect(decision).toMatchObject({ _tag: "Escalate", restarts: recent })
            expect(history.length).toBeLessThanOrEqual(attempts)
          }
        }
      )
    )
  })
})

/** What always faults, with the times at which it was run. */
const poison = (options: RestartOptions<Trap>) =>
  Effect.gen(function* () {
    const ran: Array<number> = []
    const told: Array<string> = []
    const restarts = new Restarts<Trap>(options)
    const once = restarts.run({
      body: (restart) =>
        Effect.gen(function* () {
          ran.push(yield* Clock.currentTimeMillis)
          return yield* new Trap({ n: restart?.attempt ?? 0 })
        }),
      faultOf: (error) => error,
      onRestart: ({ attempt, of, policy }, error) =>
        told.push(`${nameOf(policy)} ${attempt}/${of} after ${error.n}`),
      onExhausted: ({ attempts, error }) =>
        Effect.succeed(`gave up after ${attempts} runs and fault ${error.n}`)
    })
    return { once, ran, told }
  })

describe("restarting", () => {
  it.effect("waits as the schedule says, and gives up after as many restarts as are let happen", () =>
    Effect.gen(function* () {
      const { once, ran, told } = yield* poison({
        attempts: 3,
        within: "1 minute",
        backoff: Schedule.exponential(100)
      })
      const fiber = yield* Effect.forkChild(once)
      yield* TestClock.adjust("10 seconds")
      expect(yield* Fiber.join(fiber)).toBe("gave up after 4 runs and fault 3")
      expect(ran).toEqual([0, 100, 300, 700])
      expect(told).toEqual(["preserved 1/3 after 0", "preserved 2/3 after 1", "preserved 3/3 after 2"])
    })
  )

  it.effect("counts entries together within the window, and begins again after it", () =>
    Effect.gen(function* () {
      const { once, ran } = yield* poison({ attempts: 1, within: "1 minute", backoff: Schedule.spaced(10) })
      const first = yield* Effect.forkChild(once)
      yield* TestClock.adjust("30 seconds")
      expect(yield* Fiber.join(first)).toBe("gave up after 2 runs and fault 1")
      expect(yield* once).toBe("gave up after 1 runs and fault 0")
      yield* TestClock.adjust("1 minute")
      const later = yield* Effect.forkChild(once)
      yield* TestClock.adjust("1 second")
      expect(yield* Fiber.join(later)).toBe("gave up after 2 runs and fault 1")
      expect(ran).toEqual([0, 10, 30_000, 90_000, 90_010])
    })
  )

  it.effect("ends where the schedule ends", () =>
    Effect.gen(function* () {
      const { once } = yield* poison({ attempts: 9, backoff: Schedule.recurs(2) })
      expect(yield* once).toBe("gave up after 3 runs and fault 2")
    })
  )

  it.effect("restarts nothing for what is no fault", () =>
    Effect.gen(function* () {
      const restarts = new Restarts<Trap>({ attempts: 3 })
      let runs = 0
      const refused = restarts.run({
        body: () =>
          Effect.suspend((): Effect.Effect<never, Trap | Refused> => (runs++, Effect.fail(new Refused()))),
        faultOf: (error) => (error instanceof Trap ? error : undefined),
        onRestart: () => expect.unreachable(),
        onExhausted: () => Effect.die("unreachable")
      })
      expect(yield* Effect.flip(refused)).toBeInstanceOf(Refused)
      expect(runs).toBe(1)
    })
  )
})
