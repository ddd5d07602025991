/**
 * Makes component handlers: at build time, with the tools of jco, which this package does not depend on. Give them:
 * `import { transpileBytes } from "@bytecodealliance/jco-transpile"` and
 * `import * as tools from "@bytecodealliance/jco-transpile/wasm-tools"`.
 */
import * as Effect from "effect/Effect"
import { coreModules, keptByGlue, renameExports } from "./component/binary.ts"
import type { Manifest } from "./component/Manifest.ts"
import { entries, grantOf, kindsOf, witVersion } from "./component/names.ts"
import { wit } from "./component/wit.ts"
import { LoadFailed } from "./Errors.ts"
import { sha256Of } from "./memory/Hash.ts"

export { wit } from "./component/wit.ts"
export { Manifest, resolve, type Read } from "./component/Manifest.ts"

/** What `embed` uses of `@bytecodealliance/jco-transpile/wasm-tools`. */
export interface WasmTools {
  readonly componentEmbed: (options: {
    readonly binary: Uint8Array
    readonly witSource: string
    readonly world: string
  }) => Promise<Uint8Array>
  readonly componentNew: (module: Uint8Array) => Promise<Uint8Array>
}

/** What `build` uses of `@bytecodealliance/jco-transpile`. */
export interface Transpiler {
  readonly transpileBytes: (
    component: Uint8Array,
    options: {
      readonly name: string
      readonly instantiation: "sync"
      readonly base64Cutoff: number
      readonly nodejsCompat: boolean
      readonly emitTypescriptDeclarations: boolean
      readonly minify: boolean
    }
  ) => Promise<{
    readonly files: Readonly<Record<string, Uint8Array>>
    readonly imports: ReadonlyArray<string>
    readonly exports: ReadonlyArray<readonly [name: string, kind: "function" | "instance"]>
  }>
}

/**
 * What a core module exports by a plain name, and how a component calls it: `init`, `handle_send`, `handle_request`
 * and `handle_child_error`, and each with `_post` behind it, which frees what the first gave.
 */
export const exportNames: Readonly<Record<string, string>> = Object.fromEntries(
  Object.values(entries).flatMap((entry) => {
    const plain = entry.function.replaceAll("-", "_")
    const name = `sluice:handler/${entry.interface}@${witVersion}#${entry.function}`
    return [
      [plain, name],
      [`${plain}_post`, `cabi_post_${name}`]
    ]
  })
)

const failed = (handler: string, cause: unknown): LoadFailed =>
  new LoadFailed({ handler, reason: cause instanceof Error ? cause.message : String(cause) })

const own = (bytes: Uint8Array): Uint8Array<ArrayBuffer> => Uint8Array.from(bytes)

/** A component of a core module that exports `exportNames` and `cabi_realloc`. */
export const embed = Effect.fnUntraced(function* (
  core: Uint8Array<ArrayBuffer>,
  options: {
    /** In errors. */
    readonly name: string
    readonly tools: WasmTools
    /** Of the WIT. Default `granted-handler`: what the code does not import, the component does not. */
    readonly world?: string
  }
) {
  const { tools } = options
  return yield* Effect.tryPromise({
    try: async () => {
      const binary = renameExports(core, exportNames)
      const world = options.world ?? "granted-handler"
      return own(await tools.componentNew(await tools.componentEmbed({ binary, witSource: wit, world })))
    },
    catch: (cause) => failed(options.name, cause)
  })
})

/** The files of a handler, to be served beside each other, and the hash to declare. */
export interface Built {
  readonly manifest: Manifest
  /** Of the manifest's bytes, in hexadecimal: the handler's `sha256`. */
  readonly sha256: string
  /** By their names: the manifest is `<name>.json`. */
  readonly files: Readonly<Record<string, Uint8Array<ArrayBuffer>>>
  /** What it asks of its host. Of the package's WIT: the names that a handler's `imports` grants. */
  readonly imports: ReadonlyArray<string>
  /** What its glue would keep between calls. If there is any, it is refused as a handler whose memory is kept. */
  readonly kept: ReadonlyArray<string>
}

const sameBytes = (left: Uint8Array, right: Uint8Array): boolean =>
  left.length === right.length && left.every((byte, index) => byte === right[index])

/** Glue and manifest of a component. */
export const build = Effect.fnUntraced(function* (
  component: Uint8Array<ArrayBuffer>,
  options: {
    /** Of the files, and in errors: letters, digits, `-` and `_`. */
    readonly name: string
    readonly transpiler: Transpiler
  }
) {
  const { name, transpiler } = options
  const result = yield* Effect.tryPromise({
    try: () =>
      transpiler.transpileBytes(component, {
        name,
        instantiation: "sync",
        base64Cutoff: 0,
        nodejsCompat: false,
        emitTypescriptDeclarations: false,
        minify: true
      }),
    catch: (cause) => failed(name, cause)
  })
  const cores = Object.entries(result.files).filter(([file]) => file.endsWith(".wasm"))
  const glue = result.files[`${name}.js`]
  if (glue === undefined) {
    return yield* new LoadFailed({ handler: name, reason: "jco has given no module of that name" })
  }
  const exports = result.exports.map(([exported]) => exported).filter((exported) => exported.includes("/"))
  if (kindsOf(exports).size === 0) {
    return yield* new LoadFailed({
      handler: name,
      reason: `it exports nothing of sluice:handler@${witVersion}`
    })
  }
  return yield* Effect.tryPromise({
    try: async (): Promise<Built> => ({
      ...(await packed(name, component, own(glue), cores, { imports: result.imports, exports })),
      imports: result.imports.map((imported) => grantOf(imported) ?? imported),
      kept: keptByGlue(component)
    }),
    catch: (cause) => failed(name, cause)
  })
})

const packed = async (
  name: string,
  component: Uint8Array<ArrayBuffer>,
  glue: Uint8Array<ArrayBuffer>,
  cores: ReadonlyArray<readonly [string, Uint8Array]>,
  interfaces: Pick<Manifest, "exports" | "imports">
): Promise<Omit<Built, "imports" | "kept">> => {
  const files: Record<string, Uint8Array<ArrayBuffer>> = {
    [`${name}.component.wasm`]: component,
    [`${name}.js`]: glue
  }
  const slices = coreModules(component)
  const modules: Record<string, Manifest["modules"][string]> = {}
  for (const [file, bytes] of cores) {
    const core = own(bytes)
    const sha256 = await sha256Of(core)
    const slice = slices.find(({ length, offset }) =>
      sameBytes(component.subarray(offset, offset + length), core)
    )
    modules[file] = slice === undefined ? { file, sha256 } : { ...slice, sha256 }
    if (slice === undefined) files[file] = core
  }
  const manifest: Manifest = {
    format: "sluice-component/1",
    ...interfaces,
    component: { file: `${name}.component.wasm`, sha256: await sha256Of(component) },
    glue: { file: `${name}.js`, sha256: await sha256Of(glue) },
    modules
  }
  const text = new TextEncoder().encode(`${JSON.stringify(manifest, null, 2)}\n`)
  return { manifest, sha256: await sha256Of(text), files: { ...files, [`${name}.json`]: text } }
}
