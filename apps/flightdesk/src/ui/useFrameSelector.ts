/** State as it stands a few times a second, for what changes thousands of times a second. */
import { startTransition, useEffect, useEffectEvent, useState, useSyncExternalStore } from "react"

/** Nobody reads faster than this, and a whole desk drawn 60 times a second takes the time from the flights. */
const betweenFramesMs = 100

const due = new Set<() => void>()
// Written by `show`.
let shownAt = -Infinity

/** One transition: React draws it in slices, and whatever the person at the desk does goes first. */
const show = (): void => {
  shownAt = performance.now()
  const tasks = [...due]
  due.clear()
  startTransition(() => {
    for (const run of tasks) run()
  })
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

interface InstanceOf<S> {
  readonly getState: () => S
  readonly getServerState: () => S
  readonly subscribe: (listener: () => void) => () => void
}

/** Every ModuleRef. */
interface FrameRef<S> {
  readonly runtime: { readonly unsafe: InstanceOf<S> }
}

type Listener<S> = (state: S) => void

/** The state of an instance, frame by frame. */
class Frames<S> {
  private readonly instance: InstanceOf<S>
  private readonly listeners = new Set<Listener<S>>()
  // Written by `catchUp`, and by `current` while nobody listens.
  private shown: S
  // Written by `subscribe`.
  private stop: (() => void) | undefined

  constructor(instance: InstanceOf<S>) {
    this.instance = instance
    this.shown = instance.getState()
  }

  current(): S {
    if (this.stop === undefined) this.shown = this.instance.getState()
    return this.shown
  }

  subscribe(listener: Listener<S>): () => void {
    this.listeners.add(listener)
    // What was committed since it rendered.
    inNextFrame(this.catchUp)
    this.stop ??= this.instance.subscribe(() => inNextFrame(this.catchUp))
    return () => {
      this.listeners.delete(listener)
      if (this.listeners.size > 0) return
      this.stop?.()
      this.stop = undefined
    }
  }

  private readonly catchUp = (): void => {
    this.shown = this.instance.getState()
    for (const listener of this.listeners) listener(this.shown)
  }
}

const known = new WeakMap<object, Frames<unknown>>()

const framesOf = <S>({ runtime }: FrameRef<S>): Frames<S> => {
  const found = known.get(runtime)
  // Its key is the instance whose state it reads.
  if (found !== undefined) return found as Frames<S>
  const made = new Frames<S>(runtime.unsafe)
  known.set(runtime, made as Frames<unknown>)
  return made
}

const never = () => () => {}

/** Whether this render takes over a page from the server, which shows the state as it was there. */
const useIsHydrating = (): boolean =>
  useSyncExternalStore(
    never,
    () => false,
    () => true
  )

/**
 * A part of the newest state of each frame, for a state with more commits than frames. Selectors are pure and
 * close over nothing that changes; the ref stays the same.
 */
export const useFrameSelector = <S, B>(
  ref: FrameRef<S>,
  selector: (state: S) => B,
  equals: (a: B, b: B) => boolean = Object.is
): B => {
  const frames = framesOf(ref)
  const isHydrating = useIsHydrating()
  const [selected, select] = useState(() =>
    selector(isHydrating ? ref.runtime.unsafe.getServerState() : frames.current())
  )
  const showNext = useEffectEvent((state: S) => {
    const next = selector(state)
    select((last) => (equals(last, next) ? last : next))
  })
  useEffect(() => {
    const show = (state: S) => showNext(state)
    return frames.subscribe(show)
  }, [frames])
  return selected
}
