/** What instructions on numbers do, worked out on their bits: NaNs that are made are the canonical ones. */
import type { Type } from "./assemble.ts"

export type Num = Extract<Type, "i32" | "i64" | "f32" | "f64">

const scratch = new DataView(new ArrayBuffer(8))
const i32 = (bits: bigint): number => Number(BigInt.asIntN(32, bits))

export const decode = (type: "f32" | "f64", bits: bigint): number => {
  if (type === "f64") {
    scratch.setBigUint64(0, bits)
    return scratch.getFloat64(0)
  }
  scratch.setUint32(0, Number(bits))
  return scratch.getFloat32(0)
}

const nan = { f32: 0x7fc00000n, f64: 0x7ff8000000000000n }

export const encode = (type: "f32" | "f64", value: number): bigint => {
  if (Number.isNaN(value)) return nan[type]
  if (type === "f64") {
    scratch.setFloat64(0, value)
    return scratch.getBigUint64(0)
  }
  scratch.setFloat32(0, value)
  return BigInt(scratch.getUint32(0))
}

export const canonicalOf = (type: Num, bits: bigint): bigint =>
  (type === "f32" || type === "f64") && Number.isNaN(decode(type, bits)) ? nan[type] : bits

export interface Operation {
  readonly code: ReadonlyArray<number>
  readonly takes: ReadonlyArray<Num>
  readonly gives: Num
  readonly run: (...bits: ReadonlyArray<bigint>) => bigint
}

const signs = { f32: 1n << 31n, f64: 1n << 63n }

const floating = (type: "f32" | "f64", base: number): Array<Operation> => {
  const two = (code: number, f: (a: number, b: number) => number): Operation => ({
    code: [code],
    takes: [type, type],
    gives: type,
    run: (a = 0n, b = 0n) => encode(type, f(decode(type, a), decode(type, b)))
  })
  const one = (code: number, f: (a: number) => number): Operation => ({
    code: [code],
    takes: [type],
    gives: type,
    run: (a = 0n) => encode(type, f(decode(type, a)))
  })
  const sign = signs[type]
  return [
    { code: [base], takes: [type], gives: type, run: (a = 0n) => a & ~sign },
    { code: [base + 1], takes: [type], gives: type, run: (a = 0n) => a ^ sign },
    one(base + 2, Math.ceil),
    one(base + 3, Math.floor),
    one(base + 4, Math.trunc),
    one(base + 6, Math.sqrt),
    two(base + 7, (a, b) => a + b),
    two(base + 8, (a, b) => a - b),
    two(base + 9, (a, b) => a * b),
    two(base + 10, (a, b) => a / b),
    two(base + 11, Math.min),
    two(base + 12, Math.max),
    { code: [base + 13], takes: [type, type], gives: type, run: (a = 0n, b = 0n) => (a & ~sign) | (b & sign) }
  ]
}

const comparing = (type: "f32" | "f64", base: number): Array<Operation> =>
  [
    (a: number, b: number) => a === b,
    (a: number, b: number) => a !== b,
    (a: number, b: number) => a < b,
    (a: number, b: number) => a > b,
    (a: number, b: number) => a <= b,
    (a: number, b: number) => a >= b
  ].map((f, index) => ({
    code: [base + index],
    takes: [type, type],
    gives: "i32",
    run: (a = 0n, b = 0n) => (f(decode(type, a), decode(type, b)) ? 1n : 0n)
  }))

const whole = (type: "i32" | "i64", eqz: number, base: number): Array<Operation> => {
  const bits = type === "i32" ? 32 : 64
  const two = (code: number, f: (a: bigint, b: bigint) => bigint): Operation => ({
    code: [code],
    takes: [type, type],
    gives: type,
    run: (a = 0n, b = 0n) => BigInt.asUintN(bits, f(a, b))
  })
  return [
    { code: [eqz], takes: [type], gives: "i32", run: (a) => (a === 0n ? 1n : 0n) },
    two(base, (a, b) => a + b),
    two(base + 1, (a, b) => a - b),
    two(base + 2, (a, b) => a * b),
    two(base + 7, (a, b) => a & b),
    two(base + 9, (a, b) => a ^ b),
    two(base + 10, (a, b) => a << (b % BigInt(bits)))
  ]
}

const truncated = (value: number): bigint => {
  if (Number.isNaN(value)) return 0n
  return BigInt.asUintN(32, BigInt(Math.trunc(Math.min(Math.max(value, -(2 ** 31)), 2 ** 31 - 1))))
}

export const operations: ReadonlyArray<Operation> = [
  ...floating("f32", 0x8b),
  ...floating("f64", 0x99),
  ...comparing("f32", 0x5b),
  ...comparing("f64", 0x61),
  ...whole("i32", 0x45, 0x6a),
  ...whole("i64", 0x50, 0x7c),
  { code: [0xa7], takes: ["i64"], gives: "i32", run: (a = 0n) => BigInt.asUintN(32, a) },
  { code: [0xac], takes: ["i32"], gives: "i64", run: (a = 0n) => BigInt.asUintN(64, BigInt.asIntN(32, a)) },
  { code: [0xb6], takes: ["f64"], gives: "f32", run: (a = 0n) => encode("f32", decode("f64", a)) },
  { code: [0xbb], takes: ["f32"], gives: "f64", run: (a = 0n) => encode("f64", decode("f32", a)) },
  { code: [0xb7], takes: ["i32"], gives: "f64", run: (a = 0n) => encode("f64", i32(a)) },
  { code: [0xbc], takes: ["f32"], gives: "i32", run: (a = 0n) => a },
  { code: [0xbd], takes: ["f64"], gives: "i64", run: (a = 0n) => a },
  { code: [0xbe], takes: ["i32"], gives: "f32", run: (a = 0n) => a },
  { code: [0xbf], takes: ["i64"], gives: "f64", run: (a = 0n) => a },
  { code: [0xfc, 0x02], takes: ["f64"], gives: "i32", run: (a = 0n) => truncated(decode("f64", a)) }
]
