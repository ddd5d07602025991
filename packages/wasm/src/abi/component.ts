/**
 * WebAssembly components, by the package's WIT, through the glue that jco makes of them: it is given core modules
 * that the loader has rewritten, and nothing that was not granted.
 */
import { rewrite } from "../binary/rewrite.ts"
import { ComponentMachine, type Instantiate } from "../component/glue.ts"
import type { ComponentSource } from "../component/Manifest.ts"
import { grantOf, kindsOf, statefulFeature, type Grantable } from "../component/names.ts"
import { HashMismatch, ImportRefused, LoadFailed, ModuleRefused } from "../Errors.ts"
import { Fault, type CompiledCore, type Grants, type Load, type LoadOptions } from "../Machine.ts"

/** What Chromium compiles and instantiates at most where a page's main thread must wait for it. */
const mainThreadBytes = 8 * 2 ** 20

const onMainThread = (): boolean => typeof document !== "undefined"

const checkSizes = (modules: ComponentSource["modules"], { handler, limits }: LoadOptions): void => {
  const sizes = Object.values(modules).map(({ byteLength }) => byteLength)
  const total = sizes.reduce((sum, size) => sum + size, 0)
  const most = limits.moduleBytes ?? 0
  if (most > 0 && total > most) {
    throw new LoadFailed({ handler, reason: `${total} bytes, and limits.moduleBytes allows ${most}` })
  }
  const largest = Math.max(0, ...sizes)
  if (onMainThread() && largest > mainThreadBytes) {
    throw new ModuleRefused({
      handler,
      feature: `a core module of ${largest} bytes`,
      reason: `a page's main thread instantiates no more than ${mainThreadBytes}. Declare isolation: "worker".`
    })
  }
}

const checkImports = (imports: ReadonlyArray<string>, { handler, imports: granted }: LoadOptions): void => {
  for (const name of imports) {
    const grant = grantOf(name)
    if (grant === undefined || !granted.includes(grant)) {
      throw new ImportRefused({ handler, import: grant ?? name, granted })
    }
  }
}

const checkKept = (
  kept: ReadonlyArray<string>,
  modules: ReadonlyArray<WebAssembly.Module>,
  { handler, memory }: LoadOptions
): void => {
  if (memory === "none") return
  const names = modules.flatMap((module) => [
    ...WebAssembly.Module.imports(module),
    ...WebAssembly.Module.exports(module)
  ])
  const named = names.map(({ name }) => statefulFeature(name)).find((feature) => feature !== undefined)
  const feature = named ?? kept[0]
  if (feature === undefined) return
  throw new ModuleRefused({ handler, feature, reason: "its glue keeps what no snapshot holds." })
}

const compile = async (bytes: Uint8Array<ArrayBuffer>, options: LoadOptions): Promise<CompiledCore> => {
  const { handler, limits, memory } = options
  const rewritten = rewrite(bytes, { handler, limits, memory, imports: undefined, deferStart: true })
  const module = await WebAssembly.compile(rewritten.bytes).catch((cause: unknown) => {
    throw new LoadFailed({ handler, reason: String(cause) })
  })
  const { denied, fuel, globals, memories, start } = rewritten
  return { module, memories, globals, fuel, denied, start }
}

const compileAll = async (
  modules: ComponentSource["modules"],
  options: LoadOptions
): Promise<Readonly<Record<string, CompiledCore>>> => {
  checkSizes(modules, options)
  const compiled = await Promise.all(
    Object.entries(modules).map(async ([name, bytes]) => [name, await compile(bytes, options)] as const)
  )
  return Object.fromEntries(compiled)
}

const importGlue = async (address: string, handler: string): Promise<Instantiate> => {
  const failed = (reason: string): LoadFailed =>
    new LoadFailed({ handler, reason: `its glue ${address} ${reason}` })
  const glue: unknown = await import(/* @vite-ignore */ /* webpackIgnore: true */ address).catch(
    (cause: unknown) => {
      throw failed(`could not be imported: ${String(cause)}`)
    }
  )
  if (typeof glue !== "object" || glue === null || !("instantiate" in glue)) {
    throw failed("has no instantiate")
  }
  if (typeof glue.instantiate !== "function") throw failed("has an instantiate that is no function")
  // By its hash it is what `Component.build` made: an address tells the compiler nothing of its types
  return glue.instantiate as Instantiate
}

const functionsOf = (grant: Grantable, grants: Grants): object => {
  const number = (give: (() => number) | undefined) => () => {
    const value = give?.()
    // Which bits of a NaN arrive would be the engine's choice
    if (value === undefined || Number.isNaN(value)) throw new Fault("abi", `${grant} has nothing to give`)
    return value
  }
  switch (grant) {
    case "clock":
      return { now: number(grants.clock) }
    case "random":
      return { next: number(grants.random) }
    case "console":
      return {
        write: (level: "debug" | "log" | "warn" | "error", text: string) => grants.console({ level, text })
      }
  }
}

export const load: Load<ComponentSource> = async (source, options) => {
  const { handler, limits } = options
  const { sha256 } = source
  const expected = options.sha256.toLowerCase()
  if (sha256 !== expected) throw new HashMismatch({ handler, expected, actual: sha256 })
  const { exports, glue, imports, kept } = source
  checkImports(imports, options)
  const kinds = kindsOf(exports)
  if (kinds.size === 0) throw new LoadFailed({ handler, reason: "it exports nothing of sluice:handler" })
  const [instantiate, compiled] = await Promise.all([
    importGlue(glue, handler),
    source.compiled ?? compileAll(source.modules, options)
  ])
  const cores = new Map(Object.entries(compiled))
  checkKept(
    kept,
    [...cores.values()].map(({ module }) => module),
    options
  )
  const asked = imports.flatMap((name) => {
    const grant = grantOf(name)
    return grant === undefined ? [] : [[name, grant] as const]
  })
  return {
    sha256,
    kinds,
    prepared: { ...source, modules: {}, compiled },
    instantiate: (grants) =>
      new ComponentMachine(
        instantiate,
        cores,
        Object.fromEntries(asked.map(([name, grant]) => [name, functionsOf(grant, grants)])),
        limits
      )
  }
}
