/** JSON into Lua: bytes are read and pushed as they come, and no object of JavaScript is made of them. */
import { type Api, integer, type Lua, registry } from "./Api.ts"
import { type Fit, mostDepth } from "./Fit.ts"
import { isShown, pushSpan } from "./Same.ts"
import { quote, Tokens } from "./Tokens.ts"

const maxSafe = Number.MAX_SAFE_INTEGER

export class JsonReader {
  readonly #lua: Lua
  readonly #api: Api
  readonly #L: number
  readonly #tokens: Tokens

  /** `what` the bytes are, in errors. */
  constructor(lua: Lua, bytes: Uint8Array, what: string) {
    this.#lua = lua
    this.#api = lua.api
    this.#L = lua.L
    this.#tokens = new Tokens(bytes, what)
  }

  /** Pushes the one value that the bytes are. */
  push(): void {
    this.#value(0)
    this.#end()
  }

  /**
   * Each member of the object that the bytes are, by name. Its value is read by `push`, onto the stack, or by `is`, which
   * asks whether the value on top of the stack is shown as it: `push` must follow where it is not.
   */
  members(each: (name: string, value: { push: () => void; is: (fit: Fit) => boolean }) => void): void {
    const tokens = this.#tokens
    tokens.space()
    if (tokens.byte() !== 0x7b) tokens.refuse("is no object")
    tokens.object((span) => {
      const from = tokens.at
      each(tokens.text(span), {
        push: () => {
          tokens.at = from
          this.#value(1)
        },
        is: (fit) => isShown(this.#lua, tokens, fit)
      })
    })
    this.#end()
  }

  #end(): void {
    this.#tokens.space()
    if (this.#tokens.at < this.#tokens.bytes.length) this.#tokens.refuse("goes on after its end")
  }

  #value(depth: number): void {
    if (depth > mostDepth) this.#tokens.refuse(`has more than ${mostDepth} levels`)
    this.#tokens.space()
    const api = this.#api
    const L = this.#L
    switch (this.#tokens.byte()) {
      case quote:
        return pushSpan(this.#lua, this.#tokens, this.#tokens.span())
      case 0x7b:
        api.lua_createtable(L, 0, 0)
        return this.#tokens.object((name) => {
          pushSpan(this.#lua, this.#tokens, name)
          this.#value(depth + 1)
          api.lua_rawset(L, -3)
        })
      case 0x5b:
        api.lua_createtable(L, 0, 0)
        this.#tokens.array((index) => {
          this.#value(depth + 1)
          api.lua_rawseti(L, -2, integer(index))
        })
        api.lua_rawgeti(L, registry, this.#lua.arrayMark)
        api.lua_setmetatable(L, -2)
        return
      case 0x74:
        this.#tokens.expect("true")
        return api.lua_pushboolean(L, 1)
      case 0x66:
        this.#tokens.expect("false")
        return api.lua_pushboolean(L, 0)
      case 0x6e:
        this.#tokens.expect("null")
        return api.lua_pushlightuserdata(L, 0)
      default: {
        const text = this.#tokens.number()
        const value = Number(text)
        if (!/^-?\d+$/.test(text)) return api.lua_pushnumber(L, value)
        if (Math.abs(value) <= maxSafe) return api.lua_pushinteger(L, integer(value))
        const whole = BigInt(text)
        if (BigInt.asIntN(64, whole) === whole) api.lua_pushinteger(L, whole)
        else api.lua_pushnumber(L, value)
      }
    }
  }
}
