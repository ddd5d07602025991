import type { ModuleRuntime } from "@sluice/core"

/** Of an instance, or of what is derived from some. */
export interface Observable<S> {
  readonly unsafe: {
    readonly getState: () => S
    readonly subscribe: (listener: () => void) => () => void
    readonly getServerState?: () => S
    readonly watch?: ModuleRuntime<S, never>["unsafe"]["watch"]
    readonly inputs?: ReadonlyArray<Observable<unknown>>
    readonly compute?: (states: ReadonlyArray<unknown>) => S
  }
}
