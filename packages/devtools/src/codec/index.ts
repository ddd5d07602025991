/** Values of any kind as plain data, and what changed between two of them. */
export { apply } from "./apply.ts"
export { decode } from "./decode.ts"
export { classNameOf, Described, isUnrevived, Unrevived, UnrevivedError } from "./Described.ts"
export {
  type Classes,
  type DataClass,
  defaultLimits,
  type Encoded,
  type EncodedNode,
  InvalidEncoded,
  type Limits,
  type Slot
} from "./Encoded.ts"
export { encode } from "./encode.ts"
export { KeyFunctionMissing } from "./kinds.ts"
export {
  decodePatch,
  type Elements,
  type Keyed,
  type Parts,
  type Patch,
  PatchConflict,
  type Replace,
  type Same,
  type Step
} from "./Patch.ts"
export { patch, sizeOf } from "./compare.ts"
