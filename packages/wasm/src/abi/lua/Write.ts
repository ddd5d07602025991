/** Lua into JSON: bytes are written as the tables are walked, raw, and no object of JavaScript is made of them. */
import { Fault } from "../../Machine.ts"
import { globalsKey, type Lua, pop, registry, textSize, textStart, Type } from "./Api.ts"
import { Fit, pushItem } from "./Fit.ts"

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** As JSON.stringify escapes them. */
const escapes = Array.from({ length: 32 }, (_, code) =>
  encoder.encode(JSON.stringify(String.fromCharCode(code)).slice(1, -1))
)

/** What is written of one, in the bytes: its name as JSON has it, and to where its value and comma go. */
interface Member {
  readonly from: number
  readonly nameTo: number
  readonly to: number
}

/** Where no limit is given: tables that share others can be shown as far more than they take. */
const mostBytes = 256 * 1024 * 1024

export class JsonWriter {
  readonly #lua: Lua
  readonly #fit: Fit
  readonly #limit: number
  #bytes = new Uint8Array(1024)
  #length = 0
  /** Where in the value one is: the number of an item, or where in the bytes a member's name begins. */
  readonly #trail: Array<number> = []
  readonly #what: string

  /** `what` it is, in errors. */
  constructor(lua: Lua, limit: number | undefined, what: string) {
    this.#what = what
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
  value(): void {
    this.#write(true)
  }

  /** Those globals that fit and are not Lua's own: what does not fit is left out. `own` is of the registry. */
  globals(own: bigint): void {
    const { L, api } = this.#lua
    api.lua_rawgeti(L, registry, own)
    const ownAt = api.lua_gettop(L)
    api.lua_rawgeti(L, registry, globalsKey)
    this.#object(false, ownAt)
    pop(this.#lua, 2)
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

  /** The string at the index. */
  #text(index: number): void {
    const from = textStart(this.#lua, index)
    const size = textSize(this.#lua)
    const heap = this.#lua.heap()
    this.#room(size + 2)
    this.#bytes[this.#length++] = 0x22
    for (let at = from; at < from + size; at++) {
      const byte = heap[at] ?? 0
      if (byte >= 0x20 && byte !== 0x22 && byte !== 0x5c) {
        this.#bytes[this.#length++] = byte
        continue
      }
      const escaped = escapes[byte]
      this.#room(from + size - at + 8)
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

  #refuse(problem: string): never {
    const path = this.#trail.map((step) => {
      if (step < 0) return `[${-step}]`
      const end = this.#bytes.indexOf(0x22, step + 1)
      return `.${decoder.decode(this.#bytes.subarray(step + 1, end))}`
    })
    throw new Fault("abi", `${this.#what}${path.join("")} ${problem}`)
  }

  /** Gives whether it was written: what does not fit is refused or left out. */
  #write(strict: boolean): boolean {
    const { L, api } = this.#lua
    const problem = this.#fit.problem(-1)
    if (problem !== undefined) {
      if (strict) this.#refuse(`${problem}, which JSON cannot hold`)
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
        this.#text(-1)
        break
      case Type.table:
        this.#table(strict)
        break
      default:
        this.#ascii("null")
    }
    return true
  }

  #table(strict: boolean): void {
    const length = this.#fit.arrayLength()
    if (length === undefined || (length === 0 && !this.#fit.isMarked())) {
      this.#object(strict)
      return
    }
    this.#fit.enter()
    this.#ascii("[")
    for (let index = 1; index <= length; index++) {
      if (index > 1) this.#ascii(",")
      this.#trail.push(-index)
      pushItem(this.#lua, index)
      if (!this.#write(strict)) this.#ascii("null")
      pop(this.#lua, 1)
      this.#trail.pop()
    }
    this.#ascii("]")
    this.#fit.leave()
  }

  /** The table on top of the stack, its members in the order of their names whatever their order in memory. */
  #object(strict: boolean, ownAt?: number): void {
    const { L, api } = this.#lua
    this.#fit.enter()
    this.#ascii("{")
    const start = this.#length
    const members: Array<Member> = []
    let sorted = true
    api.lua_pushnil(L)
    while (api.lua_next(L, -2) !== 0) {
      const from = this.#length
      this.#trail.push(from)
      if (this.#name(strict, ownAt)) {
        const nameTo = this.#length
        this.#ascii(":")
        if (this.#write(strict)) {
          this.#ascii(",")
          const member = { from, nameTo, to: this.#length }
          const last = members.at(-1)
          if (last !== undefined && this.#compare(last, member) > 0) sorted = false
          members.push(member)
        } else {
          this.#length = from
        }
      }
      this.#trail.pop()
      pop(this.#lua, 1)
    }
    this.#fit.leave()
    if (!sorted) this.#sort(start, members)
    if (members.length > 0) this.#length--
    this.#ascii("}")
  }

  /** By the bytes of their names. */
  #compare(a: Member, b: Member): number {
    const bytes = this.#bytes
    const size = Math.min(a.nameTo - a.from, b.nameTo - b.from)
    for (let at = 0; at < size; at++) {
      const difference = (bytes[a.from + at] ?? 0) - (bytes[b.from + at] ?? 0)
      if (difference !== 0) return difference
    }
    return a.nameTo - a.from - (b.nameTo - b.from)
  }

  #sort(start: number, members: Array<Member>): void {
    const sorted = members.toSorted((a, b) => this.#compare(a, b))
    const written = this.#bytes.slice(start, this.#length)
    let at = start
    for (const { from, to } of sorted) {
      this.#bytes.set(written.subarray(from - start, to - start), at)
      at += to - from
    }
  }

  /** Writes the key below the top of the stack, and gives whether it can be written and is not Lua's own. */
  #name(strict: boolean, ownAt: number | undefined): boolean {
    const { L, api } = this.#lua
    if (!this.#fit.isKey(-2)) {
      if (!strict) return false
      this.#trail.pop()
      this.#refuse("has a key that is neither UTF-8 text nor a whole number")
    }
    if (ownAt !== undefined) {
      api.lua_pushvalue(L, -2)
      const isOwn = api.lua_rawget(L, ownAt) !== Type.nil
      pop(this.#lua, 1)
      if (isOwn) return false
    }
    if (api.lua_type(L, -2) === Type.number) this.#ascii(`"${api.lua_tointegerx(L, -2, 0)}"`)
    else this.#text(-2)
    return true
  }
}
