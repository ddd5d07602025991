/** Which instructions make NaNs whose bits an engine may choose, and the code that puts the canonical one in their place. */
import { op } from "./instructions.ts"
import type { Writer } from "./Writer.ts"

export type Float = "f32" | "f64" | "f32x4" | "f64x2"

const floats = (() => {
  const table = Array.from<Float | undefined>({ length: 256 })
  // ceil, floor, trunc, nearest, sqrt, add, sub, mul, div, min, max
  table.fill("f32", 0x8d, 0x98)
  table.fill("f64", 0x9b, 0xa6)
  // demote, promote
  table[0xb6] = "f32"
  table[0xbb] = "f64"
  return table
})()

const vectors = (() => {
  const table = Array.from<Float | undefined>({ length: 256 })
  table.fill("f32x4", 0x67, 0x6b)
  table.fill("f32x4", 0xe3, 0xea)
  table[0x5e] = "f32x4"
  for (const sub of [0x74, 0x75, 0x7a, 0x94, 0x5f]) table[sub] = "f64x2"
  table.fill("f64x2", 0xef, 0xf6)
  return table
})()

/**
 * What kind of float it makes, if its result can be a NaN whose sign and payload an engine may choose. All others
 * (loads, neg, abs, copysign, select, pmin and so on) move bits.
 */
export const makesNaN = (opcode: number, sub: number): Float | undefined =>
  opcode === op.simd ? vectors[sub] : floats[opcode]

/** Whether it takes the last value as a number, whatever the bits of a NaN: and makes none itself, or is in `makesNaN`. */
export const seesNoBits = (opcode: number): boolean =>
  floats[opcode] !== undefined ||
  opcode === op.drop ||
  (opcode >= 0x5b && opcode <= 0x66) ||
  (opcode >= 0xa8 && opcode <= 0xab) ||
  (opcode >= 0xae && opcode <= 0xb1)

const f32NaN = [0, 0, 0xc0, 0x7f]
const f64NaN = [0, 0, 0, 0, 0, 0, 0xf8, 0x7f]
const nans: Readonly<Record<Float, ReadonlyArray<number>>> = {
  f32: [op.f32Const, ...f32NaN],
  f64: [op.f64Const, ...f64NaN],
  f32x4: [op.simd, 12, ...f32NaN, ...f32NaN, ...f32NaN, ...f32NaN],
  f64x2: [op.simd, 12, ...f64NaN, ...f64NaN]
}
/** Lanes that are equal are taken from the first, the others from the second. */
const chosen = {
  f32x4: [op.simd, 0x41, op.simd, 0x52],
  f64x2: [op.simd, 0x47, op.simd, 0x52]
}

/** The type of the local that `writeCanonical` needs. */
export const localOf = (float: Float): "f32" | "f64" | "v128" =>
  float === "f32x4" || float === "f64x2" ? "v128" : float

/** For the value on the stack. */
export const writeCanonical = (out: Writer, float: Float, local: number): void => {
  const emit = (opcode: number): void => {
    out.u8(opcode)
    out.u32(local)
  }
  emit(op.localTee)
  if (float === "f32x4" || float === "f64x2") {
    out.raw(nans[float])
    emit(op.localGet)
    emit(op.localGet)
    out.raw(chosen[float])
    return
  }
  // A branch that is never taken costs less than a choice, which waits for both
  emit(op.localGet)
  out.raw([float === "f32" ? op.f32Ne : op.f64Ne, op.if, 0x40, ...nans[float]])
  emit(op.localSet)
  out.u8(op.end)
  emit(op.localGet)
}
