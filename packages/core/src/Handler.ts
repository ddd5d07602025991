/** The port for transitions that code beside the module computes, in a reducer's place: a worker, a WASM module. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type { AnyAction } from "./Commit.ts"
import { HandlerConflict, HandlerFailed } from "./Errors.ts"
import { counting } from "./internal/counting.ts"

/** Given by `implement({ handlers })`, per tag. What it computes is checked against the state's schema. */
export type Handler<S, P, R = never> = InlineHandler<S, P> | OutsideHandler<S, P, R>

/** Computes within the window, as a reducer does: synchronously. */
export interface InlineHandler<in out S, in P> {
  readonly where: "inline"
  readonly compute: (state: S, payload: P, action: AnyAction) => NoInfer<S>
}

/**
 * Computes outside the window, and may wait. Other entries are not held up: if one has changed the state when
 * the result comes, the result is dropped and computed again. The action is published with the commit of the
 * result, and never if there is none.
 */
export interface OutsideHandler<in out S, in P, out R> {
  readonly where: "outside"
  readonly enter: (entry: OutsideEntry<S>, payload: P) => Effect.Effect<void, never, R>
}

/** One entry of an action whose handler computes outside, as its instance sees it. */
export interface OutsideEntry<S> {
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
