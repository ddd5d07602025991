import { ImportRefused, LoadFailed, ModuleRefused } from "../Errors.ts"
import type { Limits } from "../Machine.ts"
import { instrument } from "./instrument.ts"
import { read, type Export, type Import, type WasmModule } from "./read.ts"
import { Malformed } from "./Reader.ts"
import { Refused } from "./Refused.ts"
import { tableSection } from "./tables.ts"
import { isReference, type FunctionType } from "./types.ts"
import { Writer } from "./Writer.ts"

export interface RewriteOptions {
  /** In errors. */
  readonly handler: string
  readonly limits: Limits
  /** `image`: refused is what could not be given back. */
  readonly memory: "image" | "none"
  /** As `module.name`. Undefined where the caller looks at the imports itself. */
  readonly imports: ReadonlyArray<string> | undefined
  /** Its start function is exported, for the caller to call first, rather than run by the engine. */
  readonly deferStart?: boolean
}

export interface Rewritten {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Of the original. */
  readonly imports: ReadonlyArray<Import>
  /** Of the original: functions with their types. */
  readonly exports: ReadonlyArray<Export & { readonly type: FunctionType | undefined }>
  /** The names under which what it defines and may change is exported now: its memory, if it has one. */
  readonly memories: ReadonlyArray<string>
  /** Of the mutable ones, in the order in which the module defines them: without those that the loader added. */
  readonly globals: ReadonlyArray<string>
  /**
   * Of an i64 that holds what is left of limits.fuel, below 0 after exhaustion; undefined without that limit. To be
   * set before each call.
   */
  readonly fuel: string | undefined
  /** Of an i32 that is not 0 after a `memory.grow` failed; undefined where there is none in the code. */
  readonly denied: string | undefined
  /** Of the start function, where it was deferred. */
  readonly start: string | undefined
}

/** Names that the module does not export itself. */
const freeNames = (exports: ReadonlyArray<Export>): ((name: string) => string) => {
  const taken = new Set(exports.map(({ name }) => name))
  return (name) => {
    let given = `sluice:${name}`
    while (taken.has(given)) given += "_"
    taken.add(given)
    return given
  }
}

const refuseWhatIsKept = (module: WasmModule): void => {
  for (const { type, mutable } of module.globals) {
    if (!mutable || (type !== "v128" && !isReference(type))) continue
    throw new Refused(
      `a mutable global of type ${type}`,
      "its value cannot be kept with a state. Keep it in memory."
    )
  }
}

const checkImports = (module: WasmModule, options: RewriteOptions): void => {
  const granted = options.imports
  if (granted === undefined) return
  for (const one of module.imports) {
    const name = `${one.module}.${one.name}`
    if (one.kind !== "function" || !granted.includes(name)) {
      throw new ImportRefused({ handler: options.handler, import: name, granted })
    }
  }
}

/** Of a memory with addresses of 32 bits. */
const mostPages = 65_536

/** Its memory's section, with a maximum within the limit. */
const memorySection = (module: WasmModule, limit: number): Writer => {
  const out = new Writer()
  const own = module.memories.slice(module.imported.memory)
  out.u32(own.length)
  for (const { least, most } of own) {
    if (limit > 0 && least > limit) {
      throw new Refused(
        `a memory of ${least} pages`,
        `limits.memoryPages allows ${limit}. Raise it, or build the code with less.`
      )
    }
    const clamped = limit > 0 ? Math.min(limit, most ?? mostPages, mostPages) : most
    out.u8(clamped === undefined ? 0 : 1)
    out.u32(least)
    if (clamped !== undefined) out.u32(clamped)
  }
  return out
}

interface Added {
  readonly type: "i32" | "i64"
  readonly start: bigint
}

/** Those of the module, then those of the loader. */
const globalSection = (module: WasmModule, added: ReadonlyArray<Added>): Writer => {
  const out = new Writer()
  const own = module.sections.find(({ id }) => id === 6)
  const count = module.globals.length - module.imported.global
  out.u32(count + added.length)
  if (own !== undefined && count > 0) out.copy(module.bytes, module.globalsStart, own.end)
  for (const { type, start } of added) {
    out.raw(type === "i32" ? [0x7f, 1, 0x41] : [0x7e, 1, 0x42])
    out.s64(start)
    out.u8(0x0b)
  }
  return out
}

const kindBytes = { function: 0, table: 1, memory: 2, global: 3 } as const

