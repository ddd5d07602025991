"use client"
import type { Action, ModuleHandle, Runtime } from "@sluice/core"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { useEffect, useInsertionEffect, useMemo } from "react"
import { useLatest } from "./internal/useLatest.ts"
import type { ActionRef } from "./ModuleRef.ts"
import { useRuntime } from "./useRuntime.ts"

const isPromiseLike = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === "object" && value !== null && "then" in value && typeof value.then === "function"

/** Waits for whatever a handler may return. */
const settle = (result: unknown): Effect.Effect<unknown, unknown> => {
  // Which services it needs is not known to a component's types; the runtime has its own or reports.
  if (Effect.isEffect(result)) return result as Effect.Effect<unknown, unknown>
  return isPromiseLike(result)
    ? Effect.tryPromise({ try: () => result, catch: (error) => error })
    : Effect.void
}

/** Handles the actions one after another from `start` to `stop`; each may be called again. */
const makeConsumer = <S, A, Tag extends keyof A & string>(
  runtime: Runtime.AnyRuntime,
  instance: ModuleHandle<S, A>,
  tag: Tag,
  handler: { readonly current: Handler<A, Tag> }
) => {
  let fiber: Fiber.Fiber<unknown, unknown> | undefined
  const failed = (cause: Cause.Cause<unknown>) => {
    if (Cause.hasInterruptsOnly(cause)) return
    const { id, instanceId } = instance
    runtime.onError(cause, { instanceId, moduleId: id, during: "handler", entry: "useOnAction", tag })
  }
  const handle = (action: Action<A, Tag>) =>
    Effect.suspend(() => settle(handler.current(action.payload as A[Tag], action))).pipe(
      Effect.catchCause((cause) => Effect.sync(() => failed(cause)))
    )
  return {
    start: () => {
      fiber ??= runtime.run(Stream.runForEach(instance.actionStream(tag), handle))
    },
    stop: () => {
      fiber?.interruptUnsafe()
      fiber = undefined
    }
  }
}

type Handler<A, Tag extends keyof A & string> = (payload: A[Tag], action: Action<A, Tag>) => unknown

/**
 * Calls `handler` for every action with this tag, once each and in commit order, from the commit in which
 * the component mounts until it unmounts. The handler of the last render is called. It may return an Effect,
 * run with the runtime's services, or a Promise: the next action waits for it, and once the channel's
 * capacity is used up, so do Effect callers. A handler that fails reaches the runtime's `onError`; the next
 * action is handled. Unmounting interrupts a running handler and leaves what has not been handled.
 */
export const useOnAction = <S, A, Tag extends keyof A & string>(
  ref: ActionRef<S, A>,
  tag: Tag,
  handler: (payload: A[Tag], action: Action<A, Tag>) => unknown
): void => {
  const runtime = useRuntime()
  const latest = useLatest(handler)
  const instance = ref.runtime
  const consumer = useMemo(
    () => makeConsumer(runtime, instance, tag, latest),
    [runtime, instance, tag, latest]
  )

  // An insertion effect is there before any effect of the tree can dispatch, and stays while Suspense hides
  // the component. The other one is for StrictMode and Activity, which end and start effects, not insertions.
  useInsertionEffect(() => {
    consumer.start()
    return consumer.stop
  }, [consumer])
  useEffect(() => {
    consumer.start()
    return consumer.stop
  }, [consumer])
}
