"use client"
import type { Trait } from "@sluice/core"
import * as Cause from "effect/Cause"
import * as Option from "effect/Option"
import * as AsyncResult from "effect/reactivity/AsyncResult"
import type { StateRef } from "./ModuleRef.ts"
import { useSelector } from "./useSelector.ts"

/** What has sources: every ModuleRef. */
export interface SourceRef<S> extends StateRef<S> {
  readonly runtime: StateRef<S>["runtime"] & {
    readonly unsafe: {
      readonly getServerState: () => S
      readonly whenLoaded: (path: string) => Promise<void>
    }
  }
}

/** What a field that holds an AsyncResult has when it has succeeded. */
export type SuccessOf<Result> = Result extends AsyncResult.AsyncResult<infer A, infer _E> ? A : never

type Result = AsyncResult.AsyncResult<unknown, unknown>

/** The value to show: an older one while a newer is loaded. Throws what it failed with. */
const valueOf = (result: Result): Option.Option<unknown> => {
  if (AsyncResult.isFailure(result) && !result.waiting) throw Cause.squash(result.cause)
  return AsyncResult.value(result)
}

/**
 * The value of a source's field. Suspends until there is one; while it is loaded anew, the value is the one
 * before. What the load failed with is thrown in render, to the nearest error boundary: `refresh`, then reset
 * the boundary. Where the source's key says that there is nothing to load, it suspends until there is.
 *
 * Another key has no value until it is loaded: it suspends again.
 */
export function useSuspenseSource<S, Path extends Trait.SourceField<S>>(
  ref: SourceRef<S>,
  path: Path
): SuccessOf<S[Path]>
export function useSuspenseSource(ref: SourceRef<Readonly<Record<string, Result>>>, path: string): unknown {
  const result = useSelector(ref, (state) => state[path])!
  const { unsafe } = ref.runtime
  const shown = valueOf(result)
  if (Option.isSome(shown)) return shown.value
  // What the server has not sent, it does not show either. To wait for it again and again would not help.
  if (result === unsafe.getServerState()[path]) {
    const now = valueOf(unsafe.getState()[path]!)
    if (Option.isSome(now)) return now.value
  }
  // oxlint-disable-next-line typescript/only-throw-error -- that is how React 18 and 19 are told to wait
  throw unsafe.whenLoaded(path)
}
