/** What a handler is declared with. */
import type { Module } from "@sluice/core"
import type * as Effect from "effect/Effect"
import type * as HttpClient from "effect/http/HttpClient"
import type { ConsoleLine, Limits, ProgramSource } from "../Machine.ts"
import type { HandlerFault } from "../Errors.ts"
import type { ChildError } from "../Escalation.ts"
import type { RestartOptions } from "../Restarts.ts"
import type { RepliesOptions } from "./Replies.ts"

export type Isolation = "inline" | "worker" | "remote"
export type Import = "clock" | "random" | "console"

export interface Options<
  State extends Module.AnySchema,
  Params extends Module.AnySchema,
  Response extends Module.AnySchema,
  Where extends Isolation
> {
  /** In its errors and in the devtools. */
  readonly name: string
  /** Of the original bytes, in hexadecimal: other bytes are not loaded. Of a component that of its manifest, of Lua of its script. */
  readonly sha256: string
  /**
   * `worker`, the default: in a thread of its own. `inline`: within the window, on the caller's thread. `remote`: in a
   * process behind HTTP.
   */
  readonly isolation?: Where
  /**
   * `image`: its memory is kept with each version of the state; the default in a worker. `none`, the default inline:
   * it promises to keep nothing between calls, and what it keeps all the same is not given back.
   */
  readonly memory?: "image" | "none"
  /** Of its entries: whether others may come between. Only in a worker; `serial` is the default. */
  readonly order?: "serial" | "optimistic"
  /** How often an optimistic entry is computed at most, before it fails with HandlerConflict. Default 10. */
  readonly attempts?: number
  /** A call within the window cannot be ended from outside, so that `callMs` is refused there. */
  readonly limits?: Where extends "inline" ? Omit<Limits, "callMs"> & { readonly callMs?: never } : Limits
  /** What it is granted besides its own memory. Default nothing. */
  readonly imports?: ReadonlyArray<Import>
  readonly state: State
  readonly params: Params
  /** Of a request. Left out: what it gives back is not looked at. */
  readonly response?: Response
  /** The params of the call by which an instance begins, if the code has `init`. Default null. */
  readonly initWith?: Module.TypeOf<Params>
  /** The same state and params give the same: calls are remembered. It must keep nothing: `memory: "none"`. */
  readonly pure?: boolean
  readonly replies?: RepliesOptions
  /**
   * Its code begins again after a fault, and the action with it. Left out: a fault fails the entry at once. In the place
   * of this a parent's `spawn` decides, where it spawned the instance. Not inline, where nothing can wait.
   */
  readonly restart?: RestartOptions<HandlerFault>
  /** Told, in the instance's scope, when there are no more restarts, unless a parent has spawned the instance. */
  readonly parent?: (error: ChildError) => Effect.Effect<unknown, unknown>
  /**
   * Asked by a hot reload, where the module had this handler with code of another hash: from the JSON of the state as
   * it is to that of the new schema. Left out: the state is kept, and refused where it does not fit.
   */
  readonly migrate?: (state: unknown, from: { readonly module: string }) => unknown
  /** Bytes of a state from which on one warning is given. Default a million. */
  readonly warnStateBytes?: number
  /** By which a remote one is asked. Default: fetch. */
  readonly client?: HttpClient.HttpClient
  /** Each line that it writes, besides those of HandlerActivity. */
  readonly console?: (line: ConsoleLine) => void
}

type SourceOf<Abi extends ProgramSource["abi"]> = Extract<ProgramSource, { readonly abi: Abi }>

type Bytes = Uint8Array<ArrayBuffer>

/** Which kind of code it is, and where it is to be had. A string is an address, but for a script. */
export type Sourced =
  | { readonly abi: "core"; readonly source: Bytes | URL | string }
  /** The address of its process. */
  | { readonly abi: "remote"; readonly source: URL | string }
  /** The address of its manifest, or what `Component.resolve` has made of that. */
  | { readonly abi: "component"; readonly source: URL | string | SourceOf<"component"> }
  /** What loads it as it is: a script with its engine. */
  | { readonly abi: "lua"; readonly source: SourceOf<"lua"> }
  | {
      readonly abi: "lua"
      /** The script itself, or its address as a URL. */
      readonly source: string | URL
      /** Where wasmoon's WebAssembly, `wasmoon/dist/glue.wasm`, is served. */
      readonly wasm: Bytes | URL | string
      /** What the script is called in errors that name a line. Default the handler's name. */
      readonly file?: string
    }

export type AnyOptions = Options<Module.AnySchema, Module.AnySchema, Module.AnySchema, Isolation> & Sourced
