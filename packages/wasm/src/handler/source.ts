/** From what a handler is declared with to what a thread loads. */
import { LoadFailed, ModuleRefused } from "../Errors.ts"
import { builtin } from "../host/node.ts"
import { type Spawn, spawnCore, spawnLua } from "../host/Thread.ts"
import type { Load, ProgramSource } from "../Machine.ts"
import type { AnyOptions } from "./Options.ts"

interface Abi {
  readonly spawn: Spawn
  /** Undefined: it always runs in a worker. */
  readonly inline: (() => Promise<Load>) | undefined
}

export const abiOf = (options: AnyOptions): Abi => {
  if (options.abi === "core") {
    return {
      spawn: spawnCore,
      // It is given sources of its own kind: `sourceOf`.
      inline: async () => (await import("../abi/core.ts")).load as Load
    }
  }
  // It always runs in a worker: nothing in its own thread ends a loop of `pcall`.
  if (options.abi === "lua") return { spawn: spawnLua, inline: undefined }
  throw new ModuleRefused({
    handler: options.name,
    feature: `abi "${options.abi}"`,
    reason: "it is not known"
  })
}

/** Rejects with LoadFailed. */
export const sourceOf = async ({ abi, name, source }: AnyOptions): Promise<ProgramSource> => {
  if (typeof source === "object" && "abi" in source) {
    // Asked for from here, where an address means what its declaration meant, and once for all threads.
    return source.abi === "lua" && typeof source.wasm === "string"
      ? { ...source, wasm: await bytesOf(name, source.wasm) }
      : source
  }
  if (abi === "core") return { abi, bytes: await bytesOf(name, source) }
  throw new LoadFailed({
    handler: name,
    reason: `the source of abi "${abi}" is all that it takes to load it`
  })
}

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
    const file = await files
      .readFile(new URL(source))
      .catch((error: unknown) => Promise.reject(failed(error)))
    // A Buffer is cloned to other threads as what it is in, so it is made plain.
    return new Uint8Array(file)
  }
  const response = await fetch(source).catch((error: unknown) => Promise.reject(failed(error)))
  if (!response.ok) throw failed(`it was answered with status ${response.status}`)
  return response.bytes().catch((error: unknown) => Promise.reject(failed(error)))
}
