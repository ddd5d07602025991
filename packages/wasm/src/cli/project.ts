/** A handler's folder: what its handler.json declares, and the code that is loaded by it. */
import * as Schema from "effect/Schema"
import { existsSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { dirname, join, resolve as resolvePath } from "node:path"
import { pathToFileURL } from "node:url"
import { load as loadComponent } from "../abi/component.ts"
import { load as loadCore } from "../abi/core.ts"
import { load as loadLua } from "../abi/lua.ts"
import { resolve } from "../component/Manifest.ts"
import type { Limits, LoadOptions, Program } from "../Machine.ts"
import { sha256Of } from "../memory/Hash.ts"

const Count = Schema.optionalKey(Schema.Natural)

export const Declared = Schema.Struct({
  name: Schema.String,
  abi: Schema.Literals(["core", "component", "lua"]),
  /** Relative to handler.json. */
  source: Schema.String,
  /** If it is there, the source must have it. */
  sha256: Schema.optionalKey(Schema.String),
  memory: Schema.optionalKey(Schema.Literals(["image", "none"])),
  imports: Schema.optionalKey(Schema.Array(Schema.Literals(["console", "clock", "random"]))),
  limits: Schema.optionalKey(
    Schema.Struct({ memoryPages: Count, fuel: Count, moduleBytes: Count, resultBytes: Count })
  ),
  /** Relative to handler.json. Default: cases.json. */
  cases: Schema.optionalKey(Schema.String)
})
export type Declared = typeof Declared.Type

/** What the command line tells in one line, and ends. */
export class Refusal extends Error {
  override readonly name = "Refusal"
}

/** So that nothing hangs here, where there is no deadline: seconds of work at most. */
const fuelWithoutLimit = 1_000_000_000

export interface Project {
  readonly folder: string
  readonly declared: Declared
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly sha256: string
  readonly limits: Limits
}

export const readJson = async <A>(path: string, schema: Schema.Codec<A, unknown>): Promise<A> => {
  const text = await readFile(path, "utf8").catch(() => {
    throw new Refusal(`${path} cannot be read`)
  })
  const decoded = Schema.decodeUnknownResult(Schema.fromJsonString(schema))(text)
  if (decoded._tag === "Failure") throw new Refusal(`${path}: ${decoded.failure.message}`)
  return decoded.success
}

/** `path`: a folder with a handler.json, or the file itself. */
export const readProject = async (path: string): Promise<Project> => {
  const file = path.endsWith(".json") ? resolvePath(path) : join(resolvePath(path), "handler.json")
  if (!existsSync(file)) throw new Refusal(`${file} is not there: sluice-handler new writes one`)
  const declared = await readJson(file, Declared)
  const folder = dirname(file)
  const source = await readFile(join(folder, declared.source)).catch(() => {
    throw new Refusal(`${declared.source} is not there: build it first`)
  })
  const bytes = new Uint8Array(source)
  const limits = { fuel: fuelWithoutLimit, ...declared.limits }
  return { folder, declared, bytes, sha256: await sha256Of(bytes), limits }
}

/** Rejects with a LoadError. */
export const loadProject = async (project: Project, memory: "image" | "none"): Promise<Program> => {
  const { folder, declared, bytes, sha256, limits } = project
  const options: LoadOptions = {
    handler: declared.name,
    sha256: declared.sha256 ?? sha256,
    limits,
    imports: declared.imports ?? [],
    memory
  }
  if (declared.abi === "core") return loadCore({ abi: "core", bytes }, options)
  if (declared.abi === "lua") {
    const wasm = new Uint8Array(
      await readFile(createRequire(import.meta.url).resolve("wasmoon/dist/glue.wasm"))
    )
    const script = new TextDecoder().decode(bytes)
    return loadLua({ abi: "lua", script, name: declared.source, wasm }, options)
  }
  const read = async (address: string) => new Uint8Array(await readFile(new URL(address)))
  const manifest = pathToFileURL(join(folder, declared.source)).href
  const { handler } = options
  const source = await resolve(bytes, manifest, { handler, sha256: options.sha256, read })
  return loadComponent(source, options)
}
