/** One small file that pins all that a component handler is made of. Its own SHA-256 is the handler's. */
import * as Schema from "effect/Schema"
import { HashMismatch, LoadFailed } from "../Errors.ts"
import type { ProgramSource } from "../Machine.ts"
import { sha256Of } from "../memory/Hash.ts"
import { keptByGlue } from "./binary.ts"

const Sha256 = Schema.String.check(Schema.isPattern(/^[0-9a-f]{64}$/))

/** Relative to the manifest, and never above it. */
const File = Schema.String.check(Schema.isPattern(/^(?!\.)[\w.-]+$/))

const Pinned = Schema.Struct({ file: File, sha256: Sha256 })

const Offset = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

export const Manifest = Schema.Struct({
  format: Schema.Literal("sluice-component/1"),
  /** As jco tells them: interfaces of WIT, imports without their versions. */
  imports: Schema.Array(Schema.String),
  exports: Schema.Array(Schema.String),
  component: Pinned,
  glue: Pinned,
  /** By the names that the glue asks for: a part of the component's bytes, or a file where jco made one. */
  modules: Schema.Record(
    Schema.String,
    Schema.Union([Schema.Struct({ sha256: Sha256, offset: Offset, length: Offset }), Pinned])
  )
})
export type Manifest = typeof Manifest.Type

const decode = Schema.decodeUnknownResult(Schema.fromJsonString(Manifest))

export type ComponentSource = Extract<ProgramSource, { readonly abi: "component" }>

/** What gives the bytes at an address. It may throw: that is told as LoadFailed. */
export type Read = (address: string) => Promise<Uint8Array<ArrayBuffer>>

/**
 * Reads what a manifest names, and checks each of it. The glue is checked here and imported later, by its address:
 * who can answer two requests for one address with different files is not kept out.
 */
export const resolve = async (
  manifest: Uint8Array<ArrayBuffer>,
  /** Where the manifest is: its files are beside it. */
  address: string,
  options: {
    /** In errors. */
    readonly handler: string
    /** Of the manifest, in hexadecimal. */
    readonly sha256: string
    readonly read: Read
  }
): Promise<ComponentSource> => {
  const { handler } = options
  const declared = options.sha256.toLowerCase()
  const hash = await sha256Of(manifest)
  if (hash !== declared) throw new HashMismatch({ handler, expected: declared, actual: hash })
  const decoded = decode(new TextDecoder().decode(manifest))
  if (decoded._tag === "Failure") {
    throw new LoadFailed({ handler, reason: `its manifest is none: ${decoded.failure.message}` })
  }
  const { component, exports, glue, imports, modules } = decoded.success
  const at = (file: string): string => new URL(file, address).href
  const check = async (bytes: Uint8Array<ArrayBuffer>, expected: string, file: string): Promise<void> => {
    const actual = await sha256Of(bytes)
    if (actual !== expected) throw new HashMismatch({ handler, expected, actual, file })
  }
  const pinned = async ({ file, sha256 }: typeof Pinned.Type): Promise<Uint8Array<ArrayBuffer>> => {
    const bytes = await options.read(at(file)).catch((cause: unknown) => {
      throw new LoadFailed({ handler, reason: `${file} could not be read: ${String(cause)}` })
    })
    await check(bytes, sha256, file)
    return bytes
  }
  const [whole] = await Promise.all([pinned(component), pinned(glue)])
  const parts = await Promise.all(
    Object.entries(modules).map(async ([name, part]) => {
      if ("file" in part) return [name, await pinned(part)] as const
      const bytes = whole.slice(part.offset, part.offset + part.length)
      await check(bytes, part.sha256, name)
      return [name, bytes] as const
    })
  )
  return {
    abi: "component",
    sha256: hash,
    glue: at(glue.file),
    modules: Object.fromEntries(parts),
    imports,
    exports,
    kept: keptIn(whole, handler)
  }
}

const keptIn = (component: Uint8Array<ArrayBuffer>, handler: string): ReadonlyArray<string> => {
  try {
    return keptByGlue(component)
  } catch (cause) {
    throw new LoadFailed({ handler, reason: `it is no component: ${String(cause)}` })
  }
}
