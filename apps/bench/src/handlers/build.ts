/**
 * Makes the handlers that are measured, of one AssemblyScript source: a component, a core module and a
 * plug-in for Extism; and the worker that they run in. */
import { createHash } from "node:crypto"
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { build, embed } from "@sluice/wasm/Component"

const sources = join(import.meta.dirname, "../../handlers")
const cache = join(import.meta.dirname, ".built")

/** Base64 of each file, by its name. */
export type Files = Readonly<Record<string, string>>

const compile = async (name: string): Promise<Uint8Array<ArrayBuffer>> => {
  const { main } = await import("assemblyscript/asc")
  let bytes: Uint8Array<ArrayBuffer> | undefined
  const args = [join(sources, `${name}.ts`), "--baseDir", "/", "--outFile", "out.wasm"]
  const { error } = await main([...args, "--optimize", "--runtime", "incremental", "--use", "abort="], {
    writeFile: (_, content) => {
      if (content instanceof Uint8Array) bytes = Uint8Array.from(content)
    }
  })
  if (error !== null || bytes === undefined) throw new Error(`${name} does not compile`, { cause: error })
  return bytes
}

/** What runs in the workers that are measured: in one file, since a bundle of the works is one. */
const worker = async (): Promise<Uint8Array> => {
  const { build } = await import("vite")
  const entry = join(import.meta.dirname, "worker.ts")
  const [bundle] = [
    await build({
      configFile: false,
      logLevel: "warn",
      mode: "production",
      build: { write: false, target: "esnext", lib: { entry, formats: ["es"], fileName: "worker" } }
    })
  ].flat()
  const [chunk] = bundle !== undefined && "output" in bundle ? bundle.output : []
  if (chunk === undefined) throw new Error("The worker is not bundled")
  return new TextEncoder().encode(chunk.code)
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64")

const make = async (): Promise<Files> => {
  const tools = await import("@bytecodealliance/jco-transpile/wasm-tools")
  const transpiler = await import("@bytecodealliance/jco-transpile")
  const name = "tally"
  const core = await compile(name)
  const component = await Effect.runPromise(embed(core, { name, tools }))
  const { files, sha256 } = await Effect.runPromise(build(component, { name, transpiler }))
  const all = {
    ...files,
    "extism.wasm": await compile("extism"),
    "core.wasm": await compile("core"),
    "worker.js": await worker(),
    "tally.sha256": new TextEncoder().encode(sha256)
  }
  return Object.fromEntries(Object.entries(all).map(([file, bytes]) => [file, base64(bytes)]))
}

/** As of the sources and the tools that are installed: made again when one of them is another. */
export const handlerFiles = async (): Promise<Files> => {
  const hash = createHash("sha256")
  const root = join(import.meta.dirname, "../../../..")
  const read = [
    ...globSync(`${sources}/*.ts`),
    ...globSync(`${root}/packages/wasm/{kit/assemblyscript/component.ts,src/{Component.ts,component/*.ts}}`),
    ...globSync(`${root}/packages/wasm/src/{abi/core.ts,binary/*.ts,host/*.ts,memory/*.ts,*.ts}`),
    join(import.meta.dirname, "build.ts"),
    join(import.meta.dirname, "worker.ts"),
    join(import.meta.dirname, "../../package.json")
  ]
  for (const path of read.toSorted()) hash.update(readFileSync(path))
  const path = join(cache, `${hash.digest("hex")}.json`)
  if (!existsSync(path)) {
    mkdirSync(cache, { recursive: true })
    writeFileSync(path, JSON.stringify(await make()))
  }
  return JSON.parse(readFileSync(path, "utf8")) as Files
}
