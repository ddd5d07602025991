/** Lua into JSON: bytes are written as the tables are walked, raw, and no object of JavaScript is made of them. */
import { Fault } from "../../Machine.ts"
import { bytesAt, integer, type Lua, pop, registry, Type } from "./Api.ts"
import { Fit, pushItem } from "./Fit.ts"

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** As JSON.stringify escapes them. */
const escapes = Array.from({ length: 32 }, (_, code) =>
  encoder.encode(JSON.stringify(String.fromCharCode(code)).slice(1, -1))
)

interface Member {
  readonly key: string
  readonly from: number
  readonly to: number
}

/** Where no limit is given: tables that share others can be shown as far more than they take. */
const mostBytes = 256 * 1024 * 1024

const before = (a: Member, b: Member): number => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)

export class JsonWriter {
  readonly #lua: Lua
  readonly #fit: Fit
  readonly #limit: number
  #bytes = new Uint8Array(1024)
  #length = 0
  /** Of keys, by the address of the string: nothing is collected while it is written. */
  readonly #keys = new Map<number, string>()

  constructor(lua: Lua, limit: number | undefined) {
    this.#lua = lua
    this.#fit = new Fit(lua)
    this.#limit = limit === undefined || limit === 0 ? mostBytes : limit
  }

  get length(): number {
    return this.#length
  }

  take(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length)
  }

  /** The value on top of the stack, all of it. Throws a Fault that says where it does not fit. */
  value(what: string): void {
    this.#write(what, true)
  }

  /** Those globals that fit and are not Lua's own: what does not fit is left out. */
  globals(isOwn: (name: string) => boolean): void {
    const { L, api } = this.#lua
    api.lua_rawgeti(L, registry, integer(2))
    this.#object("", false, isOwn)
    pop(this.#lua, 1)
  }

  #room(size: number): void {
    if (this.#length + size > this.#limit)
      throw new Fault("result-bytes", `more than ${this.#limit} bytes came of it`)
    if (this.#length + size <= this.#bytes.length) return
    const bytes = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + size))
    bytes.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = bytes
  }

  #ascii(text: string): void {
    this.#room(text.length)
    for (let index = 0; index < text.length; index++) this.#bytes[this.#length++] = text.charCodeAt(index)
  }

  #text(text: Uint8Array): void {
    this.#room(text.length + 2)
    this.#bytes[this.#length++] = 0x22
    for (let index = 0; index < text.length; index++) {
      const byte = text[index] ?? 0
      if (byte >= 0x20 && byte !== 0x22 && byte !== 0x5c) {
        this.#bytes[this.#length++] = byte
        continue
      }
      const escaped = escapes[byte]
      this.#room(text.length - index + 8)
      if (escaped === undefined) {
        this.#bytes[this.#length++] = 0x5c
        this.#bytes[this.#length++] = byte
      } else {
        this.#bytes.set(escaped, this.#length)
        this.#length += escaped.length
      }
    }
    this.#room(1)
    this.#bytes[this.#length++] = 0x22
  }

  /** Gives whether it was written: what does not fit is refused or left out. */
  #write(path: string, strict: boolean): boolean {
    const { L, api } = this.#lua
    const problem = this.#fit.problem(-1)
    if (problem !== undefined) {
      if (strict) throw new Fault("abi", `${path} ${problem}, which JSON cannot hold`)
      return false
    }
    switch (api.lua_type(L, -1)) {
      case Type.boolean:
        this.#ascii(api.lua_toboolean(L, -1) === 1 ? "true" : "false")
        break
      case Type.number:
        this.#ascii(this.#fit.digits(-1))
        break
      case Type.string:
        this.#text(bytesAt(this.#lua, -1))
        break
      case Type.table:
        this.#table(path, strict)
        break
      default:
        this.#ascii("null")
    }
    return true
  }

  #table(path: string, strict: boolean): void {
    const length = this.#fit.arrayLength()
    if (length === undefined || (length === 0 && !this.#fit.isMarked())) {
      this.#object(path, strict)
      return
    }
    this.#fit.enter()
    this.#ascii("[")
    for (let index = 1; index <= length; index++) {
      if (index > 1) this.#ascii(",")
      pushItem(this.#lua, index)
      if (!this.#write(strict ? `${path}[${index}]` : "", strict)) this.#ascii("null")
      pop(this.#lua, 1)
    }
    this.#ascii("]")
    this.#fit.leave()
  }

  /** The table on top of the stack, its members in the order of their names whatever their order in memory. */
  #object(path: string, strict: boolean, isOwn?: (name: string) => boolean): void {
    const { L, api } = this.#lua
    this.#fit.enter()
    this.#ascii("{")
    const start = this.#length
    const members: Array<Member> = []
    let sorted = true
    api.lua_pushnil(L)
    while (api.lua_next(L, -2) !== 0) {
      const from = this.#length
      const key = this.#key(path, strict)
      if (key !== undefined && isOwn?.(key) !== true) {
        this.#text(encoder.encode(key))
        this.#ascii(":")
        if (this.#write(strict ? `${path}.${key}` : "", strict)) {
          this.#ascii(",")
          const last = members.at(-1)
          if (last !== undefined && last.key >= key) sorted = false
          members.push({ key, from, to: this.#length })
        } else {
          this.#length = from
        }
      }
      pop(this.#lua, 1)
    }
    this.#fit.leave()
    if (!sorted) this.#sort(start, members)
    if (members.length > 0) this.#length--
    this.#ascii("}")
  }

  #sort(start: number, members: Array<Member>): void {
    const written = this.#bytes.slice(start, this.#length)
    let at = start
    for (const { from, to } of members.sort(before)) {
      this.#bytes.set(written.subarray(from - start, to - start), at)
      at += to - from
    }
  }

  /** Of the key below the top of the stack. */
  #key(path: string, strict: boolean): string | undefined {
    const { L, api } = this.#lua
    if (!this.#fit.isKey(-2)) {
      if (strict) throw new Fault("abi", `${path} has a key that is neither UTF-8 text nor a whole number`)
      return undefined
    }
    if (api.lua_type(L, -2) === Type.number) return String(api.lua_tointegerx(L, -2, 0))
    const at = api.lua_topointer(L, -2)
    let key = this.#keys.get(at)
    if (key === undefined) {
      key = decoder.decode(bytesAt(this.#lua, -2))
      this.#keys.set(at, key)
    }
    return key
  }
}
