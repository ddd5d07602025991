/** From what a handler is declared with to what a thread loads. */
import { resolve } from "../component/Manifest.ts"
import { LoadFailed } from "../Errors.ts"
import { builtin, own } from "../host/node.ts"
import { type Spawn, spawnComponent, spawnCore, spawnLua } from "../host/Thread.ts"
import type { Load, ProgramSource } from "../Machine.ts"
import type { AnyOptions } from "./Options.ts"

interface Abi {
  readonly spawn: Spawn
  /** Undefined: it always runs in a worker. */
  readonly inline: (() => Promise<Load>) | undefined
}

/** Of code that runs here. */
type LocalOptions = Exclude<AnyOptions, { readonly abi: "remote" }>

const abis: Readonly<Record<LocalOptions["abi"], Abi>> = {
  core: {
    spawn: spawnCore,
    // It is given sources of its own kind: `sourceOf`.
    inline: async () => (await import("../abi/core.ts")).load as Load
  },
  component: {
    spawn: spawnComponent,
    inline: async () => (await import("../abi/component.ts")).load as Load
  },
  // It always runs in a worker: nothing in its own thread ends a loop of `pcall`.
  lua: { spawn: spawnLua, inline: undefined }
}

export const abiOf = ({ abi }: LocalOptions): Abi => abis[abi]

/** Rejects with LoadFailed. */
export const sourceOf = async (options: LocalOptions): Promise<ProgramSource> => {
  const { name } = options
  switch (options.abi) {
    case "core":
      return { abi: "core", bytes: await bytesOf(name, options.source) }
    case "component": {
      const { sha256, source } = options
      if (typeof source === "object" && "abi" in source) return source
      if (isBytes(source)) {
        throw new LoadFailed({
          handler: name,
          reason:
            "the source of a component is its manifest: the address of the .json that Component.build made, or what Component.resolve made of that. See docs/guide/handlers-components.md"
        })
      }
      return resolve(await bytesOf(name, source), absolute(source), {
        handler: name,
        sha256,
        read: (address) => bytesOf(name, address)
      })
    }
    case "lua": {
      // Asked for from here, where an address means what its declaration meant, and once for all threads.
      if (!("wasm" in options)) {
        const { source } = options
        return { ...source, wasm: await bytesOf(name, engineOf(name, source.wasm)) }
      }
      const { file = name, source, wasm } = options
      const script =
        typeof source === "string" ? source : new TextDecoder().decode(await bytesOf(name, source))
      return { abi: "lua", script, name: file, wasm: await bytesOf(name, engineOf(name, wasm)) }
    }
  }
}

const isBytes = (source: unknown): boolean => source instanceof Uint8Array

/** Without types it is easily forgotten. */
const engineOf = <Engine>(handler: string, wasm: Engine | undefined): Engine => {
  if (wasm !== undefined) return wasm
  const reason =
    "Lua's WebAssembly was not given. Declare wasm: the bytes of wasmoon/dist/glue.wasm, or its address. See docs/guide/handlers-lua.md"
  throw new LoadFailed({ handler, reason })
}

/** A page's addresses are relative to it. */
const absolute = (address: URL | string): string =>
  new URL(address, typeof document === "undefined" ? undefined : document.baseURI).href

const bytesOf = async (
  handler: string,
  source: Uint8Array<ArrayBuffer> | URL | string
): Promise<Uint8Array<ArrayBuffer>> => {
  if (source instanceof Uint8Array) return source
  const hint =
    typeof document !== "undefined" || URL.canParse(source)
      ? ""
      : `. Outside of a page an address is whole: new URL(${JSON.stringify(String(source))}, import.meta.url)`
  const failed = (reason: unknown) =>
    new LoadFailed({
      handler,
      reason: `${String(source)}: ${reason instanceof Error ? reason.message : String(reason)}${hint}`
    })
  const files = builtin("node:fs/promises")
  if (files !== undefined && String(source).startsWith("file:")) {
    const file = await files.readFile(own(source)).catch((error: unknown) => Promise.reject(failed(error)))
    // A Buffer is cloned to other threads as what it is in, so it is made plain.
    return new Uint8Array(file)
  }
  const response = await fetch(source).catch((error: unknown) => Promise.reject(failed(error)))
  if (!response.ok) throw failed(`it was answered with status ${response.status}`)
  // Servers of pages answer so to what they do not have.
  if (response.headers.get("content-type")?.startsWith("text/html") === true) {
    throw failed("it was answered with a page of HTML: is the code served at this address?")
  }
  const body = await response.arrayBuffer().catch((error: unknown) => Promise.reject(failed(error)))
  return new Uint8Array(body)
}
