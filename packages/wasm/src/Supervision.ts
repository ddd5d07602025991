/** Parents and children: `$.children.spawn(module, { key, policy })`, and `Supervision.children(parent)` elsewhere. */
import * as Layer from "effect/Layer"
import { ChildrenOf } from "@sluice/core/Children"
import { of } from "./supervision/Children.ts"

/** Lets logics have children: `Runtime.make(module, { layer: Supervision.layer })`. */
export const layer: Layer.Layer<never> = Layer.succeed(ChildrenOf, of)

export { ChildError } from "./Escalation.ts"
export { nameOf, type Policy, type RestartOptions } from "./Restarts.ts"
export { type Child, type SpawnOptions, type Status } from "./supervision/Child.ts"
export { ChildEvent, Exported } from "./supervision/ChildEvent.ts"
export { type ChildInfo, type Children, of as children } from "./supervision/Children.ts"
