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
        return { ...source, wasm: await bytesOf(name, source.wasm) }
      }
      const { file = name, source, wasm } = options
      const script =
        typeof source === "string" ? source : new TextDecoder().decode(await bytesOf(name, source))
      return { abi: "lua", script, name: file, wasm: await bytesOf(name, wasm) }
    }
  }
}

/** A page's addresses are relative to it. */
const absolute = (address: URL | string): string =>
  new URL(address, typeof document === "undefined" ? undefined : document.baseURI).href

const bytesOf = async (
  handler: string,
  source: Uint8Array<ArrayBuffer> | URL | string
): Promise<Uint8Array<ArrayBuffer>> => {
  if (source instanceof Uint8Array) return source
  const failed = (reason: unknown) =>
    new LoadFailed({
      handler,
      reason: `${String(source)}: ${reason instanceof Error ? reason.message : String(reason)}`
    })
  const files = builtin("node:fs/promises")
  if (files !== undefined && String(source).startsWith("file:")) {
    const file = await files.readFile(own(source)).catch((error: unknown) => Promise.reject(failed(error)))
    // A Buffer is cloned to other threads as what it is in, so it is made plain.
    return new Uint8Array(file)
  }
  const response = await fetch(source).catch((error: unknown) => Promise.reject(failed(error)))
  if (!response.ok) throw failed(`it was answered with status ${response.status}`)
  return response.bytes().catch((error: unknown) => Promise.reject(failed(error)))
}
