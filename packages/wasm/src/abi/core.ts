/** Core modules with the bytes-in, bytes-out ABI of docs/guide/handlers-abi.md. */
import { rewrite, type Rewritten } from "../binary/rewrite.ts"
import { HashMismatch, LoadFailed } from "../Errors.ts"
import { MemoryView } from "./core/MemoryView.ts"
import type { GlobalValue } from "../Image.ts"
import {
  Fault,
  type Call,
  type CallKind,
  type ConsoleLine,
  type Grants,
  type Limits,
  type Load,
  type LoadOptions,
  type Machine,
  type Program,
  type ProgramSource,
  type Returned
} from "../Machine.ts"

type Bytes = Uint8Array<ArrayBuffer>
type Entry = (statePtr: number, stateLength: number, paramsPtr: number, paramsLength: number) => number

const entryNames: Readonly<Record<CallKind, string>> = {
  init: "init",
  send: "send",
  request: "request",
  "child-error": "child_error"
}
const kinds: ReadonlyArray<CallKind> = ["init", "send", "request", "child-error"]

const signatures: Readonly<Record<string, string>> = {
  "sluice.console": "i32 i32 i32 -> ",
  "sluice.clock": " -> f64",
  "sluice.random": " -> f64"
}

const hex = (bytes: ArrayBuffer): string =>
  Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("")

/** What the ABI says of the module's types, which the engine does not know. */
const checkTypes = ({ exports, imports }: Rewritten, handler: string): ReadonlySet<CallKind> => {
  const fail = (reason: string): never => {
    throw new LoadFailed({ handler, reason: `${reason}. See docs/guide/handlers-abi.md` })
  }
  const signature = (type: (typeof imports)[number]["type"]): string =>
    type === undefined ? "no function" : `${type.params.join(" ")} -> ${type.results.join(" ")}`
  const check = (name: string, wanted: string): boolean => {
    const found = exports.find((one) => one.name === name)
    if (found === undefined) return false
    if (signature(found.type) !== wanted)
      fail(`its export ${name} is ${signature(found.type)}, not ${wanted}`)
    return true
  }
  for (const one of imports) {
    const name = `${one.module}.${one.name}`
    const wanted = signatures[name]
    if (wanted !== undefined && signature(one.type) !== wanted) {
      fail(`its import ${name} is ${signature(one.type)}, not ${wanted}`)
    }
  }
  if (!check("alloc", "i32 -> i32")) fail("it does not export alloc")
  check("_initialize", " -> ")
  const found = kinds.filter((kind) => check(entryNames[kind], "i32 i32 i32 i32 -> i32"))
  if (found.length === 0) fail("it exports none of init, send, request and child_error")
  return new Set(found)
}

const utf8 = new TextDecoder()
const levels: ReadonlyArray<ConsoleLine["level"]> = ["debug", "log", "warn", "error"]

class CoreMachine implements Machine {
  readonly parts: Machine["parts"]
  private readonly view: MemoryView
  private readonly alloc: (length: number) => number
  private readonly entries: Readonly<Partial<Record<CallKind, Entry>>>
  private readonly limits: Limits
  /** Units of fuel that a call has. */
  private readonly most: number
  /** Of i64: what is left of limits.fuel. */
  private readonly fuel: { value: bigint } | undefined
  /** Of i32: not 0 after a memory.grow has failed. */
  private readonly denied: { value: number } | undefined

  constructor(module: WebAssembly.Module, rewritten: Rewritten, grants: Grants, limits: Limits) {
    this.limits = limits
    this.most = Math.floor(limits.fuel ?? 0)
    const number = (give: (() => number) | undefined, name: string) => () => {
      const value = give?.()
      // Which bits of a NaN arrive would be the engine's choice
      if (value === undefined || Number.isNaN(value)) throw new Fault("abi", `${name} has nothing to give`)
      return value
    }
    const imports = {
      sluice: {
        clock: number(grants.clock, "clock"),
        random: number(grants.random, "random"),
        console: (level: number, pointer: number, length: number) => {
          const text = utf8.decode(this.view.read(pointer >>> 0, length >>> 0, "a line of the console"))
          grants.console({ level: levels[level] ?? "log", text })
        }
      }
    }
    try {
      // What the rewriter and `checkTypes` have found, by the types that they have found
      const exports = new WebAssembly.Instance(module, imports).exports as Readonly<Record<string, never>>
      const find = <A>(name: string | undefined): A | undefined =>
        name === undefined ? undefined : exports[name]
      const need = <A>(name: string): A => {
        const found = find<A>(name)
        if (found === undefined) throw new Fault("abi", `it does not export ${name}`)
        return found
      }
      const memory = need<WebAssembly.Memory>(rewritten.memories[0] ?? "memory")
      this.view = new MemoryView(memory)
      this.parts = [{ memory, globals: rewritten.globals.map((name) => need<{ value: GlobalValue }>(name)) }]
      this.alloc = need("alloc")
      this.entries = Object.fromEntries(kinds.map((kind) => [kind, find<Entry>(entryNames[kind])]))
      this.fuel = find(rewritten.fuel)
      this.denied = find(rewritten.denied)
      this.refill()
      find<() => void>(rewritten.start)?.()
      find<() => void>("_initialize")?.()
    } catch (error) {
      throw this.fault(error)
    }
  }

