/** Lua itself: the WebAssembly of one release of wasmoon, by its hash, fetched and compiled once for each limit. */
import { rewrite } from "../../binary/rewrite.ts"
import { HashMismatch, LoadFailed } from "../../Errors.ts"
import type { LoadOptions, ProgramSource } from "../../Machine.ts"
import { sha256Of } from "../../memory/Hash.ts"

/** Of `wasmoon/dist/glue.wasm`, release 1.16.0: Lua 5.4. */
export const wasmoonSha256 = "95f3f19ddb740125883bc41d5ec670cd0828e7b58c8bdad385323cbff497b55c"

/** 256 MiB, unless it is limited: what wasmoon allows is 2 GiB. */
const mostPages = 4096

/**
 * Where those bytes say what is said otherwise here, and what. It is built to begin with 256 pages, 16 of them a stack of 1 MiB,
 * and everything that a call did not touch is looked at after it. Lua goes 200 calls deep in C at most, which take 190 KiB
 * of the stack where each is `string.format` or `string.gsub`: it has 512 KiB here, and 11 pages to begin with.
 */
const changes: ReadonlyArray<readonly [offset: number, byte: number]> = [
  // The least size of the memory: 11, in two bytes.
  [1715, 0x80 | 11],
  [1716, 0],
  // The stack's top, 559,424: the stack pointer's first value, and what `emscripten_stack_init` sets.
  [1728, 0xa2],
  [4898, 0xa2],
  [242_296, 0xa2],
  // Where the heap begins: at the stack's top.
  [271580, 0x08]
]

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

const withLessMemory = (bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> => {
  const less = bytes.slice()
  for (const [offset, byte] of changes) less[offset] = byte
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
