/** Lua itself: the WebAssembly of one release of wasmoon, by its hash, fetched and compiled once for each limit. */
import { rewrite } from "../../binary/rewrite.ts"
import { HashMismatch, LoadFailed } from "../../Errors.ts"
import type { LoadOptions, ProgramSource } from "../../Machine.ts"
import { sha256Of } from "../../memory/Hash.ts"

/** Of `wasmoon/dist/glue.wasm`, release 1.16.0: Lua 5.4. */
export const wasmoonSha256 = "95f3f19ddb740125883bc41d5ec670cd0828e7b58c8bdad385323cbff497b55c"

/** Where its heap begins is in page 16; Lua has room for a script of some size before the memory grows. */
const firstPages = 19

/** 256 MiB, unless it is limited: what wasmoon allows is 2 GiB. */
const mostPages = 4096

/** Of the two bytes that say with how many pages its memory begins. */
const leastMemoryAt = 1715

export type LuaSource = Extract<ProgramSource, { readonly abi: "lua" }>
export type Compiled = NonNullable<LuaSource["compiled"]>

const pagesOf = ({ limits: { memoryPages = 0 } }: Pick<LoadOptions, "limits">): number =>
  memoryPages === 0 ? mostPages : memoryPages

const made = new Map<string, Promise<Compiled>>()

export const compiled = async (
  wasm: string | Uint8Array<ArrayBuffer>,
  options: LoadOptions
): Promise<Compiled> => {
  const key = JSON.stringify([
    pagesOf(options),
    options.limits.fuel ?? 0,
    typeof wasm === "string" ? wasm : ""
  ])
  const known = made.get(key)
  if (known !== undefined) return known
  const compiling = compile(wasm, options)
  made.set(key, compiling)
  compiling.catch(() => made.delete(key))
  return compiling
}

const compile = async (
  wasm: string | Uint8Array<ArrayBuffer>,
  { handler, limits }: LoadOptions
): Promise<Compiled> => {
  const bytes = typeof wasm === "string" ? await bytesAt(wasm, handler) : wasm
  const actual = await sha256Of(bytes)
  if (actual !== wasmoonSha256)
    throw new HashMismatch({ handler: `Lua for ${handler}`, expected: wasmoonSha256, actual })
  const {
    bytes: rewritten,
    fuel,
    globals
  } = rewrite(withLessMemory(bytes), {
    handler,
    limits: { ...limits, memoryPages: pagesOf({ limits }) },
    memory: "image",
    // The glue gives each of them, and none reaches out.
    imports: undefined
  })
  return { module: await WebAssembly.compile(rewritten), globals, fuel, sha256: actual }
}

/** It is built to begin with 256 pages, most of which nothing is ever written to. Its hash says where that stands. */
const withLessMemory = (bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> => {
  const less = bytes.slice()
  less.set([0x80 | firstPages, 0], leastMemoryAt)
  return less
}

const bytesAt = async (address: string, handler: string): Promise<Uint8Array<ArrayBuffer>> => {
  try {
    const response = await fetch(address)
    if (!response.ok) throw new Error(`${response.status} ${response.statusText}`)
    return new Uint8Array(await response.arrayBuffer())
  } catch (thrown) {
    throw new LoadFailed({
      handler,
      reason: `Lua's WebAssembly could not be had from ${address}: ${String(thrown)}`
    })
  }
}
