// JSON as values: read, changed, written. Objects keep the order of their fields.

import { decimal } from "./decimal"

export enum Kind {
  Null,
  Boolean,
  Number,
  Text,
  Array,
  Object
}

export class Value {
  private amount: f64 = 0
  private words: string = ""
  private items: Array<Value> = []
  private names: Array<string> = []

  constructor(readonly kind: Kind) {}

  static ofNumber(value: f64): Value {
    const made = new Value(Kind.Number)
    made.amount = value
    return made
  }

  static ofText(value: string): Value {
    const made = new Value(Kind.Text)
    made.words = value
    return made
  }

  static ofBoolean(value: bool): Value {
    const made = new Value(Kind.Boolean)
    made.amount = value ? 1 : 0
    return made
  }

  get isNull(): bool {
    return this.kind == Kind.Null
  }

  /** 0 if it is no number. */
  get number(): f64 {
    return this.kind == Kind.Number ? this.amount : 0
  }

  /** Empty if it is no text. */
  get text(): string {
    return this.words
  }

  get boolean(): bool {
    return this.kind == Kind.Boolean && this.amount != 0
  }

  /** Of an array or an object. */
  get length(): i32 {
    return this.items.length
  }

  /** Of an array or an object: null if it has no such item. */
  at(index: i32): Value {
    return index >= 0 && index < this.items.length ? this.items[index] : new Value(Kind.Null)
  }

  /** Of an object. */
  nameAt(index: i32): string {
    return this.names[index]
  }

  has(name: string): bool {
    return this.names.indexOf(name) >= 0
  }

  /** Of an object: null if it has no such field. */
  get(name: string): Value {
    return this.at(this.names.indexOf(name))
  }

  /** Of an object. Gives it back. */
  set(name: string, value: Value): Value {
    assert(this.kind == Kind.Object, "only an object has fields")
    const index = this.names.indexOf(name)
    if (index >= 0) this.items[index] = value
    else {
      this.names.push(name)
      this.items.push(value)
    }
    return this
  }

  /** Of an object. Gives it back. */
  remove(name: string): Value {
    const index = this.names.indexOf(name)
    if (index >= 0) {
      this.names.splice(index, 1)
      this.items.splice(index, 1)
    }
    return this
  }

  /** Of an array. Gives it back. */
  push(value: Value): Value {
    assert(this.kind == Kind.Array, "only an array has items")
    this.items.push(value)
    return this
  }

  toString(): string {
    const out = new Array<string>()
    this.write(out)
    return out.join("")
  }

  private write(out: Array<string>): void {
    if (this.kind == Kind.Null) out.push("null")
    else if (this.kind == Kind.Boolean) out.push(this.amount != 0 ? "true" : "false")
    else if (this.kind == Kind.Number) out.push(writeNumber(this.amount))
    else if (this.kind == Kind.Text) out.push(quote(this.words))
    else {
      const isObject = this.kind == Kind.Object
      out.push(isObject ? "{" : "[")
      for (let index = 0; index < this.items.length; index++) {
        if (index > 0) out.push(",")
        if (isObject) {
          out.push(quote(this.names[index]))
          out.push(":")
        }
        this.items[index].write(out)
      }
      out.push(isObject ? "}" : "]")
    }
  }
}

export function nothing(): Value {
  return new Value(Kind.Null)
}

export function number(value: f64): Value {
  return Value.ofNumber(value)
}

export function text(value: string): Value {
  return Value.ofText(value)
}

export function boolean(value: bool): Value {
  return Value.ofBoolean(value)
}

export function array(): Value {
  return new Value(Kind.Array)
}

export function object(): Value {
  return new Value(Kind.Object)
}

/** As JavaScript's JSON does: what is no finite number is null. */
function writeNumber(value: f64): string {
  if (!isFinite(value)) return "null"
  if (value == Math.trunc(value) && Math.abs(value) < 9007199254740992) return (<i64>value).toString()
  return value.toString()
}

const hex = "0123456789abcdef"

function quote(value: string): string {
  const out = new Array<string>()
  out.push('"')
  let from = 0
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index)
    if (code >= 32 && code != 34 && code != 92) continue
    if (index > from) out.push(value.substring(from, index))
    from = index + 1
    if (code == 34) out.push('\\"')
    else if (code == 92) out.push("\\\\")
    else if (code == 10) out.push("\\n")
    else out.push("\\u00" + hex.charAt(code >> 4) + hex.charAt(code & 15))
  }
  if (from < value.length) out.push(value.substring(from))
  out.push('"')
  return out.join("")
}

