/** What of Lua's values JSON can hold, decided alike for what is written and for what is compared with it. */
import { integer, type Lua, pop, registry, textSize, textStart, Type } from "./Api.ts"

/** Levels of tables within each other. */
export const mostDepth = 100

const utf8 = new TextDecoder("utf-8", { fatal: true })

/** Whether the string at the index is UTF-8. */
const isText = (lua: Lua, index: number): boolean => {
  const from = textStart(lua, index)
  const to = from + textSize(lua)
  const heap = lua.heap()
  for (let at = from; at < to; at++) {
    if ((heap[at] ?? 0) < 0x80) continue
    try {
      utf8.decode(heap.subarray(at, to))
      return true
    } catch {
      return false
    }
  }
  return true
}

/** Where in the tables one is: a table that is within itself does not fit. */
export class Fit {
  readonly #lua: Lua
  readonly #path: Array<number> = []

  constructor(lua: Lua) {
    this.#lua = lua
  }

  get depth(): number {
    return this.#path.length
  }

  /** Goes into the table on top of the stack, which fits. */
  enter(): void {
    this.#path.push(this.#lua.api.lua_topointer(this.#lua.L, -1))
  }

  leave(): void {
    this.#path.pop()
  }

  reset(): void {
    this.#path.length = 0
  }

  /** Why the value at the index does not fit; undefined where it does. */
  problem(index: number): string | undefined {
    const { L, api } = this.#lua
    switch (api.lua_type(L, index)) {
      case Type.boolean:
        return undefined
      case Type.lightuserdata:
        return api.lua_touserdata(L, index) === 0 ? undefined : "is a pointer"
      case Type.number: {
        const value = api.lua_tonumberx(L, index, 0)
        return Number.isFinite(value) ? undefined : `is ${value}`
      }
      case Type.string:
        return isText(this.#lua, index) ? undefined : "is a string that is no UTF-8"
      case Type.table:
        if (this.#path.includes(api.lua_topointer(L, index))) return "is within itself"
        return this.#path.length < mostDepth ? undefined : `is more than ${mostDepth} levels deep`
      case Type.nil:
        return "is nil"
      default:
        return "is a function, a coroutine or userdata"
    }
  }

  /** As JSON has the number at the index; whole ones that a double cannot tell apart are a text of their digits. */
  digits(index: number): string {
    const { L, api } = this.#lua
    const value = api.lua_tonumberx(L, index, 0)
    if (Number.isSafeInteger(value) || api.lua_isinteger(L, index) === 0) return String(value)
    return `"${api.lua_tointegerx(L, index, 0)}"`
  }

  /** Of the key at the index. */
  isKey(index: number): boolean {
    const { L, api } = this.#lua
    const type = api.lua_type(L, index)
    return type === Type.string
      ? isText(this.#lua, index)
      : type === Type.number && api.lua_isinteger(L, index) === 1
  }

  /** How many members the table on top of the stack shows. It was entered. */
  members(): number {
    const { L, api } = this.#lua
    let count = 0
    api.lua_pushnil(L)
    while (api.lua_next(L, -2) !== 0) {
      if (this.isKey(-2) && this.problem(-1) === undefined) count++
      pop(this.#lua, 1)
    }
    return count
  }

  /** Of the table on top of the stack: how long it is, where its keys are 1, 2, 3 and so on. Undefined where it has others. */
  arrayLength(): number | undefined {
    const { L, api } = this.#lua
    let count = 0
    let most = 0
    api.lua_pushnil(L)
    while (api.lua_next(L, -2) !== 0) {
      const key = api.lua_isinteger(L, -2) === 1 ? api.lua_tonumberx(L, -2, 0) : 0
      if (key < 1) {
        pop(this.#lua, 2)
        return undefined
      }
      count++
      most = Math.max(most, key)
      pop(this.#lua, 1)
    }
    return most === count ? count : undefined
  }

  /** Of the table on top of the stack: it came from an array, or `array` made it. */
  isMarked(): boolean {
    const { L, api, arrayMark } = this.#lua
    if (api.lua_getmetatable(L, -1) === 0) return false
    api.lua_rawgeti(L, registry, arrayMark)
    const marked = api.lua_rawequal(L, -1, -2) === 1
    pop(this.#lua, 2)
    return marked
  }
}

/** Pushes the item of the table on top of the stack. */
export const pushItem = ({ L, api }: Lua, index: number): void => void api.lua_rawgeti(L, -1, integer(index))
