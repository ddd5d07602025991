/** A history of a runtime. */
import type { Commit } from "@sluice/core"
import type { History } from "./history.ts"

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

/**
 * Gives the history each commit from now on, in the step that makes it, and the instances as they come and go:
 * before the next commit, or once what runs now has ended. Returns the function that ends it. A history is of one runtime.
 */
export const record = (runtime: Recordable, history: History): (() => void) => {
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
  const append = (commit: Commit.Commit) => {
    // Before what a new one has done.
    if (hasChanged) observe()
    history.append([commit])
  }
  const ends = [runtime.onCommit(append), runtime.subscribe(observeSoon)]
  observe()
  return () => {
    hasChanged = false
    for (const end of ends) end()
  }
}
