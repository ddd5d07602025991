/** The instructions of core WebAssembly: what follows each opcode, and which make NaNs. */
import type { Reader } from "./Reader.ts"
import { Refused, unsupported } from "./Refused.ts"
import { valueType } from "./types.ts"

export const op = {
  unreachable: 0x00,
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  brIf: 0x0d,
  brTable: 0x0e,
  return: 0x0f,
  returnCall: 0x12,
  returnCallIndirect: 0x13,
  drop: 0x1a,
  localGet: 0x20,
  localSet: 0x21,
  localTee: 0x22,
  globalGet: 0x23,
  globalSet: 0x24,
  tableSet: 0x26,
  memoryGrow: 0x40,
  i32Const: 0x41,
  i64Const: 0x42,
  f32Const: 0x43,
  f64Const: 0x44,
  i32Eq: 0x46,
  i64LtS: 0x53,
  f32Ne: 0x5c,
  f64Ne: 0x62,
  i32Or: 0x72,
  i32ShrU: 0x76,
  i64Sub: 0x7d,
  i64ExtendI32U: 0xad,
  bulk: 0xfc,
  simd: 0xfd
} as const

type Follows = "none" | "index" | "two" | "memory" | "i32" | "i64" | "4 bytes" | "8 bytes" | "block" | "other"

const follows: ReadonlyArray<Follows | undefined> = (() => {
  const table = Array.from<Follows | undefined>({ length: 256 })
  const set = (what: Follows, ...ranges: ReadonlyArray<readonly [number, number]>): void => {
    for (const [from, to] of ranges) table.fill(what, from, to + 1)
  }
  set(
    "none",
    [0x00, 0x01],
    [0x05, 0x05],
    [0x0b, 0x0b],
    [0x0f, 0x0f],
    [0x1a, 0x1b],
    [0x45, 0xc4],
    [0xd1, 0xd1]
  )
  set("block", [0x02, 0x04])
  set("index", [0x0c, 0x0d], [0x10, 0x10], [0x12, 0x12], [0x20, 0x26], [0x3f, 0x40], [0xd2, 0xd2])
  set("two", [0x11, 0x11], [0x13, 0x13])
  set("memory", [0x28, 0x3e])
  set("i32", [0x41, 0x41])
  set("i64", [0x42, 0x42])
  set("4 bytes", [0x43, 0x43])
  set("8 bytes", [0x44, 0x44])
  set("other", [0x0e, 0x0e], [0x1c, 0x1c], [0xd0, 0xd0], [0xfc, 0xfd])
  return table
})()

const refusedOpcode = (opcode: number): Refused | undefined => {
  if ((opcode >= 0x06 && opcode <= 0x0a) || opcode === 0x18 || opcode === 0x19 || opcode === 0x1f) {
    return unsupported("exceptions")
  }
  if (opcode === 0x14 || opcode === 0x15 || (opcode >= 0xd4 && opcode <= 0xd6)) {
    return unsupported("typed references")
  }
  if (opcode === 0xd3 || opcode === 0xfb) return unsupported("garbage-collected types")
  if (opcode === 0xfe) return unsupported("atomic instructions")
  return undefined
}

/** Of 0xfc: 0 to 7 truncate, the rest change memories and tables. */
export const bulk = {
  memoryInit: 8,
  dataDrop: 9,
  memoryCopy: 10,
  memoryFill: 11,
  tableInit: 12,
  elemDrop: 13,
  tableCopy: 14,
  tableGrow: 15,
  tableSize: 16,
  tableFill: 17
} as const

/** What changes what no image holds, by the number after 0xfc. */
export const changesMore: Readonly<Record<number, string>> = {
  [bulk.dataDrop]: "data.drop",
  [bulk.tableInit]: "table.init",
  [bulk.elemDrop]: "elem.drop",
  [bulk.tableCopy]: "table.copy",
  [bulk.tableGrow]: "table.grow",
  [bulk.tableFill]: "table.fill"
}

/** Their last operand says how much there is to do. */
export const takesLong: ReadonlySet<number> = new Set([
  bulk.memoryInit,
  bulk.memoryCopy,
  bulk.memoryFill,
  bulk.tableInit,
  bulk.tableCopy,
  bulk.tableGrow,
  bulk.tableFill
])

const memoryArgument = (reader: Reader): void => {
  if ((reader.u32() & 64) !== 0) throw unsupported("several memories")
  reader.u32()
}

/** What stands after the opcode and a number after it. */
const afterBulk = (reader: Reader, sub: number, at: number): void => {
  if (sub < 8) return
  if (sub > bulk.tableFill) {
    if (sub >= 19 && sub <= 22) throw unsupported("wide arithmetic")
    reader.fail(`no instruction 0xfc ${sub}`, at)
  }
  reader.u32()
  if (
    sub === bulk.memoryInit ||
    sub === bulk.memoryCopy ||
    sub === bulk.tableInit ||
    sub === bulk.tableCopy
  ) {
    reader.u32()
  }
}

const afterSimd = (reader: Reader, sub: number, at: number): void => {
  if (sub > 0xff) {
    if (sub <= 0x12f) throw new Refused("relaxed SIMD", "engines may give different results for it.")
    reader.fail(`no instruction 0xfd ${sub}`, at)
  }
  if (sub <= 11 || sub === 92 || sub === 93) memoryArgument(reader)
  else if (sub === 12 || sub === 13) reader.skip(16)
  else if (sub >= 21 && sub <= 34) reader.u8()
  else if (sub >= 84 && sub <= 91) {
    memoryArgument(reader)
    reader.u8()
  }
}

/** Passes over what follows the opcode. Gives the number that follows it first, where one does. */
export const skipImmediates = (reader: Reader, opcode: number, at: number): number => {
  switch (follows[opcode]) {
    case "none":
      return 0
    case "index":
      return reader.u32()
    case "i32":
      reader.skipLeb(32)
      return 0
    case "memory":
      memoryArgument(reader)
      return 0
    case "block": {
      const type = reader.bytes[reader.at]
      if (type === 0x63 || type === 0x64) throw unsupported("typed references")
      reader.skipLeb(33)
      return 0
    }
    case "i64":
      reader.skipLeb(64)
      return 0
    case "4 bytes":
      reader.skip(4)
      return 0
    case "8 bytes":
      reader.skip(8)
      return 0
    case "two": {
      const first = reader.u32()
      reader.u32()
      return first
    }
    case "other":
      break
    case undefined:
      throw refusedOpcode(opcode) ?? reader.fail(`no instruction ${opcode}`, at)
  }
  if (opcode === op.bulk || opcode === op.simd) {
    const sub = reader.u32()
    if (opcode === op.bulk) afterBulk(reader, sub, at)
    else afterSimd(reader, sub, at)
    return sub
  }
  if (opcode === 0x1c) {
    for (let left = reader.count(); left > 0; left--) valueType(reader)
  } else if (opcode === 0xd0) {
    const type = reader.u8()
    if (type !== 0x70 && type !== 0x6f) throw unsupported("typed references")
  }
  return 0
}
