/** What Lua's C interface has that is used here. Only numbers pass: addresses within its memory, and indices. */
export interface Api {
  readonly memory: WebAssembly.Memory
  readonly __indirect_function_table: WebAssembly.Table
  readonly __wasm_call_ctors: () => void
  readonly setThrew: (threw: number, value: number) => void
  readonly stackSave: () => number
  readonly stackRestore: (pointer: number) => void
  readonly malloc: (size: number) => number
  readonly free: (pointer: number) => void
  readonly fflush: (file: number) => number
  readonly luaL_newstate: () => number
  readonly luaL_requiref: (L: number, name: number, open: number, global: number) => void
  readonly luaL_loadbufferx: (L: number, text: number, size: number, name: number, mode: number) => number
  readonly luaL_ref: (L: number, table: number) => number
  readonly luaopen_base: (L: number) => number
  readonly luaopen_coroutine: (L: number) => number
  readonly luaopen_debug: (L: number) => number
  readonly luaopen_math: (L: number) => number
  readonly luaopen_string: (L: number) => number
  readonly luaopen_table: (L: number) => number
  readonly luaopen_utf8: (L: number) => number
  readonly lua_checkstack: (L: number, slots: number) => number
  readonly lua_createtable: (L: number, items: number, fields: number) => void
  readonly lua_gettop: (L: number) => number
  readonly lua_isinteger: (L: number, index: number) => number
  readonly lua_next: (L: number, index: number) => number
  readonly lua_pcallk: (L: number, args: number, results: number, on: number, c: number, k: number) => number
  readonly lua_pushboolean: (L: number, value: number) => void
  readonly lua_pushcclosure: (L: number, fn: number, upvalues: number) => void
  readonly lua_pushinteger: (L: number, value: bigint) => void
  readonly lua_pushlightuserdata: (L: number, pointer: number) => void
  readonly lua_pushlstring: (L: number, text: number, size: number) => number
  readonly lua_pushnil: (L: number) => void
  readonly lua_pushnumber: (L: number, value: number) => void
  readonly lua_pushvalue: (L: number, index: number) => void
  readonly lua_rawequal: (L: number, a: number, b: number) => number
  readonly lua_getmetatable: (L: number, index: number) => number
  readonly lua_rawget: (L: number, index: number) => number
  readonly lua_rawgeti: (L: number, index: number, key: bigint) => number
  readonly lua_rawset: (L: number, index: number) => void
  readonly lua_rawseti: (L: number, index: number, key: bigint) => void
  readonly lua_setmetatable: (L: number, index: number) => number
  readonly lua_settop: (L: number, index: number) => void
  readonly lua_toboolean: (L: number, index: number) => number
  readonly lua_tointegerx: (L: number, index: number, isInteger: number) => bigint
  readonly lua_tolstring: (L: number, index: number, size: number) => number
  readonly lua_tonumberx: (L: number, index: number, isNumber: number) => number
  readonly lua_topointer: (L: number, index: number) => number
  readonly lua_touserdata: (L: number, index: number) => number
  readonly lua_type: (L: number, index: number) => number
}

/** Of `lua.h`. */
export const Type = {
  none: -1,
  nil: 0,
  boolean: 1,
  lightuserdata: 2,
  number: 3,
  string: 4,
  table: 5
} as const

export const registry = -1_001_000
/** Where the registry has the table of globals. */
export const globalsKey = 2n
export const memoryFailed = 4

const small = Array.from({ length: 1024 }, (_, index) => BigInt(index))

/** As the interface takes an integer; the small ones are made once. */
export const integer = (value: number): bigint => small[value] ?? BigInt(value)

/** One state of Lua, with what every part of the glue needs of it. */
export interface Lua {
  readonly api: Api
  /** The `lua_State`. At the same address in every fresh instance, as everything is that the boot makes. */
  readonly L: number
  /** Room for `scratchSize` bytes that are on their way in, and for the length of a text on its way out. */
  readonly scratch: number
  /** Of the registry: what marks an array. */
  readonly arrayMark: bigint
  /** The memory's bytes: not to be kept across a call that may let it grow. */
  readonly heap: () => Uint8Array<ArrayBuffer>
}

export const scratchSize = 4096

export const pop = ({ L, api }: Lua, count: number): void => api.lua_settop(L, -count - 1)

/** Pushes bytes as a string of Lua. */
export const pushBytes = (lua: Lua, bytes: Uint8Array, from = 0, to = bytes.length): void => {
  const { L, api, scratch } = lua
  const size = to - from
  const room = size <= scratchSize ? scratch : api.malloc(size)
  if (room === 0) throw new RangeError("not enough memory")
  const heap = lua.heap()
  if (size < 32) for (let index = 0; index < size; index++) heap[room + index] = bytes[from + index] ?? 0
  else heap.set(bytes.subarray(from, to), room)
  api.lua_pushlstring(L, room, size)
  if (room !== scratch) api.free(room)
}

const encoder = new TextEncoder()

export const pushText = (lua: Lua, text: string): void => pushBytes(lua, encoder.encode(text))

/** Where the string at an index is in the memory; `textSize` then says of how many bytes. */
export const textStart = ({ L, api, scratch }: Lua, index: number): number =>
  api.lua_tolstring(L, index, scratch)

export const textSize = (lua: Lua): number => {
  const heap = lua.heap()
  const at = lua.scratch
  return (
    (heap[at] ?? 0) +
    (heap[at + 1] ?? 0) * 0x100 +
    (heap[at + 2] ?? 0) * 0x1_0000 +
    (heap[at + 3] ?? 0) * 0x100_0000
  )
}

const decoder = new TextDecoder()

/** Of the string at an index. What is no UTF-8 in it is replaced. */
export const textAt = (lua: Lua, index: number): string => {
  const at = textStart(lua, index)
  return decoder.decode(lua.heap().subarray(at, at + textSize(lua)))
}
