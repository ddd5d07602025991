"use client"
/** For the browser: takes the states that `withState` has written into the page. */
import type { Runtime } from "@sluice/core"
import * as Cause from "effect/Cause"
import { useEffect } from "react"
import { Awaited, stateQueue } from "./internal/stateQueue.ts"
import { useRuntime } from "./useRuntime.ts"

interface Page {
  readonly readyState: string
  readonly addEventListener: (type: "DOMContentLoaded", listener: () => void) => void
}

/** What the page's scripts fill. */
interface Queue {
  length: number
  shift: () => Runtime.Snapshot | undefined
  push: (snapshot: Runtime.Snapshot) => void
}

// A page's globals have no type without the DOM's.
const page = globalThis as unknown as { readonly document: Page } & Record<
  typeof stateQueue,
  Queue | undefined
>

const queue = (): Queue => (page[stateQueue] ??= Array<Runtime.Snapshot>())

/** Runs the task once no more can come. */
const whenParsed = (task: () => void): void => {
  const { document } = page
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", task)
  else task()
}

const awaited = new Awaited()

const taken = (): Runtime.Snapshot | undefined => {
  const snapshot = queue().shift()
  for (const entry of snapshot?.instances ?? []) awaited.note(entry)
  return snapshot
}

/** Calls the listener when there is something to take. */
const onPush = (listener: () => void): void => {
  const waiting = queue()
  waiting.push = (snapshot) => {
    Array.prototype.push.call(waiting, snapshot)
    listener()
  }
}

/**
 * The states of the page as it came first: give them to `Runtime.make` as `hydrate`. Waits for them where this
 * runs before the page's script; `undefined` if the page has none.
 */
export const pageState = (): Promise<Runtime.Snapshot | undefined> =>
  new Promise((resolve) => {
    const take = () => resolve(taken())
    if (queue().length > 0) return take()
    onPush(take)
    whenParsed(take)
  })

/**
 * Takes the states that come with later parts of the page, from the time when what is above and beside it has been
 * hydrated. Render it once, below the outermost RuntimeProvider and outside of Suspense.
 */
export const LateState = (): null => {
  const runtime = useRuntime()
  useEffect(() => {
    let mounted = true
    const hydrate = (snapshot: Runtime.Snapshot) => {
      try {
        if (mounted) runtime.hydrate(snapshot)
      } catch (error) {
        const info = { instanceId: "", moduleId: "", during: "hydrate", entry: "LateState" } as const
        runtime.onError(Cause.die(error), info)
      }
    }
    const takeAll = () => {
      for (let next = taken(); next !== undefined; next = taken()) hydrate(next)
    }
    takeAll()
    onPush(takeAll)
    whenParsed(() => hydrate({ format: 1, instances: awaited.ended() }))
    return () => {
      mounted = false
      onPush(() => {})
    }
  }, [runtime])
  return null
}