/** Traps where it is no JSON, or deeper than 200. */
export function parse(source: string): Value {
  const parser = new Parser(source)
  const value = parser.value(0)
  parser.space()
  assert(parser.at == source.length, "more than one value")
  return value
}

class Parser {
  at: i32 = 0

  constructor(private source: string) {}

  private peek(): i32 {
    return this.at < this.source.length ? this.source.charCodeAt(this.at) : -1
  }

  space(): void {
    for (;;) {
      const code = this.peek()
      if (code != 32 && code != 10 && code != 13 && code != 9) return
      this.at++
    }
  }

  private expect(code: i32): void {
    this.space()
    assert(this.peek() == code, "not the sign that was expected")
    this.at++
  }

  private word(word: string): void {
    assert(this.source.substr(this.at, word.length) == word, "no value")
    this.at += word.length
  }

  value(depth: i32): Value {
    assert(depth < 200, "too deep")
    this.space()
    const code = this.peek()
    if (code == 123) return this.fields(depth)
    if (code == 91) return this.items(depth)
    if (code == 34) return text(this.text())
    if (code == 116) {
      this.word("true")
      return boolean(true)
    }
    if (code == 102) {
      this.word("false")
      return boolean(false)
    }
    if (code == 110) {
      this.word("null")
      return nothing()
    }
    return this.number()
  }

  /** The first 19 digits count. */
  private number(): Value {
    const isNegative = this.peek() == 45
    if (isNegative) this.at++
    const from = this.at
    let digits: u64 = 0
    let power = 0
    let isFraction = false
    for (;;) {
      const code = this.peek()
      if (code == 46 && !isFraction) isFraction = true
      else if (code >= 48 && code <= 57) {
        const fits = digits < 1000000000000000000
        if (fits) digits = digits * 10 + <u64>(code - 48)
        if (fits == isFraction) power += fits ? -1 : 1
      } else break
      this.at++
    }
    assert(this.at > from, "no number")
    if ((this.peek() | 32) == 101) power += this.exponent()
    const value = decimal(digits, power)
    assert(isFinite(value), "a number that is too large")
    return number(isNegative ? -value : value)
  }

  private exponent(): i32 {
    this.at++
    const isNegative = this.peek() == 45
    if (isNegative || this.peek() == 43) this.at++
    const from = this.at
    let value = 0
    for (;;) {
      const code = this.peek()
      if (code < 48 || code > 57) break
      value = min(value * 10 + code - 48, 100000)
      this.at++
    }
    assert(this.at > from, "no exponent")
    return isNegative ? -value : value
  }

  private fields(depth: i32): Value {
    const made = object()
    this.at++
    this.space()
    if (this.peek() == 125) {
      this.at++
      return made
    }
    for (;;) {
      this.space()
      const name = this.text()
      this.expect(58)
      made.set(name, this.value(depth + 1))
      this.space()
      if (this.peek() != 44) break
      this.at++
    }
    this.expect(125)
    return made
  }

  private items(depth: i32): Value {
    const made = array()
    this.at++
    this.space()
    if (this.peek() == 93) {
      this.at++
      return made
    }
    for (;;) {
      made.push(this.value(depth + 1))
      this.space()
      if (this.peek() != 44) break
      this.at++
    }
    this.expect(93)
    return made
  }

  private text(): string {
    this.expect(34)
    let from = this.at
    let out = ""
    for (;;) {
      const code = this.peek()
      assert(code >= 32, "a text without an end")
      if (code == 34) break
      this.at++
      if (code != 92) continue
      out += this.source.substring(from, this.at - 1) + this.escaped()
      from = this.at
    }
    out += this.source.substring(from, this.at)
    this.at++
    return out
  }

  private escaped(): string {
    const code = this.peek()
    this.at++
    if (code == 110) return "\n"
    if (code == 116) return "\t"
    if (code == 114) return "\r"
    if (code == 98) return "\b"
    if (code == 102) return "\f"
    if (code != 117) return String.fromCharCode(code)
    const unit = <i32>parseInt(this.source.substr(this.at, 4), 16)
    this.at += 4
    return String.fromCharCode(unit)
  }
}
