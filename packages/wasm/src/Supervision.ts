/** Parents and children: `Supervision.children(parent).spawn(module, { key, policy })`. */
export { ChildError } from "./Escalation.ts"
export { nameOf, type Policy, type RestartOptions } from "./Restarts.ts"
export { type Child, type SpawnOptions, type Status } from "./supervision/Child.ts"
export { ChildEvent, Exported } from "./supervision/ChildEvent.ts"
export { type ChildInfo, type Children, of as children } from "./supervision/Children.ts"
