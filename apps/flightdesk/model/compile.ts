/** Compiles the delay model, for the desk's build and its tests. */
import { createHash } from "node:crypto"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const app = fileURLToPath(new URL("..", import.meta.url))
const source = "model/delay.ts"
/** For who watches it. */
export const sourceFile: string = join(app, source)

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
  const { error } = await main([source, "--baseDir", app, "--outFile", "model.wasm", ...options], {
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
