export * as Collection from "./Collection.ts"
export * as Commit from "./Commit.ts"
export * as Derived from "./Derived.ts"
export * as Errors from "./Errors.ts"
export * as Handler from "./Handler.ts"
export * as Group from "./Group.ts"
export * as Local from "./Local.ts"
export * as Module from "./Module.ts"
export * as Root from "./Root.ts"
export * as Runtime from "./Runtime.ts"
export * as Trace from "./Trace.ts"
export * as Trait from "./Trait.ts"
export type {
  Action,
  ActionOf,
  Backlog,
  ConsumerBacklog,
  DerivedHandle,
  DerivedRuntime,
  Dispatchers,
  Equals,
  ModuleHandle,
  ModuleIdentity,
  ModuleRuntime,
  ModuleTag,
  Selector,
  StateTransaction,
  Transact,
  UnsafeModuleRuntime,
  Watch
} from "./Handle.ts"
