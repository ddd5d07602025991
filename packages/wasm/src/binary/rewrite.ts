import type { LoadError } from "../Errors.ts"
import { ImportRefused, LoadFailed, ModuleRefused } from "../Errors.ts"
import type { Limits } from "../Machine.ts"
import { read, type Export, type Import, type WasmModule } from "./read.ts"
import { Malformed } from "./Reader.ts"
import { Refused } from "./Refused.ts"
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
}

export interface Rewritten {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Of the original. */
  readonly imports: ReadonlyArray<Import>
  /** Of the original: functions with their types. */
  readonly exports: ReadonlyArray<Export & { readonly type: FunctionType | undefined }>
  /** The names under which what it defines and may change is exported now: its memory, if it has one. */
  readonly memories: ReadonlyArray<string>
  /** In the order in which the module defines them. */
  readonly globals: ReadonlyArray<string>
}

/** No module's own name: `sluice` and a number after it until it is free. */
const free = (exports: ReadonlyArray<Export>): ((name: string) => string) => {
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
    if (!mutable) continue
    const kind = type === "v128" ? "v128" : isReference(type) ? "reference" : undefined
    if (kind !== undefined) {
      throw new Refused(
        `a mutable global of type ${type}`,
        `a ${kind} in a global cannot be kept with a state. Keep it in memory.`
      )
    }
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

/** Of a memory: never more than the limit allows. */
const clamp = (module: WasmModule, limit: number, out: Writer): void => {
  out.u32(module.memories.length - module.imported.memory)
  for (const { least, most } of module.memories.slice(module.imported.memory)) {
    if (limit > 0 && least > limit) {
      throw new Refused(
        `a memory of ${least} pages`,
        `limits.memoryPages allows ${limit}. Raise it, or build the code with less.`
      )
    }
    const clamped = limit > 0 ? Math.min(limit, most ?? limit) : most
    out.u8(clamped === undefined ? 0 : 1)
    out.u32(least)
    if (clamped !== undefined) out.u32(clamped)
  }
}

const rewriteModule = (bytes: Uint8Array<ArrayBuffer>, options: RewriteOptions): Rewritten => {
  const module = read(bytes)
  if (options.memory === "image") refuseWhatIsKept(module)
  checkImports(module, options)

  const name = free(module.exports)
  const added: Array<Export> = []
  const globals: Array<string> = []
  module.globals.forEach(({ mutable }, index) => {
    if (!mutable || index < module.imported.global) return
    const exported = name(`global:${index}`)
    globals.push(exported)
    added.push({ name: exported, kind: "global", index })
  })
  const memories: Array<string> = []
  if (module.memories.length > module.imported.memory) {
    const own = module.exports.find((one) => one.kind === "memory" && one.index === module.imported.memory)
    const exported = own?.name ?? name("memory")
    if (own === undefined) added.push({ name: exported, kind: "memory", index: module.imported.memory })
    memories.push(exported)
  }

  const out = new Writer(bytes.length + 256)
  out.copy(bytes, 0, 8)
  const emit = (id: number, content: Writer): void => {
    out.u8(id)
    out.block(content)
  }
  const exportSection = (): void => {
    const content = new Writer()
    const all = [...module.exports, ...added]
    content.u32(all.length)
    for (const one of all) {
      content.text(one.name)
      content.u8(["function", "table", "memory", "global"].indexOf(one.kind))
      content.u32(one.index)
    }
    emit(7, content)
  }
  let exported = false
  for (const section of module.sections) {
    const { id, start, end } = section
    if (id === 0 && section.name !== "name") continue
    if (!exported && id >= 7) {
      exportSection()
      exported = true
    }
    if (id === 7) continue
    const content = new Writer(end - start)
    if (id === 5) clamp(module, options.limits.memoryPages ?? 0, content)
    else if (id === 0) {
      content.text(section.name)
      content.copy(bytes, start, end)
    } else content.copy(bytes, start, end)
    emit(id, content)
  }
  if (!exported) exportSection()
  return {
    bytes: out.bytes(),
    imports: module.imports,
    exports: module.exports.map((one) => ({
      ...one,
      type: one.kind === "function" ? module.functions[one.index] : undefined
    })),
    memories,
    globals
  }
}

/**
 * The module with its memory and mutable globals exported and its memory's maximum within the limit. Throws a
 * LoadError, whatever the bytes are. That they make a valid module is for the engine to find.
 */
export const rewrite = (bytes: Uint8Array<ArrayBuffer>, options: RewriteOptions): Rewritten => {
  try {
    return rewriteModule(bytes, options)
  } catch (error) {
    throw asLoadError(error, options.handler)
  }
}

const asLoadError = (error: unknown, handler: string): LoadError | Error => {
  if (error instanceof Refused)
    return new ModuleRefused({ handler, feature: error.feature, reason: error.reason })
  if (error instanceof Malformed) return new LoadFailed({ handler, reason: error.message })
  return error instanceof Error ? error : new Error(String(error))
}
