import { changesMore, op, skipImmediates, takesLong } from "./instructions.ts"
import { localOf, makesNaN, seesNoBits, writeCanonical, type Float } from "./nan.ts"
import type { WasmModule } from "./read.ts"
import { Reader } from "./Reader.ts"
import { Refused } from "./Refused.ts"
import { valueType } from "./types.ts"
import { Writer } from "./Writer.ts"

/** Globals that the loader adds, by their index. */
export interface Instruments {
  /** i64, mutable: what is left. */
  readonly fuel: number | undefined
  /** i32, mutable: not 0 when a memory.grow has failed. */
  readonly denied: number | undefined
  /** What an image cannot hold is refused. */
  readonly refuseChanges: boolean
}

const scratchTypes = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b } as const
type Scratch = keyof typeof scratchTypes

/** What costs nothing: they only say where something begins and ends. */
const isFree = (opcode: number): boolean =>
  opcode === op.end || opcode === op.else || opcode === op.block || opcode === op.loop || opcode === 0x01

interface Frame {
  readonly opcode: number
  /** Whether something branches to its end. */
  targeted: boolean
}

/** One function's code, with what is put between its instructions. */
class Body {
  private readonly module: WasmModule
  private readonly reader: Reader
  private readonly instruments: Instruments
  private readonly out: Writer
  private readonly frames: Array<Frame> = [{ opcode: op.block, targeted: false }]
  private readonly scratch = new Map<Scratch, number>()
  private readonly locals: number
  private readonly declarations: number
  private readonly declarationsStart: number
  private copied: number
  /** Where the cost of the block that is being read will be written. */
  private hole: number | undefined
  private cost = 0

  constructor(module: WasmModule, reader: Reader, params: number, instruments: Instruments) {
    this.module = module
    this.reader = reader
    this.instruments = instruments
    this.out = new Writer(2 * (reader.end - reader.at) + 64)
    let locals = params
    this.declarations = reader.count()
    this.declarationsStart = reader.at
    for (let left = this.declarations; left > 0; left--) {
      locals += reader.u32()
      if (locals > 50_000) reader.fail("more than 50000 locals")
      valueType(reader)
    }
    this.locals = locals
    this.copied = reader.at
  }

  /** The index of a local that is added. */
  private local(type: Scratch): number {
    const known = this.scratch.get(type)
    if (known !== undefined) return known
    const index = this.locals + this.scratch.size
    this.scratch.set(type, index)
    return index
  }

  private flush(to: number): void {
    this.out.copy(this.reader.bytes, this.copied, to)
    this.copied = to
  }

  private emit(opcode: number, index: number): void {
    this.out.u8(opcode)
    this.out.u32(index)
  }

  /** The next instruction that costs something begins a block that is paid by itself. */
  private leader(): void {
    if (this.hole !== undefined) this.out.fillIn(this.hole, this.cost)
    this.hole = undefined
    this.cost = 0
  }

  /** The stack has what is left, and what it is to be reduced by, as i64. */
  private reduce(fuel: number): void {
    const left = this.local("i64")
    this.out.u8(op.i64Sub)
    this.emit(op.localTee, left)
    this.emit(op.globalSet, fuel)
    this.emit(op.localGet, left)
    this.out.raw([op.i64Const, 0, op.i64LtS, op.if, 0x40, op.unreachable, op.end])
  }

  private pay(fuel: number, at: number): void {
    if (this.hole === undefined) {
      this.flush(at)
      this.emit(op.globalGet, fuel)
      this.out.u8(op.i64Const)
      this.hole = this.out.hole()
      this.reduce(fuel)
    }
    this.cost += 1
  }

  /** Its last operand is how many bytes it works on: a unit for each 64. */
  private payForLength(fuel: number, at: number): void {
    this.flush(at)
    const length = this.local("i32")
    this.emit(op.localTee, length)
    this.emit(op.globalGet, fuel)
    this.emit(op.localGet, length)
    this.out.raw([op.i32Const, 6, op.i32ShrU, op.i64ExtendI32U])
    this.reduce(fuel)
  }

  private canonicalise(float: Float): void {
    this.flush(this.reader.at)
    writeCanonical(this.out, float, this.local(localOf(float)))
  }

