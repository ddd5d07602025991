export * as Commands from "./Commands.ts"
export * as Errors from "./Errors.ts"
export * as Recovery from "./Recovery.ts"
export * as Handler from "./Handler.ts"
export type { Delta, GlobalValue, Image, ImagePart, Page } from "./Image.ts"
export type {
  Call,
  CallKind,
  ConsoleLine,
  Limits,
  LoadOptions,
  Machine,
  Program,
  Returned
} from "./Machine.ts"
export * as Supervision from "./Supervision.ts"
