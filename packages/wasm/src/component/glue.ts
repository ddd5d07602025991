/** A machine of a component: the exports of its glue, and the memory of the core instances that the glue makes. */
import {
  Fault,
  type Call,
  type CallKind,
  type CompiledCore,
  type Limits,
  type Machine,
  type MachinePart,
  type Returned
} from "../Machine.ts"
import { entries, isInterface } from "./names.ts"

type Bytes = Uint8Array<ArrayBuffer>

/** A function of the WIT, as the glue has it: `none` is undefined, and an `err` is thrown as it is. */
type Entry = (
  state: Bytes | undefined,
  params: readonly [Bytes | string]
) => readonly [state: Bytes | undefined, response?: readonly [Bytes]]

type Glued = Readonly<Record<string, Readonly<Record<string, Entry>>>>

/** Of the glue that jco makes in its mode of synchronous instantiation. */
export type Instantiate = (
  getCoreModule: (name: string) => WebAssembly.Module,
  imports: Readonly<Record<string, object>>,
  instantiateCore: (module: WebAssembly.Module, imports?: WebAssembly.Imports) => WebAssembly.Instance
) => Glued

const decoder = new TextDecoder()

/** A core instance's part of an image, and its counters. */
interface Cell {
  readonly part: MachinePart
  /** i64: what is left of limits.fuel. */
  readonly fuel: WebAssembly.Global | undefined
  /** i32: not 0 after a memory.grow has failed. */
  readonly denied: WebAssembly.Global | undefined
}

const cellOf = (exports: WebAssembly.Exports, core: CompiledCore): Cell => {
  const global = (name: string | undefined): WebAssembly.Global | undefined => {
    const found = name === undefined ? undefined : exports[name]
    return found instanceof WebAssembly.Global ? found : undefined
  }
  const memory = exports[core.memories[0] ?? ""]
  return {
    part: {
      memory: memory instanceof WebAssembly.Memory ? memory : undefined,
      globals: core.globals.map(global).filter((found) => found !== undefined)
    },
    fuel: global(core.fuel),
    denied: global(core.denied)
  }
}

/** A fresh one. Its parts are in the order in which the glue makes them, without those that hold nothing. */
export class ComponentMachine implements Machine {
  readonly parts: ReadonlyArray<MachinePart>
  private readonly cells: Array<Cell> = []
  private readonly limits: Limits
  private readonly most: bigint
  private readonly exported: Glued
  private readonly entries = new Map<CallKind, Entry>()

  constructor(
    instantiate: Instantiate,
    cores: ReadonlyMap<string, CompiledCore>,
    imports: Readonly<Record<string, object>>,
    limits: Limits
  ) {
    this.limits = limits
    this.most = BigInt(Math.floor(limits.fuel ?? 0))
    const byModule = new Map([...cores.values()].map((core) => [core.module, core]))
    const moduleOf = (name: string): WebAssembly.Module => {
      const core = cores.get(name)
      if (core === undefined)
        throw new Fault("abi", `its glue asks for ${name}, which its manifest does not name`)
      return core.module
    }
    const instantiateCore = (
      module: WebAssembly.Module,
      needed?: WebAssembly.Imports
    ): WebAssembly.Instance => {
      const instance = new WebAssembly.Instance(module, needed)
      const core = byModule.get(module)
      if (core === undefined) return instance
      this.cells.push(cellOf(instance.exports, core))
      const start = core.start === undefined ? undefined : instance.exports[core.start]
      if (typeof start === "function") Reflect.apply(start, undefined, [])
      return instance
    }
    try {
      this.exported = instantiate(moduleOf, imports, instantiateCore)
      this.spent()
    } catch (error) {
      throw this.fault(error)
    }
    this.parts = this.cells
      .map(({ part }) => part)
      .filter(({ globals, memory }) => memory !== undefined || globals.length > 0)
  }

  private entry(kind: CallKind): Entry {
    const known = this.entries.get(kind)
    if (known !== undefined) return known
    const { interface: name, property } = entries[kind]
    const owner = Object.entries(this.exported).find(([key]) => isInterface(key, name))
    const entry = owner?.[1][property]
    if (entry === undefined) throw new Fault("abi", `it does not export ${name}`)
    this.entries.set(kind, entry)
    return entry
  }

  call({ kind, params, state }: Call): Returned {
    for (const { denied, fuel } of this.cells) {
      if (fuel !== undefined) fuel.value = this.most
      if (denied !== undefined) denied.value = 0
    }
    try {
      const entry = this.entry(kind)
      const given = entry(state ?? undefined, [kind === "init" ? decoder.decode(params) : params])
      this.spent()
      return this.returned(given)
    } catch (error) {
      if (typeof error !== "string") throw this.fault(error)
      this.spent()
      return { _tag: "Err", error }
    }
  }

  /** Throws where its core instances together have used more than one of them may. */
  private spent(): void {
    if (this.most > 0n && this.used() > this.most)
      throw new Fault("fuel", `more than ${this.most} units of fuel`)
  }

  private used(): bigint {
    return this.cells.reduce((sum, { fuel }) => {
      const left: unknown = fuel?.value
      return typeof left === "bigint" ? sum + this.most - left : sum
    }, 0n)
  }

  private returned([next, answer]: ReturnType<Entry>): Returned {
    const response = answer?.[0]
    const size = (next?.length ?? 0) + (response?.length ?? 0)
    const limit = this.limits.resultBytes ?? 0
    if (limit > 0 && size > limit) {
      throw new Fault("result-bytes", `a result of ${size} bytes, where ${limit} are allowed`)
    }
    return { _tag: "Ok", state: next ?? null, response: response ?? null }
  }

  /** Of what was thrown. What is no trap of the code was found by the glue: the code broke its ABI. */
  private fault(error: unknown): Fault {
    if (error instanceof Fault) return error
    if (this.most > 0n && this.used() > this.most)
      return new Fault("fuel", `more than ${this.most} units of fuel`)
    // Safari and Chromium; Firefox
    if (error instanceof RangeError || (error instanceof Error && error.name === "InternalError")) {
      return new Fault(/memory/i.test(error.message) ? "memory" : "stack", error.message)
    }
    if (!(error instanceof WebAssembly.RuntimeError)) return new Fault("abi", String(error))
    const wasDenied = this.cells.some(({ denied }) => denied !== undefined && denied.value !== 0)
    return wasDenied
      ? new Fault("memory", `it was refused more memory, and then: ${error.message}`)
      : new Fault("trap", error.message)
  }

  fuelUsed(): number | undefined {
    if (this.most === 0n) return undefined
    const used = this.used()
    return Number(used > this.most ? this.most : used)
  }
}
