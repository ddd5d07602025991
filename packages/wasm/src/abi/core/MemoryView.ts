import { Fault } from "../../Machine.ts"

type Bytes = Uint8Array<ArrayBuffer>

/** A machine's memory, by addresses that its code gave: what lies outside is a Fault. */
export class MemoryView {
  private readonly memory: WebAssembly.Memory
  private bytes: Bytes
  private words: DataView<ArrayBuffer>

  constructor(memory: WebAssembly.Memory) {
    this.memory = memory
    this.bytes = new Uint8Array(memory.buffer)
    this.words = new DataView(memory.buffer)
  }

  /** A memory that grows detaches its buffer, whose length is 0 from then on. */
  private check(at: number, length: number, what: string): void {
    if (this.bytes.length === 0) {
      this.bytes = new Uint8Array(this.memory.buffer)
      this.words = new DataView(this.memory.buffer)
    }
    if (at + length > this.bytes.length) {
      throw new Fault("abi", `${what} lies at ${at} with ${length} bytes, outside the memory`)
    }
  }

  write(at: number, bytes: Bytes, what: string): void {
    this.check(at, bytes.length, what)
    this.bytes.set(bytes, at)
  }

  /** A copy. */
  read(at: number, length: number, what: string): Bytes {
    this.check(at, length, what)
    return this.bytes.slice(at, at + length)
  }

  /** 32-bit words. */
  record(at: number, count: number, what: string): (index: number) => number {
    this.check(at, count * 4, what)
    const { words } = this
    return (index) => words.getUint32(at + index * 4, true)
  }
}
