/** Builds the delay model into the desk: where it is served, and the hash that it must have. */
import { join } from "node:path"
import { mkdir, writeFile } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import type { Plugin } from "vite"
import { compileModel, sourceFile } from "./compile.ts"

const id = "virtual:delay-model"
const resolved = `\0${id}`
const folder = fileURLToPath(new URL("../node_modules/.sluice", import.meta.url))

export const delayModel = (): Plugin => ({
  name: "flightdesk:delay-model",
  resolveId: (asked) => (asked === id ? resolved : undefined),
  async load(asked) {
    if (asked !== resolved) return undefined
    this.addWatchFile(sourceFile)
    const { bytes, sha256 } = await compileModel()
    const file = join(folder, `delay-${sha256.slice(0, 16)}.wasm`)
    await mkdir(folder, { recursive: true })
    await writeFile(file, bytes)
    return `export { default as url } from ${JSON.stringify(`${file}?url&no-inline`)}
export const sha256 = ${JSON.stringify(sha256)}`
  }
})
