/** How often what has faulted may begin again, from where, and after which wait. */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schedule from "effect/Schedule"

/**
 * What a restart begins from. `preserved`: the state as it is, with the memory of its version. `initial`: the
 * instance's first state and its memory. `lastGood`: the newest snapshot that is whole. `slot`: that commit.
 */
export type Policy = "preserved" | "initial" | "lastGood" | { readonly slot: number }

export interface RestartOptions<E = never> {
  /** Default `preserved`. */
  readonly policy?: Policy
  /** How long before each restart; where it ends, so do the restarts. Given the fault. Default: 20 ms, doubled each time. */
  readonly backoff?: Schedule.Schedule<unknown, E>
  /** Restarts within the window. Default 3; 0 gives up at the first fault. */
  readonly attempts?: number
  /** Default one minute. */
  readonly within?: Duration.Input
}

export const nameOf = (policy: Policy): string =>
  typeof policy === "string" ? policy : `slot ${policy.slot}`

// ---------------------------------------------------------------------------------------------------------
// Counting

/** When restarts were let happen, in milliseconds, oldest first. A value. */
export type History = ReadonlyArray<number>

export interface Bounds {
  readonly attempts: number
  readonly withinMs: number
}

/** `attempt` of those that are let happen, counted from 1; or no more of them. */
export type Decision =
  | { readonly _tag: "Restart"; readonly attempt: number; readonly history: History }
  | { readonly _tag: "Escalate"; readonly restarts: number; readonly history: History }

/** What becomes of a fault at this time. A restart counts for as long as less than the window has passed since. */
export const decide = (history: History, now: number, { attempts, withinMs }: Bounds): Decision => {
  const recent = history.filter((at) => now - at < withinMs)
  return recent.length < attempts
    ? { _tag: "Restart", attempt: recent.length + 1, history: [...recent, now] }
    : { _tag: "Escalate", restarts: recent.length, history: recent }
}

// ---------------------------------------------------------------------------------------------------------
// Restarting

export interface Restart {
  readonly policy: Policy
  readonly attempt: number
  readonly of: number
}

/** Told in the place of another restart. */
export interface Exhausted<F> {
  readonly error: F
  /** How often the code was run for this entry. */
  readonly attempts: number
  readonly policy: Policy
  /** Restarts that are let happen. */
  readonly of: number
}

const defaultBackoff: Schedule.Schedule<unknown> = Schedule.exponential("20 millis")

/** The restarts of one instance: they are counted together, whichever entry they are for. */
export class Restarts<E> {
  readonly policy: Policy
  private readonly bounds: Bounds
  private readonly backoff: Schedule.Schedule<unknown, E>
  /** Written by `run`. */
  private history: History = []
  /** Of the window that is open. Written by `wait`. */
  private step: Step<E> | undefined

  constructor({
    attempts = 3,
    backoff = defaultBackoff,
    policy = "preserved",
    within = "1 minute"
  }: RestartOptions<E> = {}) {
    this.policy = policy
    this.bounds = { attempts, withinMs: Duration.toMillis(within) }
    this.backoff = backoff
  }

  /** Those that count now. */
  get count(): number {
    return this.history.length
  }

  /**
   * Runs `body`, and again after each fault for as long as the bounds let it, which waits as `backoff` says: the
   * first time with undefined, then with the restart. What is no fault fails at once.
   */
  run<A, Failure, F extends E, R, E3, R2>(options: {
    readonly body: (restart: Restart | undefined) => Effect.Effect<A, Failure, R>
    /** Undefined for what restarts nothing. */
    readonly faultOf: (failure: Failure) => F | undefined
    /** After the wait, with the time in milliseconds since 1970, and how long ago the fault was. */
    readonly onRestart: (restart: Restart, error: F, at: number, tookMs: number) => void
    readonly onExhausted: (exhausted: Exhausted<F>) => Effect.Effect<A, E3, R2>
  }): Effect.Effect<A, Failure | E3, R | R2> {
    const { body, faultOf, onExhausted, onRestart } = options
    const attempt = (
      restart: Restart | undefined,
      attempts: number
    ): Effect.Effect<A, Failure | E3, R | R2> =>
      Effect.matchEffect(body(restart), {
        onSuccess: Effect.succeed,
        onFailure: (failure): Effect.Effect<A, Failure | E3, R | R2> => {
          const error = faultOf(failure)
          if (error === undefined) return Effect.fail(failure)
          return Effect.flatMap(
            this.next(error, (again, at, tookMs) => onRestart(again, error, at, tookMs)),
            (again) =>
              again === undefined
                ? onExhausted({ error, attempts, policy: this.policy, of: this.bounds.attempts })
                : attempt(again, attempts + 1)
          )
        }
      })
    return Effect.suspend(() => attempt(undefined, 1))
  }

  /** Waits, and gives the restart that there is to be; undefined where there is to be none, at once. */
  next(
    error: E,
    onRestart: (restart: Restart, at: number, tookMs: number) => void
  ): Effect.Effect<Restart | undefined> {
    return Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const decision = decide(this.history, now, this.bounds)
      this.history = decision.history
      if (decision._tag === "Escalate") return Effect.succeed(undefined)
      const { attempt } = decision
      if (attempt === 1) this.step = undefined
      const restart: Restart = { policy: this.policy, attempt, of: this.bounds.attempts }
      return Effect.flatMap(this.wait(now, error), (wait) =>
        wait === undefined
          ? Effect.succeed(undefined)
          : Effect.flatMap(Effect.andThen(Effect.sleep(wait), Clock.currentTimeMillis), (at) => {
              onRestart(restart, at, at - now)
              return Effect.succeed(restart)
            })
      )
    })
  }

  /** Undefined where the schedule has ended. */
  private wait(now: number, error: E): Effect.Effect<Duration.Duration | undefined> {
    return Effect.gen({ self: this }, function* () {
      const step = (this.step ??= yield* Schedule.toStep(this.backoff))
      const exit = yield* Effect.exit(step(now, error))
      return Exit.isSuccess(exit) ? exit.value[1] : undefined
    })
  }
}

type Step<E> = Effect.Success<ReturnType<typeof Schedule.toStep<unknown, E, never, never>>>