  private noteDenied(denied: number): void {
    const local = this.local("i32")
    this.flush(this.reader.at)
    this.emit(op.localTee, local)
    this.emit(op.localGet, local)
    this.out.raw([op.i32Const, 127, op.i32Eq])
    this.emit(op.globalGet, denied)
    this.out.u8(op.i32Or)
    this.emit(op.globalSet, denied)
  }

  private target(depth: number): void {
    const frame = this.frames[this.frames.length - 1 - depth]
    if (frame === undefined) this.reader.fail(`no block ${depth} to branch to`)
    else frame.targeted = true
  }

  private checkIndex(index: number, count: number, what: string): void {
    if (index >= count) this.reader.fail(`there is no ${what} ${index}`)
  }

  /** One that a host has restored holds whatever bits its engine has for a NaN. */
  private global(opcode: number, index: number): void {
    const { globals } = this.module
    this.checkIndex(index, globals.length, "global")
    const global = globals[index]
    if (opcode === op.globalSet || global?.mutable !== true) return
    if (global.type === "f32" || global.type === "f64") this.canonicalise(global.type)
  }

  private branches(): void {
    for (let left = this.reader.count() + 1; left > 0; left--) this.target(this.reader.u32())
  }

  /** After the instruction: what it does to the blocks. */
  private control(opcode: number, first: number): void {
    switch (opcode) {
      case op.block:
      case op.loop:
      case op.if:
        this.frames.push({ opcode, targeted: false })
        if (opcode !== op.block) this.leader()
        return
      case op.end: {
        const frame = this.frames.pop()
        if (frame?.opcode === op.if || (frame?.opcode === op.block && frame.targeted)) this.leader()
        return
      }
      case op.br:
      case op.brIf:
        this.target(first)
        return this.leader()
      case op.brTable:
        this.branches()
        return this.leader()
      case op.else:
      case op.return:
      case op.unreachable:
      case op.returnCall:
      case op.returnCallIndirect:
        return this.leader()
    }
  }

  private refuse(opcode: number, sub: number): void {
    const name = opcode === op.tableSet ? "table.set" : opcode === op.bulk ? changesMore[sub] : undefined
    if (name === undefined) return
    const what = name.startsWith("table") ? "a table" : "a segment"
    throw new Refused(
      name,
      `it changes ${what}, which cannot be kept with a state. Keep what changes in memory.`
    )
  }

  private instruction(): void {
    const { reader } = this
    const { fuel, denied, refuseChanges } = this.instruments
    const at = reader.at
    const opcode = reader.u8()
    if (fuel !== undefined && !isFree(opcode)) this.pay(fuel, at)
    const first = skipImmediates(reader, opcode, at)
    if (opcode >= op.localGet && opcode <= op.localTee) return this.checkIndex(first, this.locals, "local")
    if (opcode === op.globalGet || opcode === op.globalSet) return this.global(opcode, first)
    if (refuseChanges) this.refuse(opcode, first)
    const float = makesNaN(opcode, first)
    if (float !== undefined) {
      const next = reader.done ? undefined : reader.bytes[reader.at]
      const isVector = opcode === op.simd
      if (isVector || next === undefined || !seesNoBits(next)) this.canonicalise(float)
    } else if (opcode === op.memoryGrow) {
      if (denied !== undefined) this.noteDenied(denied)
    } else if (opcode === op.bulk) {
      if (fuel !== undefined && takesLong.has(first)) this.payForLength(fuel, at)
    } else this.control(opcode, first)
  }

  rewritten(): Writer {
    const { reader } = this
    const codeStart = reader.at
    while (this.frames.length > 0) this.instruction()
    if (!reader.done) reader.fail("code after the end of a function")
    this.leader()
    this.flush(reader.end)
    const whole = new Writer(this.out.length + 64)
    whole.u32(this.declarations + this.scratch.size)
    whole.copy(reader.bytes, this.declarationsStart, codeStart)
    for (const type of this.scratch.keys()) whole.raw([1, scratchTypes[type]])
    whole.append(this.out)
    return whole
  }
}

/** The code section's content: checked as far as the loader goes by it, with the instruments in it. */
export const instrument = (module: WasmModule, instruments: Instruments): Writer => {
  const out = new Writer(module.bytes.length)
  out.u32(module.bodies.length)
  module.bodies.forEach(({ start, end }, index) => {
    const type = module.functions[module.imported.function + index]
    const reader = new Reader(module.bytes, start, end)
    out.block(new Body(module, reader, type?.params.length ?? 0, instruments).rewritten())
  })
  return out
}
