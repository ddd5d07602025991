/** A history of a runtime. */
import type { Commit } from "@sluice/core"
import type { History } from "./history.ts"
import { Pause } from "./pause.ts"
import { noteTrigger } from "./trigger.ts"

/** The parts of a `Runtime` that are recorded. */
export interface Recordable {
  readonly instances: () => ReadonlyArray<{
    readonly id: string
    readonly instanceId: string
    readonly unsafe: { readonly getState: () => unknown }
  }>
  readonly onCommit: (listener: (commit: Commit.Commit) => void) => () => void
  readonly subscribe: (listener: () => void) => () => void
}

/** A recording that goes on until `end`. */
export interface Recorder {
  /**
   * From now on commits pass: they are counted, and what they come to stands in the history as one commit of each
   * instance, when recording goes on. Those of devtools are recorded also meanwhile.
   */
  readonly pause: () => void
  readonly resume: () => void
  /** What has passed by now stands in the history. */
  readonly settle: () => void
  readonly isPaused: () => boolean
  /** Commits that have passed since it was paused, or the last time that it was. */
  readonly passed: () => number
  readonly end: () => void
}

/**
 * Gives the history each commit from now on, in the step that makes it, and the instances as they come and go:
 * before the next commit, or once what runs now has ended. Returns the function that ends it. A history is of one runtime.
 */
export const record = (runtime: Recordable, history: History): (() => void) => recorder(runtime, history).end

/** As `record`, and can be paused. */
export const recorder = (runtime: Recordable, history: History): Recorder => {
  let pause = new Pause()
  let isPaused = false
  // Many instances may come in one task, and each look is at all of them.
  let hasChanged = false
  const observe = () => {
    hasChanged = false
    history.observe(
      runtime.instances().map(({ id, instanceId, unsafe }) => ({
        instanceId,
        moduleId: id,
        state: unsafe.getState()
      }))
    )
  }
  const observeSoon = () => {
    if (hasChanged) return
    hasChanged = true
    queueMicrotask(() => {
      if (hasChanged) observe()
    })
  }
  const takePassed = () => {
    const passed = pause.take()
    if (passed.length > 0) history.append(passed)
  }
  const append = (commit: Commit.Commit) => {
    // Before what a new one has done.
    if (hasChanged) observe()
    if (isPaused && commit.origin.kind !== "devtools") {
      history.pass(commit)
      return pause.add(commit)
    }
    takePassed()
    noteTrigger(commit)
    history.append([commit])
  }
  const ends = [runtime.onCommit(append), runtime.subscribe(observeSoon)]
  observe()
  return {
    pause: () => {
      if (isPaused) return
      isPaused = true
      pause = new Pause()
    },
    resume: () => {
      isPaused = false
      takePassed()
    },
    settle: takePassed,
    isPaused: () => isPaused,
    passed: () => pause.commits,
    end: () => {
      hasChanged = false
      for (const end of ends) end()
    }
  }
}
