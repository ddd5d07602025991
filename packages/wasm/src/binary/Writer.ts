const utf8 = new TextEncoder()

/** Bytes that grow. */
export class Writer {
  length = 0
  private buffer: Uint8Array<ArrayBuffer>

  constructor(capacity = 256) {
    this.buffer = new Uint8Array(capacity)
  }

  private room(more: number): void {
    if (this.length + more <= this.buffer.length) return
    const next = new Uint8Array(Math.max(this.length + more, this.buffer.length * 2))
    next.set(this.buffer.subarray(0, this.length))
    this.buffer = next
  }

  u8(byte: number): void {
    if (this.length === this.buffer.length) this.room(1)
    this.buffer[this.length++] = byte
  }

  u32(value: number): void {
    let rest = value
    while (rest > 127) {
      this.u8((rest % 128) + 128)
      rest = Math.floor(rest / 128)
    }
    this.u8(rest)
  }

  /** Signed LEB128. */
  s64(value: bigint): void {
    let rest = value
    while (rest < -64n || rest > 63n) {
      this.u8(Number(rest & 127n) | 128)
      rest >>= 7n
    }
    this.u8(Number(rest & 127n))
  }

  /** A number of five bytes that `fillIn` will give. Gives its place. */
  hole(): number {
    const place = this.length
    for (let index = 0; index < 5; index++) this.u8(128)
    return place
  }

  /** LEB128 of exactly five bytes, signed or not: at most 2^32 - 1. */
  fillIn(place: number, value: number): void {
    let rest = value
    for (let index = 0; index < 4; index++) {
      this.buffer[place + index] = (rest % 128) + 128
      rest = Math.floor(rest / 128)
    }
    this.buffer[place + 4] = rest
  }

  copy(bytes: Uint8Array<ArrayBuffer>, start: number, end: number): void {
    const size = end - start
    this.room(size)
    if (size < 32) {
      for (let index = 0; index < size; index++) this.buffer[this.length + index] = bytes[start + index] ?? 0
    } else {
      this.buffer.set(bytes.subarray(start, end), this.length)
    }
    this.length += size
  }

  raw(bytes: ReadonlyArray<number>): void {
    for (const byte of bytes) this.u8(byte)
  }

  append(other: Writer): void {
    this.copy(other.buffer, 0, other.length)
  }

  text(value: string): void {
    const bytes = utf8.encode(value)
    this.u32(bytes.length)
    this.copy(bytes, 0, bytes.length)
  }

  /** With its length before it. */
  block(other: Writer): void {
    this.u32(other.length)
    this.append(other)
  }

  bytes(): Uint8Array<ArrayBuffer> {
    return this.buffer.slice(0, this.length)
  }
}
