/** Brings Lua to where its script can begin: its libraries, but those that reach out, and the prelude. */
import { Fault } from "../../Machine.ts"
import {
  type Api,
  globalsKey,
  integer,
  type Lua,
  memoryFailed,
  pop,
  pushText,
  registry,
  scratchSize,
  textAt
} from "./Api.ts"
import { prelude } from "./prelude.ts"

export interface Script {
  readonly text: string
  /** As in its errors. */
  readonly name: string
}

/** What the boot leaves: the same in every fresh machine of one program. */
export interface Booted extends Lua {
  readonly call: bigint
  readonly guarded: bigint
  /** The address of a byte: whether the script has run. In the memory, so that an image has it. */
  readonly begun: number
  readonly ownNames: ReadonlySet<string>
  /** Of the registry: a table that has each of them. */
  readonly own: bigint
}

const encoder = new TextEncoder()

/** The typed view of the exports. Throws where one is missing. */
export const apiOf = (exports: WebAssembly.Exports): Api => {
  for (const name of ["luaL_newstate", "lua_pcallk", "lua_next", "memory", "__indirect_function_table"]) {
    if (exports[name] === undefined) throw new Fault("abi", `wasmoon's module has no ${name}`)
  }
  // The bytes are those of one release, by their hash: its exports are known.
  return exports as unknown as Api
}

const indexOf = (table: WebAssembly.Table, fn: unknown): number => {
  for (let index = 1; index < table.length; index++) if (table.get(index) === fn) return index
  throw new Fault("abi", "wasmoon's module has none of its libraries in its table")
}

export const lastOf = (name: string): string => (name.length > 50 ? `...${name.slice(-47)}` : name)

/** Compiles without running; leaves the function, or the error, on the stack. Gives whether it is a function. */
export const compile = (lua: Lua, { name, text }: Script): boolean => {
  const { L, api } = lua
  const bytes = encoder.encode(text)
  const chunk = encoder.encode(`=${lastOf(name)}\0`)
  const room = api.malloc(bytes.length + chunk.length + 2)
  if (room === 0) throw new Fault("memory", "there is no room for its script")
  const heap = lua.heap()
  heap.set(bytes, room)
  heap.set(chunk, room + bytes.length)
  // The mode `t`: text, never bytecode.
  heap.set([0x74, 0], room + bytes.length + chunk.length)
  const status = api.luaL_loadbufferx(
    L,
    room,
    bytes.length,
    room + bytes.length,
    room + bytes.length + chunk.length
  )
  api.free(room)
  return status === 0
}

export const boot = (api: Api, { name }: Script, imports: ReadonlyArray<string>): Booted => {
  let bytes = new Uint8Array(api.memory.buffer)
  const heap = () => {
    if (bytes.length === 0) bytes = new Uint8Array(api.memory.buffer)
    return bytes
  }
  api.__wasm_call_ctors()
  const L = api.luaL_newstate()
  if (L === 0) throw new Fault("memory", "there is no room for Lua")
  const scratch = api.malloc(scratchSize + 8)
  const begun = scratch + scratchSize
  heap()[begun] = 0
  const lua = { api, L, heap, scratch }
  const table = api.__indirect_function_table
  const libraries: ReadonlyArray<readonly [string, (L: number) => number]> = [
    ["_G", api.luaopen_base],
    ["coroutine", api.luaopen_coroutine],
    ["math", api.luaopen_math],
    ["string", api.luaopen_string],
    ["table", api.luaopen_table],
    ["utf8", api.luaopen_utf8]
  ]
  for (const [library, open] of libraries) {
    heap().set(encoder.encode(`${library}\0`), scratch)
    api.luaL_requiref(L, scratch, indexOf(table, open), 1)
    api.lua_settop(L, 0)
  }
  api.lua_createtable(L, 0, 0)
  const mark = integer(api.luaL_ref(L, registry))
  const booted = { ...lua, arrayMark: mark }
  api.lua_checkstack(L, 400)
  if (!compile(booted, { name: "sluice", text: prelude })) throw new Fault("abi", textAt(booted, -1))
  api.lua_pushcclosure(L, indexOf(table, api.luaopen_debug), 0)
  run(booted, 0, 1)
  api.lua_pushlightuserdata(L, 0)
  api.lua_rawgeti(L, registry, mark)
  pushText(booted, `=${lastOf(name)}`)
  for (const granted of ["console", "clock", "random"])
    api.lua_pushboolean(L, imports.includes(granted) ? 1 : 0)
  run(booted, 7, 2)
  const guarded = integer(api.luaL_ref(L, registry))
  const call = integer(api.luaL_ref(L, registry))
  const ownNames = namesOf(booted)
  const own = integer(api.luaL_ref(L, registry))
  return { ...booted, begun, call, guarded, own, ownNames }
}

/** Of what the boot made: none of it is the script's. Leaves a table that has each of them. */
const namesOf = (lua: Lua): ReadonlySet<string> => {
  const { L, api } = lua
  const names = new Set<string>()
  api.lua_createtable(L, 0, 0)
  api.lua_rawgeti(L, registry, globalsKey)
  api.lua_pushnil(L)
  while (api.lua_next(L, -2) !== 0) {
    names.add(textAt(lua, -2))
    api.lua_pushvalue(L, -2)
    api.lua_pushboolean(L, 1)
    api.lua_rawset(L, -6)
    pop(lua, 1)
  }
  pop(lua, 1)
  return names
}

export const run = (lua: Lua, args: number, results: number): void => {
  const status = lua.api.lua_pcallk(lua.L, args, results, 0, 0, 0)
  if (status === 0) return
  throw new Fault(status === memoryFailed ? "memory" : "trap", textAt(lua, -1))
}
