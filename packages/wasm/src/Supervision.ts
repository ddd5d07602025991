/** Parents and children: `$.children.spawn(module, { key, policy })`, and `Supervision.children(parent)` elsewhere. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type Action, type ModuleTag, Root } from "@sluice/core"
import { ChildrenOf } from "@sluice/core/Children"
import type { ChildError } from "./Escalation.ts"
import { of } from "./supervision/Children.ts"

/** Lets logics have children: `Runtime.make(module, { layer: Supervision.layer })`. */
export const layer: Layer.Layer<never> = Layer.succeed(ChildrenOf, of)

export { ChildError } from "./Escalation.ts"
export { nameOf, type Policy, type RestartOptions } from "./Restarts.ts"
export { type Child, type SpawnOptions, type Status } from "./supervision/Child.ts"
export { ChildEvent, Exported } from "./supervision/ChildEvent.ts"
export { type ChildInfo, type Children, of as children } from "./supervision/Children.ts"

/** For a handler's `parent`: the root's instance of the module gets the action. */
export const parent =
  <Id extends string, S, A, X, T>(
    tag: ModuleTag<Id, S, A, X, T>,
    action: { readonly [Tag in keyof A & string]: ChildError extends A[Tag] ? Tag : never }[keyof A & string]
  ) =>
  (error: ChildError): Effect.Effect<void> =>
    // Its payload is one: so says the type of `action`.
    Effect.flatMap(Root.resolve(tag), ({ dispatch }) =>
      dispatch({ _tag: action, payload: error } as unknown as Action<A>)
    )
