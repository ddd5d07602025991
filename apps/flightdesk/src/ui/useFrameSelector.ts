/** State as it stands once a frame, for what changes thousands of times a second. */
import { useSelector } from "@sluice/react"
import type { StateRef } from "@sluice/react"

type Instance<S> = StateRef<S>["runtime"]

const due = new Set<() => void>()

/** All that changed is shown in the same frame, so what is drawn together is of one moment. */
const inNextFrame = (task: () => void): void => {
  if (due.size === 0) {
    requestAnimationFrame(() => {
      const tasks = [...due]
      due.clear()
      for (const run of tasks) run()
    })
  }
  due.add(task)
}

/** Looks like the ref, but its state changes once a frame. */
const framed = <S>({ unsafe: instance }: { readonly unsafe: Instance<S>["unsafe"] }): StateRef<S> => {
  const listeners = new Set<() => void>()
  // Written by `show`, and by `getState` while nobody listens.
  let shown = instance.getState()
  let stop: (() => void) | undefined
  const show = () => {
    shown = instance.getState()
    for (const listener of listeners) listener()
  }
  return {
    runtime: {
      unsafe: {
        getState: () => (stop === undefined ? (shown = instance.getState()) : shown),
        subscribe: (listener) => {
          listeners.add(listener)
          stop ??= instance.subscribe(() => inNextFrame(show))
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
