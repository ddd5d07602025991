"use client"
import type { Action, ModuleHandle, Runtime } from "@sluice/core"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as Stream from "effect/Stream"
import { useEffect, useInsertionEffect, useState } from "react"
import { microtask } from "./internal/host.ts"
import { useClientLayoutEffect } from "./internal/useClientLayoutEffect.ts"
import { useLatest } from "./internal/useLatest.ts"
import type { ActionRef } from "./ModuleRef.ts"
import { useRuntime } from "./useRuntime.ts"

const isPromiseLike = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === "object" && value !== null && "then" in value && typeof value.then === "function"

/** Waits for whatever a handler may return; an Effect gets the services of `runtime`. */
const settle = (
  result: unknown,
  runtime: Runtime.AnyRuntime | undefined
): Effect.Effect<unknown, unknown> => {
  if (Effect.isEffect(result)) {
    // Which services it needs is not known to a component's types; the runtime has its own or reports.
    const effect = result as Effect.Effect<unknown, unknown>
    return runtime === undefined ? effect : Effect.provideContext(effect, runtime.runSync(Effect.context()))
  }
  return isPromiseLike(result)
    ? Effect.tryPromise({ try: () => result, catch: (error) => error })
    : Effect.void
}

/** Handles the actions one after another from `start` to `stop`; each may be called again. */
const makeConsumer = <S, A, Tag extends keyof A & string>(
  instance: ModuleHandle<S, A>,
  tag: Tag,
  handler: { readonly current: Handler<A, Tag> },
  /** The component's, which may change while it handles the actions of one instance. */
  runtime: { readonly current: Runtime.AnyRuntime }
) => {
  let fiber: Fiber.Fiber<unknown, unknown> | undefined
  let wanted = false
  /** Whether the component has been seen: effects of one that mounts hidden do not run, but insertions do. */
  let shown = false
  const failed = (cause: Cause.Cause<unknown>) => {
    if (Cause.hasInterruptsOnly(cause)) return
    const { id, instanceId } = instance
    runtime.current.onError(cause, {
      instanceId,
      moduleId: id,
      during: "handler",
      entry: "useOnAction",
      tag
    })
  }
  const handleAll = (first: Runtime.AnyRuntime) =>
    Stream.runForEach(instance.actionStream(tag), (action) =>
      Effect.suspend(() => {
        // Taken in the moment before it is interrupted.
        if (!wanted) return Effect.void
        const result = handler.current(action.payload as A[Tag], action)
        return settle(result, runtime.current === first ? undefined : runtime.current)
      }).pipe(Effect.catchCause((cause) => Effect.sync(() => failed(cause))))
    )
  const stop = () => {
    wanted = false
    // StrictMode and fast refresh stop and start in one step, which is no reason to lose what has been taken.
    microtask(() => {
      if (wanted) return
      fiber?.interruptUnsafe()
      fiber = undefined
    })
  }
  const start = () => {
    wanted = true
    fiber ??= runtime.current.run(handleAll(runtime.current))
  }
  return {
    isOf: (other: object, otherTag: string) => instance === other && tag === otherTag,
    insert: () => {
      start()
      microtask(() => shown || stop())
      return stop
    },
    show: () => {
      shown = true
    },
    connect: () => {
      shown = true
      start()
      return () => {
        shown = false
        stop()
      }
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
  const runtime = useLatest(useRuntime())
  const latest = useLatest(handler)
  const instance = ref.runtime
  const [held, setHeld] = useState(() => makeConsumer(instance, tag, latest, runtime))
  const same = held.isOf(instance, tag)
  const consumer = same ? held : makeConsumer(instance, tag, latest, runtime)
  if (!same) setHeld(consumer)

  // An insertion effect is there before any effect of the tree can dispatch, and stays while Suspense hides
  // the component. The other ones are for Activity, which ends and starts effects, not insertions.
  useInsertionEffect(consumer.insert, [consumer])
  useClientLayoutEffect(consumer.show, [consumer])
  useEffect(() => consumer.connect(), [consumer])
}
