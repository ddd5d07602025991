/** Lua as its tests have it, in Node and in a browser. */
import { load } from "../src/abi/lua.ts"
import type { Call, Grants, LoadOptions, Machine, Program } from "../src/Machine.ts"
import { Fault } from "../src/Machine.ts"
import { sha256 } from "./fixture.ts"

const encoder = new TextEncoder()
const decoder = new TextDecoder()

const bytesOf = async (url: URL): Promise<Uint8Array<ArrayBuffer>> => {
  if (url.protocol === "file:") {
    const { readFile } = await import("node:fs/promises")
    return new Uint8Array(await readFile(url))
  }
  const response = await fetch(url)
  if (!response.ok) throw new Error(`${url.href}: ${response.status}`)
  return new Uint8Array(await response.arrayBuffer())
}

export const wasmUrl = new URL("../node_modules/wasmoon/dist/glue.wasm", import.meta.url)

const wasm = bytesOf(wasmUrl)

export const script = async (name: string): Promise<string> =>
  decoder.decode(await bytesOf(new URL(`./fixtures/lua/${name}`, import.meta.url)))

export const loadLua = async (
  text: string,
  options: Partial<LoadOptions> = {},
  name = "test.lua"
): Promise<Program> =>
  load(
    { abi: "lua", script: text, name, wasm: await wasm },
    {
      handler: "Lua",
      sha256: await sha256(encoder.encode(text)),
      limits: { memoryPages: 256 },
      imports: [],
      memory: "image",
      ...options
    }
  )

export const silent: Grants = { console: () => {} }

export const machineOf = async (
  text: string,
  options: Partial<LoadOptions> = {},
  grants: Grants = silent
): Promise<Machine> => (await loadLua(text, options)).instantiate(grants)

const bytes = (value: unknown): Uint8Array<ArrayBuffer> =>
  encoder.encode(typeof value === "string" ? value : JSON.stringify(value))

/** What came of a call: a string that is given stands for itself, as JSON. */
export interface Came {
  readonly state?: unknown
  readonly response?: unknown
  readonly error?: string
  readonly fault?: string
  readonly message?: string
  readonly line?: number | undefined
}

const parsed = (json: Uint8Array | null): unknown => (json === null ? null : JSON.parse(decoder.decode(json)))

export const ask = (
  machine: Machine,
  tag: string | undefined,
  params: unknown = {},
  state: unknown = null,
  kind: Call["kind"] = "request"
): Came => {
  try {
    const returned = machine.call({
      kind,
      tag,
      state: state === null ? null : bytes(state),
      params: bytes(params)
    })
    return returned._tag === "Err"
      ? { error: returned.error }
      : { state: parsed(returned.state), response: parsed(returned.response) }
  } catch (thrown) {
    if (!(thrown instanceof Fault)) throw thrown
    return { fault: thrown.kind, message: thrown.message, line: thrown.at?.line }
  }
}

/** As JSON text, as it came. */
export const answerText = (machine: Machine, tag: string, params: unknown = {}): string => {
  const returned = machine.call({ kind: "request", tag, state: null, params: bytes(params) })
  return returned._tag === "Ok" ? decoder.decode(returned.response ?? new Uint8Array()) : returned.error
}
