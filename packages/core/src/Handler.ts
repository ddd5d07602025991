/** The port for transitions that code beside the module computes, in a reducer's place: a worker, a WASM module. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type { AnyAction } from "./Commit.ts"
import { HandlerConflict, HandlerFailed } from "./Errors.ts"
import { counting } from "./internal/counting.ts"

/** Given by `implement({ handlers })`, per tag. What it computes is checked against the state's schema. */
export type Handler<S, P, R = never> = InlineHandler<S, P> | OutsideHandler<S, P, R>

/** The instance that a handler computes for. The same object as long as it lives. */
export interface HandledInstance {
  readonly instanceId: string
  readonly moduleId: string
  /** What all instances of its runtime share: `HandlerActivity.of(host)`. */
  readonly host: object
  /** An entry of its own: not for the entry that the handler computes. */
  readonly dispatch: (action: AnyAction) => Effect.Effect<void>
}

/** What a handler may keep beside a state, as the memory of its code. */
interface Keeps<in out S> {
  /**
   * `to` stands where `from` stood: completed with derived fields, or committed by another entry. Told in the step
   * that makes it; what the handler keeps for `from` is then what it keeps for `to`, unless it knows `to`. States
   * of travel are those that were committed, so it knows them.
   */
  readonly carry?: (from: S, to: S, instance: HandledInstance) => void
}

/** Computes within the window, as a reducer does: synchronously. */
export interface InlineHandler<in out S, in P> extends Keeps<S> {
  readonly where: "inline"
  readonly compute: (state: S, payload: P, action: AnyAction, instance: HandledInstance) => NoInfer<S>
  /** Gives the instance its first state, in the place of `initial`, which it is given. */
  readonly begin?: (initial: S, instance: HandledInstance) => NoInfer<S>
}

/**
 * Computes outside the window, and may wait. Other entries are not held up: if one has changed the state when
 * the result comes, the result is dropped and computed again. The action is published with the commit of the
 * result, and never if there is none.
 */
export interface OutsideHandler<in out S, in P, out R> extends Keeps<S> {
  readonly where: "outside"
  /**
   * `serial`: from its turn to its end nothing else enters the instance, so `commit` never gives false.
   * `optimistic`, the default: others may commit first.
   */
  readonly order?: "serial" | "optimistic"
  /** The instance's first entry, of origin `init`, before any other is let in. */
  readonly begin?: (entry: OutsideEntry<S>) => Effect.Effect<void, never, R>
  readonly enter: (entry: OutsideEntry<S>, payload: P) => Effect.Effect<void, never, R>
}

/** One entry of an action whose handler computes outside, as its instance sees it. */
export interface OutsideEntry<S> {
  readonly instance: HandledInstance
  readonly instanceId: string
  readonly entry: string
  readonly action: AnyAction
  readonly state: () => S
  /** Commits `next` in the place of `seen`; gives false if the state is another by now. */
  readonly commit: (seen: S, next: S) => Effect.Effect<boolean>
  /** Ends the entry as a rollback. */
  readonly fail: (error: HandlerConflict | HandlerFailed) => Effect.Effect<never>
}

export const inline = <S, P>(
  compute: (state: S, payload: P, action: AnyAction) => NoInfer<S>
): InlineHandler<S, P> => ({ where: "inline", compute })

export interface OutsideOptions {
  /** How often it is computed at most, before the entry fails with HandlerConflict. Default 10. */
  readonly attempts?: number
}

/** `compute` may be run several times for one action: it must not have effects that count. */
export const outside = <S, P, E, R>(
  compute: (state: S, payload: P, action: AnyAction) => Effect.Effect<NoInfer<S>, E, R>,
  options: OutsideOptions = {}
): OutsideHandler<S, P, R> => {
  const attempts = counting("attempts", options.attempts ?? 10)
  return {
    where: "outside",
    enter: (entry, payload) => {
      const { action, instanceId } = entry
      const at = { instanceId, entry: entry.entry, tag: action._tag }
      const attempt = (n: number): Effect.Effect<void, never, R> =>
        Effect.suspend(() => {
          if (n > attempts) return entry.fail(new HandlerConflict({ ...at, attempts }))
          const seen = entry.state()
          return Effect.suspend(() => compute(seen, payload, action)).pipe(
            Effect.matchCauseEffect({
              // Also where it interrupted itself; if it was interrupted from without, nothing comes here.
              onFailure: (cause) => entry.fail(new HandlerFailed({ ...at, cause: Cause.squash(cause) })),
              onSuccess: (next) =>
                Effect.flatMap(entry.commit(seen, next), (done) => (done ? Effect.void : attempt(n + 1)))
            })
          )
        })
      return attempt(1)
    }
  }
}