  /** What a thrown thing is: engines' traps have no kinds of their own, but for the stack's. */
  private fault(error: unknown): Fault {
    if (error instanceof Fault) return error
    if (this.left() < 0n) return new Fault("fuel", `more than ${this.most} units of fuel`)
    // Safari and Chromium; Firefox
    if (error instanceof RangeError || (error instanceof Error && error.name === "InternalError")) {
      return new Fault(/memory/i.test(error.message) ? "memory" : "stack", error.message)
    }
    if (!(error instanceof WebAssembly.RuntimeError)) return new Fault("abi", String(error))
    if (this.denied !== undefined && this.denied.value !== 0) {
      return new Fault("memory", `it was refused more memory, and then: ${error.message}`)
    }
    return new Fault("trap", error.message)
  }

  private refill(): void {
    if (this.fuel !== undefined) this.fuel.value = BigInt(this.most)
    if (this.denied !== undefined && this.denied.value !== 0) this.denied.value = 0
  }

  private left(): bigint {
    return this.fuel === undefined ? 0n : this.fuel.value
  }

  private put(bytes: Bytes): number {
    const pointer = this.alloc(bytes.length) >>> 0
    this.view.write(pointer, bytes, "what alloc gave")
    return pointer
  }

  call({ kind, state, params }: Call): Returned {
    this.refill()
    try {
      const statePointer = state === null ? 0 : this.put(state)
      const paramsPointer = this.put(params)
      const enter = this.entries[kind]
      if (enter === undefined) throw new Fault("abi", `it does not export ${entryNames[kind]}`)
      return this.returned(enter(statePointer, state?.length ?? 0, paramsPointer, params.length) >>> 0)
    } catch (error) {
      throw this.fault(error)
    }
  }

  private returned(pointer: number): Returned {
    const word = this.view.record(pointer, 5, "the result")
    const length = word(2)
    const limit = this.limits.resultBytes ?? 0
    const tag = word(0)
    const total = length + (tag === 0 ? word(4) : 0)
    if (limit > 0 && total > limit) {
      throw new Fault("result-bytes", `a result of ${total} bytes, where ${limit} are allowed`)
    }
    if (tag === 1) return { _tag: "Err", error: utf8.decode(this.view.read(word(1), length, "the error")) }
    if (tag !== 0) throw new Fault("abi", `${tag} is no tag of a result: 0 is ok, 1 is err`)
    return {
      _tag: "Ok",
      state: length === 0 ? null : this.view.read(word(1), length, "the state"),
      response: word(4) === 0 ? null : this.view.read(word(3), word(4), "the response")
    }
  }

  fuelUsed(): number | undefined {
    if (this.fuel === undefined) return undefined
    const left = Number(this.left())
    return left < 0 ? this.most : this.most - left
  }
}

type CoreSource = Extract<ProgramSource, { readonly abi: "core" }>

interface Compiled {
  readonly module: WebAssembly.Module
  readonly rewritten: Rewritten
}

const nothing = new Uint8Array()

const compile = async (bytes: Bytes, options: LoadOptions): Promise<Compiled> => {
  const { handler, limits, memory } = options
  const most = limits.moduleBytes ?? 0
  if (most > 0 && bytes.length > most) {
    throw new LoadFailed({ handler, reason: `${bytes.length} bytes, and limits.moduleBytes allows ${most}` })
  }
  const actual = hex(await crypto.subtle.digest("SHA-256", bytes))
  const expected = options.sha256.toLowerCase()
  if (actual !== expected) throw new HashMismatch({ handler, expected, actual })
  const imports = options.imports.map((name) => `sluice.${name}`)
  const rewritten = rewrite(bytes, { handler, limits, memory, imports, deferStart: true })
  if (rewritten.memories.length === 0) throw new LoadFailed({ handler, reason: "it has no memory" })
  checkTypes(rewritten, handler)
  const module = await WebAssembly.compile(rewritten.bytes).catch((error: unknown) => {
    throw new LoadFailed({ handler, reason: String(error) })
  })
  return { module, rewritten: { ...rewritten, bytes: nothing } }
}

export const load: Load<CoreSource> = async (source, options) => {
  const { handler, limits } = options
  // Made by `prepared` below, of bytes that had the hash
  const known = source.compiled as Compiled | undefined
  const compiled = known ?? (await compile(source.bytes, options))
  const { module, rewritten } = compiled
  const program: Program = {
    sha256: options.sha256.toLowerCase(),
    kinds: checkTypes(rewritten, handler),
    prepared: { abi: "core", bytes: nothing, compiled },
    instantiate: (grants) => new CoreMachine(module, rewritten, grants, limits)
  }
  return program
}
