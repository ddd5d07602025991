import type { Reader } from "./Reader.ts"
import { Refused, unsupported } from "./Refused.ts"

export type ValueType = "i32" | "i64" | "f32" | "f64" | "v128" | "funcref" | "externref"

const valueTypes: Readonly<Record<number, ValueType>> = {
  0x7f: "i32",
  0x7e: "i64",
  0x7d: "f32",
  0x7c: "f64",
  0x7b: "v128",
  0x70: "funcref",
  0x6f: "externref"
}

/** Of reference types and of the heap, in their one byte. */
const collected = (byte: number): boolean => byte === 0x63 || byte === 0x64 || (byte >= 0x69 && byte <= 0x74)

export const valueType = (reader: Reader): ValueType => {
  const at = reader.at
  const byte = reader.u8()
  const type = valueTypes[byte]
  if (type !== undefined) return type
  if (collected(byte)) throw unsupported("typed references")
  return reader.fail(`${byte} is no type of a value`, at)
}

export const isReference = (type: ValueType): boolean => type === "funcref" || type === "externref"

export interface FunctionType {
  readonly params: ReadonlyArray<ValueType>
  readonly results: ReadonlyArray<ValueType>
}

export const functionType = (reader: Reader): FunctionType => {
  const at = reader.at
  const form = reader.u8()
  if (form === 0x4e || form === 0x4f || form === 0x50 || form === 0x5e || form === 0x5f) {
    throw unsupported("garbage-collected types")
  }
  if (form !== 0x60) reader.fail(`${form} is no form of a type`, at)
  const list = (): ReadonlyArray<ValueType> => Array.from({ length: reader.count() }, () => valueType(reader))
  return { params: list(), results: list() }
}

export interface Range {
  readonly least: number
  readonly most: number | undefined
}

/** Of a memory, in pages, or of a table, in elements. */
export const range = (reader: Reader, of: "memory" | "table"): Range => {
  const at = reader.at
  const flags = reader.u8()
  if (flags > 15) reader.fail(`${flags} are no flags of a ${of}`, at)
  if ((flags & 2) !== 0) {
    throw new Refused(
      `a shared ${of}`,
      "what other threads write cannot be given back. Build without threads."
    )
  }
  if ((flags & 4) !== 0) throw unsupported(of === "memory" ? "memory64" : "a table of 64 bits")
  if ((flags & 8) !== 0) throw unsupported("pages of another size")
  return { least: reader.u32(), most: (flags & 1) === 0 ? undefined : reader.u32() }
}

export interface GlobalType {
  readonly type: ValueType
  readonly mutable: boolean
}

export const globalType = (reader: Reader): GlobalType => {
  const type = valueType(reader)
  const at = reader.at
  const flag = reader.u8()
  if (flag > 1) {
    if (flag < 4) throw unsupported("a shared global")
    reader.fail(`${flag} is no mutability of a global`, at)
  }
  return { type, mutable: flag === 1 }
}

export interface TableType {
  readonly type: ValueType
  readonly range: Range
}

export const tableType = (reader: Reader): TableType => {
  const at = reader.at
  const type = valueType(reader)
  if (!isReference(type)) reader.fail(`${type} is no type of an element`, at)
  return { type, range: range(reader, "table") }
}
