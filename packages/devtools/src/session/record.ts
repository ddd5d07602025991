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
 * Gives the history each commit from now on, in the step that makes it, and the instances as they come and go. Returns
 * the function that ends it. A history is of one runtime.
 */
export const record = (runtime: Recordable, history: History): (() => void) => {
  const observe = () =>
    history.observe(
      runtime.instances().map(({ id, instanceId, unsafe }) => ({
        instanceId,
        moduleId: id,
        state: unsafe.getState()
      }))
    )
  const ends = [runtime.onCommit((commit) => history.append([commit])), runtime.subscribe(observe)]
  observe()
  return () => {
    for (const end of ends) end()
  }
}
