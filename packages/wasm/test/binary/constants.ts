import { signed } from "./assemble.ts"
import type { Num } from "./values.ts"

export const types: ReadonlyArray<Num> = ["i32", "i64", "f32", "f64"]
/** Two of each type, then the counters of loops. */
export const localTypes: ReadonlyArray<Num> = [...types, ...types, "i32", "i32", "i32"]
export const widths = { i32: 4, i64: 8, f32: 4, f64: 8 }
export const interesting = {
  i32: [0n, 1n, 0xffffffffn, 0x7fc00001n, 0xff800001n, 77n],
  i64: [0n, 1n, 0xffffffffffffffffn, 0x7ff8000000000001n, 0xfff0000000000001n, 77n],
  f32: [0n, 0x80000000n, 0x3f800000n, 0x7f800000n, 0xff800000n, 0x7fc12345n, 0xffc00000n, 0x42280000n],
  f64: [
    0n,
    0x8000000000000000n,
    0x3ff0000000000000n,
    0x7ff0000000000000n,
    0xfff0000000000000n,
    0x7ff8000000012345n,
    0xfff8000000000000n,
    0x4045000000000000n
  ]
}

export const constant = (type: Num, bits: bigint): ReadonlyArray<number> => {
  if (type === "i32") return [0x41, ...signed(BigInt.asIntN(32, bits))]
  if (type === "i64") return [0x42, ...signed(BigInt.asIntN(64, bits))]
  const bytes = Array.from({ length: widths[type] }, (_, index) => Number((bits >> BigInt(8 * index)) & 255n))
  return [type === "f32" ? 0x43 : 0x44, ...bytes]
}
