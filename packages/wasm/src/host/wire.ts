/** Steps as messages: flat, since what takes time in a small message is the names and nesting of its fields. */
import type { Delta } from "../Image.ts"
import type { CallKind, ConsoleLine, LoadOptions, ProgramSource, Returned } from "../Machine.ts"
import { pack, unpack } from "../memory/Delta.ts"
import type { Faulted, Step, Stepped } from "./Step.ts"

type Bytes = Uint8Array<ArrayBuffer>

export type WireStep = readonly [
  unit: number,
  kind: CallKind,
  tag: string | undefined,
  state: Bytes | null,
  params: Bytes,
  clock: number | undefined,
  seed: number | undefined,
  restore: Delta | undefined,
  forget: ReadonlyArray<number>
]

export const ofStep = ({ call, forget, granted, restore, unit }: Step): WireStep => [
  unit,
  call.kind,
  call.tag,
  call.state,
  call.params,
  granted.clock,
  granted.seed,
  restore && pack(restore),
  forget
]

export const toStep = ([unit, kind, tag, state, params, clock, seed, restore, forget]: WireStep): Step => ({
  unit,
  call: { kind, tag, state, params },
  granted: { clock, seed },
  restore: restore && unpack(restore),
  forget
})

export type WireStepped = readonly [
  state: Bytes | null,
  response: Bytes | null,
  /** Undefined where it is ok: then the two before are what it gave. */
  failed: Exclude<Returned, { readonly _tag: "Ok" }> | Faulted | undefined,
  delta: Delta | undefined,
  ranMs: number,
  pages: number,
  fuel: number | undefined
]

/** The pages are copied on their way: they are also what the next step is compared with. */
export const ofStepped = ({ delta, fuel, pages, ranMs, returned }: Stepped): WireStepped =>
  returned._tag === "Ok"
    ? [returned.state, returned.response, undefined, delta && pack(delta), ranMs, pages, fuel]
    : [null, null, returned, undefined, ranMs, pages, fuel]

export const toStepped = ([state, response, failed, delta, ranMs, pages, fuel]: WireStepped): Stepped => ({
  returned: failed ?? { _tag: "Ok", state, response },
  delta: delta && unpack(delta),
  ranMs,
  pages,
  fuel
})

/** A step is an array: what else is said is an object. */
export type ToWorker =
  | { readonly _tag: "Load"; readonly source: ProgramSource; readonly options: LoadOptions }
  | WireStep

export type FromWorker =
  | {
      readonly _tag: "Loaded"
      readonly sha256: string
      readonly kinds: ReadonlySet<CallKind>
      readonly prepared: ProgramSource | undefined
    }
  /** An error's own fields: of a LoadError, or of what nobody foresaw. */
  | { readonly _tag: "Refused"; readonly error: Readonly<Record<string, unknown>> }
  | { readonly _tag: "Line"; readonly line: ConsoleLine }
  | WireStepped
