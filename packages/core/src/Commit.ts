/** A commit as other packages see it, and the lossless port they attach by. */
import type * as Effect from "effect/Effect"
import type * as Schedule from "effect/Schedule"

export type OriginKind =
  | "action"
  | "source-refresh"
  | "service-callback"
  | "state-update"
  | "devtools"
  | "init"
  | "hydrate"

/** What opened a transaction. `name` is the action's tag, the callback's name, or the caller's own word. */
export interface Origin {
  readonly kind: OriginKind
  readonly name: string
  readonly details?: unknown
}

/** An action as it travels: any module's, untyped. */
export interface AnyAction {
  readonly _tag: string
  readonly payload?: unknown
}

/**
 * One commit. `previous` and `next` are the immutable states themselves, so keeping a commit costs what
 * changed, not a copy. `seq` is its place among all commits of the runtime, from 1 and without gaps;
 * `cause` is the transaction whose handler made this one; `startedAt` is epoch milliseconds.
 */
export interface Commit {
  readonly txnId: string
  readonly groupId?: string
  readonly seq: number
  readonly instanceId: string
  readonly moduleId: string
  readonly origin: Origin
  readonly cause: string | undefined
  readonly actions: ReadonlyArray<AnyAction>
  readonly previous: unknown
  readonly next: unknown
  readonly startedAt: number
}

/**
 * Gets every commit of a runtime, in order, in batches. While more than `capacity` commits wait here,
 * Effect callers wait outside their transaction. A failing batch is tried again by `retry` (without one:
 * at once, then every second), and until it succeeds callers wait; no commit is passed over.
 */
export interface CommitSink {
  readonly name: string
  readonly capacity: number
  readonly onCommit: (batch: ReadonlyArray<Commit>) => Effect.Effect<unknown, unknown>
  readonly retry?: Schedule.Schedule<unknown, unknown>
}