const exportSection = (exports: ReadonlyArray<Export>): Writer => {
  const out = new Writer()
  out.u32(exports.length)
  for (const { name, kind, index } of exports) {
    out.text(name)
    out.u8(kindBytes[kind])
    out.u32(index)
  }
  return out
}

/** What stands after its custom sections, of which only names are kept: traps tell them. */
const order = [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 10, 11]

const composed = (
  module: WasmModule,
  replaced: ReadonlyMap<number, Writer | "none">
): Uint8Array<ArrayBuffer> => {
  const { bytes, sections } = module
  const out = new Writer(bytes.length * 2 + 256)
  out.copy(bytes, 0, 8)
  for (const id of order) {
    const own = sections.find((one) => one.id === id)
    const content = replaced.get(id)
    if (content === "none") continue
    if (content !== undefined) {
      out.u8(id)
      out.block(content)
    } else if (own !== undefined) {
      out.u8(id)
      out.u32(own.end - own.start)
      out.copy(bytes, own.start, own.end)
    }
  }
  const names = sections.find(({ id, name }) => id === 0 && name === "name")
  if (names !== undefined) {
    const content = new Writer(names.end - names.start + 8)
    content.text("name")
    content.copy(bytes, names.start, names.end)
    out.u8(0)
    out.block(content)
  }
  return out.bytes()
}

const rewriteModule = (bytes: Uint8Array<ArrayBuffer>, options: RewriteOptions): Rewritten => {
  const module = read(bytes)
  const { limits } = options
  checkImports(module, options)
  if (options.memory === "image") refuseWhatIsKept(module)

  const nameFor = freeNames(module.exports)
  const shown: Array<Export> = []
  const show = (name: string, kind: Export["kind"], index: number): string => {
    const given = nameFor(name)
    shown.push({ name: given, kind, index })
    return given
  }
  const globals = module.globals.flatMap(({ mutable }, index) =>
    mutable && index >= module.imported.global ? [show(`global:${index}`, "global", index)] : []
  )
  const memories = module.memories.slice(module.imported.memory).map((_, at) => {
    const index = module.imported.memory + at
    const own = module.exports.find((one) => one.kind === "memory" && one.index === index)
    return own?.name ?? show("memory", "memory", index)
  })
  const added: Array<Added> = []
  const add = (name: string, one: Added): { readonly name: string; readonly index: number } => {
    const index = module.globals.length + added.length
    added.push(one)
    return { name: show(name, "global", index), index }
  }
  const limit = limits.fuel ?? 0
  const fuel = limit > 0 ? add("fuel", { type: "i64", start: BigInt(Math.floor(limit)) }) : undefined
  const denied = memories.length > 0 ? add("denied", { type: "i32", start: 0n }) : undefined

  const replaced = new Map<number, Writer | "none">()
  let start: string | undefined
  if (options.deferStart === true && module.start !== undefined) {
    start = show("start", "function", module.start)
    replaced.set(8, "none")
  }
  if (module.tables.length > module.imported.table) replaced.set(4, tableSection(module))
  if (memories.length > 0) replaced.set(5, memorySection(module, limits.memoryPages ?? 0))
  if (added.length > 0) replaced.set(6, globalSection(module, added))
  replaced.set(7, exportSection([...module.exports, ...shown]))
  if (module.bodies.length > 0) {
    const instruments = {
      fuel: fuel?.index,
      denied: denied?.index,
      refuseChanges: options.memory === "image"
    }
    replaced.set(10, instrument(module, instruments))
  }
  return {
    bytes: composed(module, replaced),
    imports: module.imports,
    exports: module.exports.map((one) => ({
      ...one,
      type: one.kind === "function" ? module.functions[one.index] : undefined
    })),
    memories,
    globals,
    fuel: fuel?.name,
    denied: denied?.name,
    start
  }
}

/**
 * The module with its memory and mutable globals exported, its memory's and tables' maxima within the limits, each NaN
 * that it makes the canonical one, and fuel counted where that is limited. Throws a LoadError, whatever the bytes are. That
 * they make a valid module is for the engine to find.
 */
export const rewrite = (bytes: Uint8Array<ArrayBuffer>, options: RewriteOptions): Rewritten => {
  const { handler } = options
  try {
    return rewriteModule(bytes, options)
  } catch (error) {
    if (error instanceof Refused) {
      throw new ModuleRefused({ handler, feature: error.feature, reason: error.reason })
    }
    if (error instanceof Malformed) throw new LoadFailed({ handler, reason: error.message })
    throw error
  }
}
