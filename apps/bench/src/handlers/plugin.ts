import { fileURLToPath } from "node:url"
import type { Plugin } from "vite"
import { handlerFiles } from "./build.ts"
import { luaFile, wasmoonAddress } from "./lua.ts"

const lua = fileURLToPath(new URL("lua.ts", import.meta.url))
const builder = fileURLToPath(new URL("build.ts", import.meta.url))

/** Bundles have the files themselves, in the place of what builds them. */
export const handlersPlugin = (): Plugin => ({
  name: "bench-handlers",
  load: async (id) => {
    if (id === builder)
      return `export const handlerFiles = async () => (${JSON.stringify(await handlerFiles())})`
    if (id === lua) {
      const file = JSON.stringify(await luaFile())
      return `export const luaFile = async () => ${file}\nexport const wasmoonAddress = ${JSON.stringify(wasmoonAddress)}`
    }
    return undefined
  }
})
