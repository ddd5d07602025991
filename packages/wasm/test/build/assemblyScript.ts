import { globSync } from "node:fs"
import { basename } from "node:path"
import { packageFolder, type Step } from "./steps.ts"

/** Those that docs/guide/handlers-writing.md gives. */
const options = ["--optimize", "--runtime", "incremental", "--exportStart", "_initialize", "--use", "abort="]

export const compile = async (source: string, flags = options): Promise<Uint8Array> => {
  const { main } = await import("assemblyscript/asc")
  const written = new Map<string, string | Uint8Array>()
  let told = ""
  const { error } = await main([source, "--baseDir", packageFolder, "--outFile", "module.wasm", ...flags], {
    writeFile: (name, content) => {
      written.set(name, content)
    },
    stderr: {
      write: (chunk) => {
        told += String(chunk)
      }
    }
  })
  const bytes = written.get("module.wasm")
  if (error !== null || !(bytes instanceof Uint8Array)) {
    throw new Error(`${source} does not compile: ${told}`, { cause: error })
  }
  return bytes
}

/** Each `test/fixtures/assemblyscript/x.ts` is `.built/x.wasm`. */
export const assemblyScript = (): ReadonlyArray<Step> =>
  globSync("test/fixtures/assemblyscript/*.ts", { cwd: packageFolder }).map((source): Step => {
    const output = `${basename(source, ".ts")}.wasm`
    return {
      name: output,
      sources: [source, "kit/assemblyscript/**/*.ts"],
      outputs: [output],
      build: async () => ({ [output]: await compile(source) })
    }
  })
