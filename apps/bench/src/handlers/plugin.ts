import { fileURLToPath } from "node:url"
import type { Plugin } from "vite"
import { handlerFiles } from "./build.ts"

const builder = fileURLToPath(new URL("build.ts", import.meta.url))

/** Bundles have the files themselves, in the place of what builds them. */
export const handlersPlugin = (): Plugin => ({
  name: "bench-handlers",
  load: async (id) =>
    id === builder
      ? `export const handlerFiles = async () => (${JSON.stringify(await handlerFiles())})`
      : undefined
})
