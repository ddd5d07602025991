/** The place of `$.children`: who supervises gives what it is. */
import * as Context from "effect/Context"
import { ChildrenNotProvided } from "./Errors.ts"

/**
 * The children of the instance whose `$` it is. Its members are declared by who gives it: `@sluice/wasm/Supervision`
 * adds `spawn`, `list`, `stop`, `restart`, `getState` and `events`.
 */
export interface Children {
  readonly parentId: string
}

/** Given the ModuleRuntime of the parent; the same parent gives the same. Its layer is provided as any service. */
export const ChildrenOf = Context.Reference<(parent: { readonly instanceId: string }) => Children>(
  "@sluice/core/Children",
  {
    defaultValue:
      () =>
      ({ instanceId }) => {
        throw new ChildrenNotProvided({ instanceId })
      }
  }
)
