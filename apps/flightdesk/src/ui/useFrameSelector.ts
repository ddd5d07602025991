/** State as it stands a few times a second, for what changes thousands of times a second. */
import { useSelector } from "@sluice/react"
import type { StateRef } from "@sluice/react"

type Instance<S> = StateRef<S>["runtime"]

/** Nobody reads faster than this, and a whole desk drawn 60 times a second takes the time from the flights. */
const betweenFramesMs = 100

const due = new Set<() => void>()
// Written by `show`.
let shownAt = -Infinity

const show = (): void => {
  shownAt = performance.now()
  const tasks = [...due]
  due.clear()
  for (const run of tasks) run()
}

/** All that changed is shown in the same frame, so what is drawn together is of one moment. */
const inNextFrame = (task: () => void): void => {
  if (due.size === 0) {
    const wait = shownAt + betweenFramesMs - performance.now()
    if (wait <= 0) requestAnimationFrame(show)
    else setTimeout(() => requestAnimationFrame(show), wait)
  }
  due.add(task)
}

/** Looks like the ref, but its state changes once a frame. */
const framed = <S>({ unsafe: instance }: { readonly unsafe: Instance<S>["unsafe"] }): StateRef<S> => {
  const listeners = new Set<() => void>()
  // Written by `catchUp`, and by `getState` while nobody listens.
  let shown = instance.getState()
  let stop: (() => void) | undefined
  const catchUp = () => {
    shown = instance.getState()
    for (const listener of listeners) listener()
  }
  return {
    runtime: {
      unsafe: {
        getState: () => (stop === undefined ? (shown = instance.getState()) : shown),
        subscribe: (listener) => {
          listeners.add(listener)
          stop ??= instance.subscribe(() => inNextFrame(catchUp))
          return () => {
            listeners.delete(listener)
            if (listeners.size > 0) return
            stop?.()
            stop = undefined
          }
        }
      }
    }
  }
}

const framedRefs = new WeakMap<object, StateRef<unknown>>()

const framedRef = <S>(ref: StateRef<S>): StateRef<S> => {
  const known = framedRefs.get(ref.runtime)
  // Its key is the instance whose state it reads.
  if (known !== undefined) return known as StateRef<S>
  const made = framed(ref.runtime)
  framedRefs.set(ref.runtime, made)
  return made
}

/** `useSelector` for a state with more commits than frames: it sees the newest state of each frame. */
export const useFrameSelector = <S, B>(
  ref: StateRef<S>,
  selector: (state: S) => B,
  equals?: (a: B, b: B) => boolean
): B => useSelector(framedRef(ref), selector, equals)
