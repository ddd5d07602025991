/** Compiles the delay model, for the desk's build and its tests. */
import { createHash } from "node:crypto"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../../..", import.meta.url))
export const source = "apps/flightdesk/model/delay.ts"

/** As the guide on writing handlers gives them. */
const options = ["--optimize", "--runtime", "incremental", "--exportStart", "_initialize", "--use", "abort="]

export interface CompiledModel {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Of the bytes, in hexadecimal. */
  readonly sha256: string
}

export const compileModel = async (): Promise<CompiledModel> => {
  const { main } = await import("assemblyscript/asc")
  const written = new Map<string, string | Uint8Array>()
  let told = ""
  const { error } = await main([source, "--baseDir", root, "--outFile", "model.wasm", ...options], {
    writeFile: (name, content) => {
      written.set(name, content)
    },
    stderr: {
      write: (chunk) => {
        told += String(chunk)
      }
    }
  })
  const made = written.get("model.wasm")
  if (error !== null || !(made instanceof Uint8Array))
    throw new Error(`${source} does not compile: ${told}`, { cause: error })
  return { bytes: new Uint8Array(made), sha256: createHash("sha256").update(made).digest("hex") }
}
