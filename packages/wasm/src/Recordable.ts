/** What a handler lets be recorded of the calls that its instances make, and be done again. For recovery/*. */
import type * as Effect from "effect/Effect"
import type { HandlerFault } from "./Errors.ts"
import type { Image } from "./Image.ts"
import type { Call, CallKind, FaultKind, Returned } from "./Machine.ts"

/** What a call was granted of the world. With the same again, it computes the same again. */
export interface Pinned {
  /** Milliseconds since 1970; the clock stands still for the call. */
  readonly clock: number | undefined
  /** 32 bits, from which the call's random numbers follow. */
  readonly seed: number | undefined
}

/** One call that an instance made, and what became of it. An action that is computed again is one call, its last. */
export interface CallRecord {
  readonly kind: CallKind
  /** Tag of the action, where it was one. */
  readonly action: string | undefined
  /** UTF-8 JSON, as the code was given it. */
  readonly params: Uint8Array<ArrayBuffer>
  readonly granted: Pinned
  readonly outcome: "ok" | "err" | "mismatch" | FaultKind
  /** Undefined where it is ok. */
  readonly error: string | undefined
}

const rebased = new WeakSet<CallRecord>()

/** That the call was given another state than the one in whose place its own was committed: a restart's. */
export const rebase = (call: CallRecord): void => void rebased.add(call)

/** Then it cannot be made again from the state before. */
export const isRebased = (call: CallRecord): boolean => rebased.has(call)

/** A handler, as recovery sees it. `S` is the state of its module. */
export interface Recordable<in out S> {
  readonly name: string
  /** Of its code, in hexadecimal. */
  readonly sha256: string
  /** What its code remembers at this state. Undefined: nothing, as before its first call. */
  readonly memoryOf: (state: S) => Image | undefined
  readonly remember: (state: S, image: Image) => void
  /**
   * The call that computed it: the same object for as long as the state has it, and for a state that it was carried
   * to. So the second state with one record was made by another entry.
   */
  readonly callOf: (state: S) => CallRecord | undefined
  /** Told of each call of that instance that gave no state: in order, and before its entry ends. */
  readonly onFailed: (instanceId: string, listener: (call: CallRecord) => void) => () => void
  /** UTF-8 JSON, as its code is given it. */
  readonly encode: (state: S) => Uint8Array<ArrayBuffer>
  /** The state's Schema, on what was stored. Fails with HandlerMismatch by throwing it. */
  readonly decode: (state: Uint8Array<ArrayBuffer>) => S
  /** From the JSON of a state that other code has left, where it is declared. */
  readonly migrateState?: ((state: unknown, from: { readonly module: string }) => unknown) | undefined
  /** A call for nobody: on a machine that is brought to the image (undefined: to none). Nothing is told of it. */
  readonly run: (
    call: Call,
    image: Image | undefined,
    granted: Pinned
  ) => Effect.Effect<{ readonly returned: Returned; readonly image: Image | undefined }, HandlerFault>
}
