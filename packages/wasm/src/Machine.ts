/**
 * The port between the kinds of code (`abi/*`) and the places where it runs (`host/*`). Synchronous: a machine
 * lives within one thread. All bytes are UTF-8 JSON, whatever the ABI makes of them inside.
 */
import type { GlobalValue } from "./Image.ts"

/** The ways into a handler, as in the package's WIT. */
export type CallKind = "init" | "send" | "request" | "child-error"

export interface Call {
  readonly kind: CallKind
  /** Of the action that the call computes; undefined where it is none. */
  readonly tag?: string | undefined
  /** Null where there is none yet. */
  readonly state: Uint8Array<ArrayBuffer> | null
  readonly params: Uint8Array<ArrayBuffer>
}

/** What the code gave. That it traps is thrown, as `Fault`. */
export type Returned =
  | {
      readonly _tag: "Ok"
      /** Null: it keeps none. */
      readonly state: Uint8Array<ArrayBuffer> | null
      /** Of a request. */
      readonly response: Uint8Array<ArrayBuffer> | null
    }
  /** The `err` of its result: a failure of the domain, which restarts nothing. */
  | { readonly _tag: "Err"; readonly error: string }

/** One line that the code wrote. */
export interface ConsoleLine {
  readonly level: "debug" | "log" | "warn" | "error"
  readonly text: string
}

/** Why a call gave nothing. Everything but `timeout` is thrown by a machine; a timeout is its host's to tell. */
export type FaultKind =
  | "trap"
  | "timeout"
  | "fuel"
  | "stack"
  | "memory"
  | "result-bytes"
  | "abi"
  /** A process did not answer. */
  | "unreachable"

/** Thrown by a machine. Sent between threads as its fields. */
export class Fault extends Error {
  override readonly name = "Fault"
  readonly kind: FaultKind
  /** Where the code's own source is known: the chunk and line of a Lua script. */
  readonly at: { readonly source: string; readonly line: number } | undefined

  constructor(kind: FaultKind, message: string, at?: { readonly source: string; readonly line: number }) {
    super(message)
    this.kind = kind
    this.at = at
  }
}

/** One core instance's memory and the mutable globals that the loader has exported: what an image is made of. */
export interface MachinePart {
  readonly memory: WebAssembly.Memory | undefined
  readonly globals: ReadonlyArray<{ value: GlobalValue }>
}

/** Code with its memory. It is one instance's alone, and after a Fault nobody's. */
export interface Machine {
  readonly parts: ReadonlyArray<MachinePart>
  readonly call: (call: Call) => Returned
  /** Of the last call; undefined where fuel is not limited. */
  readonly fuelUsed: () => number | undefined
}

/** What a machine may reach besides its own memory. What is not here is not granted. */
export interface Grants {
  /** Milliseconds, pinned for each call and recorded. */
  readonly clock?: () => number
  /** Pinned for each call and recorded. */
  readonly random?: () => number
  readonly console: (line: ConsoleLine) => void
}

/** Checked and compiled code, of which fresh machines are made. */
export interface Program {
  /** Of the original bytes, in hexadecimal. */
  readonly sha256: string
  readonly kinds: ReadonlySet<CallKind>
  /** What another thread can load in the place of its source, without compiling it again. Left out: the source itself. */
  readonly prepared?: ProgramSource
  /** A fresh one, with the memory that its code begins with. */
  readonly instantiate: (grants: Grants) => Machine
}

/** Zero or left out: without limit, but for memory, which then has its module's own. */
export interface Limits {
  /** Pages of 64 KiB, of each memory. */
  readonly memoryPages?: number
  /** Of one call. Only where it runs outside the window. */
  readonly callMs?: number
  /** Of one call, in the units of binary/fuel: deterministic. */
  readonly fuel?: number
  readonly moduleBytes?: number
  /** Of the state and the response together, or of the error. */
  readonly resultBytes?: number
}

/** A core module that the loader has rewritten, and the names of what it added: see Rewritten in binary/rewrite. */
export interface CompiledCore {
  readonly module: WebAssembly.Module
  readonly memories: ReadonlyArray<string>
  readonly globals: ReadonlyArray<string>
  readonly fuel: string | undefined
  readonly denied: string | undefined
  readonly start: string | undefined
}

/** What a worker is handed to make a Program itself. It can be cloned to another thread. */
export type ProgramSource =
  | {
      readonly abi: "core"
      readonly bytes: Uint8Array<ArrayBuffer>
      /** Of these bytes rewritten, with what the rewriter told of them: by another thread's load, which checked them. */
      readonly compiled?: { readonly module: WebAssembly.Module; readonly rewritten: unknown }
    }
  | {
      readonly abi: "component"
      /** Of the manifest that names the others, in hexadecimal. */
      readonly sha256: string
      /** Glue made by jco: an ES module's address, which the policy of the page must allow. */
      readonly glue: string
      /** By the names that the glue asks for. */
      readonly modules: Readonly<Record<string, Uint8Array<ArrayBuffer>>>
      /** Interfaces of WIT that it asks for, without their versions. */
      readonly imports: ReadonlyArray<string>
      /** And those that it has. */
      readonly exports: ReadonlyArray<string>
      /** What its glue would keep between calls. */
      readonly kept: ReadonlyArray<string>
      /** Of these modules rewritten, by another thread's load, which checked them. `modules` is then empty. */
      readonly compiled?: Readonly<Record<string, CompiledCore>>
    }
  | {
      readonly abi: "lua"
      readonly script: string
      readonly name: string
      /** Where wasmoon's WebAssembly is served. */
      readonly wasm: string | Uint8Array<ArrayBuffer>
      /** Of it, as `abi/lua` compiled it in another thread. */
      readonly compiled?: {
        readonly module: WebAssembly.Module
        readonly sha256: string
        /** The names of exports. */
        readonly globals: ReadonlyArray<string>
        readonly fuel: string | undefined
      }
    }

/** What is declared of the code before it is loaded. */
export interface LoadOptions {
  /** Its name, in errors. */
  readonly handler: string
  /** Of the bytes as they came, in hexadecimal. */
  readonly sha256: string
  readonly limits: Limits
  /** What is granted: `console`, `clock`, `random`. */
  readonly imports: ReadonlyArray<string>
  /** `image`: code whose memory cannot be given back is refused. */
  readonly memory: "image" | "none"
}

/** What each `abi/*` exports as `load`. Rejects with a LoadError of Errors. */
export type Load<Source extends ProgramSource = ProgramSource> = (
  source: Source,
  options: LoadOptions
) => Promise<Program>
