/** The port for transitions that code beside the module computes, in a reducer's place: a worker, a WASM module. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type { AnyAction } from "./Commit.ts"
import { optimistic } from "./Entries.ts"
import { HandlerConflict, HandlerFailed } from "./Errors.ts"
import type { InlineHandler, OutsideHandler } from "./HandlerTypes.ts"
import { counting } from "./internal/counting.ts"

export type {
  AnyHandler,
  Driver,
  HandledInstance,
  Handler,
  HandlerDescription,
  InlineHandler,
  OutsideEntry,
  OutsideHandler
} from "./HandlerTypes.ts"

export const inline = <S, P>(
  compute: (state: S, payload: P, action: AnyAction) => NoInfer<S>
): InlineHandler<S, P> => ({ where: "inline", compute, driver: undefined })

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
    driver: optimistic,
    enter: (entry, payload) => {
      const { action, entry: name, instanceId } = entry
      const at = { instanceId, entry: name, tag: action._tag }
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
