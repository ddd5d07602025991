/** A panel that comes back. */
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Stream from "effect/Stream"
import { type ConnectOptions, greet, type RemoteAdapter } from "./connect.ts"
import { type ConnectError, NotInvited, VersionMismatch } from "./errors.ts"
import type { Port } from "./port.ts"

export interface ConnectionsOptions extends ConnectOptions {
  /** When to try again. Default: every second, without end. */
  readonly retry?: Schedule.Schedule<unknown, unknown>
}

/** Others will not go away by trying again. */
const mayPass = (error: unknown): boolean =>
  !(error instanceof VersionMismatch || error instanceof NotInvited)

/**
 * One connection after the other: each time the port is lost, another is opened, with the invitation that the last one
 * was given; or else with `nonce` again, for a process that was started anew and invites by the same one. A `page` that is
 * the same has kept its history: `rows` after the last cursor go on where they ended. Fails where the page is of another
 * version or does not invite, or when `retry` ends. The last is closed with the stream.
 */
export const connections = <E>(
  open: Effect.Effect<Port, E>,
  { retry = Schedule.spaced("1 second"), ...options }: ConnectionsOptions = {}
): Stream.Stream<RemoteAdapter, E | ConnectError> => {
  const begin = Effect.sync((): { last: RemoteAdapter | undefined } => ({ last: undefined }))
  return Stream.unwrap(
    Effect.map(
      Effect.acquireRelease(begin, ({ last }) => Effect.sync(() => last?.close())),
      (state) => {
        const attempt = (nonce: string | undefined) =>
          Effect.flatMap(open, (port) =>
            greet(port, { ...options, ...(nonce === undefined ? {} : { nonce }) })
          )
        const next = Effect.suspend(() => {
          const { nonce } = options
          const again = state.last?.next
          const entering =
            again === undefined || nonce === undefined
              ? attempt(again ?? nonce)
              : Effect.catchTag(attempt(again), "NotInvited", () => attempt(nonce))
          return Effect.retry(entering, { schedule: retry, while: mayPass })
        })
        const pull = Effect.suspend(() =>
          Effect.andThen(state.last?.closed ?? Effect.void, next).pipe(
            Effect.map((remote) => [(state.last = remote)] as const)
          )
        )
        return Stream.fromPull(Effect.succeed(pull))
      }
    )
  )
}
