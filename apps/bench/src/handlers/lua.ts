/** Lua's WebAssembly, as wasmoon has it. */
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

/** Base64. */
export const luaFile = async (): Promise<string> =>
  readFileSync(fileURLToPath(import.meta.resolve("wasmoon/dist/glue.wasm"))).toString("base64")

/** Of its JavaScript: it finds out where it runs, and in Node not within a bundle. */
export const wasmoonAddress = import.meta.resolve("wasmoon")
