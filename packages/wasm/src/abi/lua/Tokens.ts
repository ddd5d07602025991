/** JSON as it stands in bytes, token by token. */
import { Fault } from "../../Machine.ts"

const decoder = new TextDecoder()

export const quote = 0x22
const backslash = 0x5c

/** Where a text is, without its quotes, and whether it has escapes. */
export interface Span {
  readonly from: number
  readonly to: number
  readonly escaped: boolean
}

export class Tokens {
  readonly bytes: Uint8Array
  /** Where it reads next. */
  at = 0
  readonly #what: string

  constructor(bytes: Uint8Array, what: string) {
    this.bytes = bytes
    this.#what = what
  }

  refuse(how: string): never {
    throw new Fault("abi", `its ${this.#what} ${how}, at byte ${this.at}`)
  }

  byte(): number {
    return this.bytes[this.at] ?? 0
  }

  space(): void {
    for (;;) {
      const byte = this.bytes[this.at]
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return
      this.at++
    }
  }

  expect(word: string): void {
    for (let index = 0; index < word.length; index++, this.at++) {
      if (this.byte() !== word.charCodeAt(index)) this.refuse("is no JSON")
    }
  }

  /** From the opening brace to after the closing one; `each` reads the value. */
  object(each: (name: Span) => void): void {
    this.at++
    this.space()
    if (this.byte() === 0x7d) {
      this.at++
      return
    }
    for (;;) {
      this.space()
      const name = this.span()
      this.space()
      this.expect(":")
      this.space()
      each(name)
      this.space()
      const byte = this.byte()
      this.at++
      if (byte === 0x7d) return
      if (byte !== 0x2c) this.refuse("is no JSON")
    }
  }

  array(each: (index: number) => void): number {
    this.at++
    this.space()
    if (this.byte() === 0x5d) {
      this.at++
      return 0
    }
    for (let index = 1; ; index++) {
      this.space()
      each(index)
      this.space()
      const byte = this.byte()
      this.at++
      if (byte === 0x5d) return index
      if (byte !== 0x2c) this.refuse("is no JSON")
    }
  }

  span(): Span {
    this.expect('"')
    const from = this.at
    let escaped = false
    for (;;) {
      const byte = this.bytes[this.at]
      if (byte === undefined || byte < 0x20) this.refuse("has a text that does not end")
      if (byte === quote) break
      if (byte === backslash) {
        escaped = true
        this.at++
      }
      this.at++
    }
    return { from, to: this.at++, escaped }
  }

  text({ escaped, from, to }: Span): string {
    const raw = decoder.decode(this.bytes.subarray(from, to))
    if (!escaped) return raw
    try {
      return String(JSON.parse(`"${raw}"`))
    } catch {
      return this.refuse("is no JSON")
    }
  }

  number(): string {
    const from = this.at
    for (;;) {
      const byte = this.byte()
      const part =
        (byte >= 0x30 && byte <= 0x39) ||
        byte === 0x2d ||
        byte === 0x2b ||
        byte === 0x2e ||
        (byte | 32) === 0x65
      if (!part) break
      this.at++
    }
    let text = ""
    for (let index = from; index < this.at; index++) text += String.fromCharCode(this.bytes[index] ?? 0)
    if (!/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/.test(text)) this.refuse("is no JSON")
    return text
  }
}
