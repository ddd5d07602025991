/** What makes bytes no WebAssembly. `rewrite` tells it as LoadFailed. */
export class Malformed extends Error {
  override readonly name = "Malformed"
  constructor(reason: string, offset: number) {
    super(`${reason} at byte ${offset}`)
  }
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

/** Reads on from `at` and never past `end`: each read advances or throws Malformed, so that reading ends. */
export class Reader {
  readonly bytes: Uint8Array<ArrayBuffer>
  at: number
  readonly end: number

  constructor(bytes: Uint8Array<ArrayBuffer>, at = 0, end = bytes.length) {
    this.bytes = bytes
    this.at = at
    this.end = end
  }

  get done(): boolean {
    return this.at >= this.end
  }

  fail(reason: string, at = this.at): never {
    throw new Malformed(reason, at)
  }

  u8(): number {
    if (this.at >= this.end) this.fail("an unexpected end")
    return this.bytes[this.at++] ?? 0
  }

  /** LEB128 of at most 32 bits. */
  u32(): number {
    let result = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.u8()
      if (shift === 28 && byte > 15) this.fail("a number of more than 32 bits", this.at - 1)
      result += (byte & 127) * 2 ** shift
      if (byte < 128) return result
    }
    return this.fail("a number of more than 32 bits")
  }

  /** Passes over a signed LEB128 of at most `bits` bits. */
  skipLeb(bits: 32 | 33 | 64): void {
    const most = Math.ceil(bits / 7)
    for (let index = 0; index < most; index++) {
      if (this.u8() < 128) return
    }
    this.fail(`a number of more than ${bits} bits`)
  }

  skip(length: number): void {
    if (length > this.end - this.at) this.fail("an unexpected end", this.end)
    this.at += length
  }

  /** How many of something that takes at least a byte each. */
  count(): number {
    const count = this.u32()
    if (count > this.end - this.at) this.fail("more announced than there is")
    return count
  }

  text(): string {
    const from = this.at
    const length = this.u32()
    const start = this.at
    this.skip(length)
    try {
      return utf8.decode(this.bytes.subarray(start, this.at))
    } catch {
      return this.fail("a name that is no UTF-8", from)
    }
  }

  /** Of the next `length` bytes, which this one passes over. */
  within(length: number): Reader {
    const start = this.at
    this.skip(length)
    return new Reader(this.bytes, start, this.at)
  }
}
