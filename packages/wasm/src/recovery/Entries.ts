/** What becomes of an instance, as the journal has it. */
import type { Image } from "../Image.ts"
import { hashOf, sha256Of } from "../memory/Hash.ts"
import type { CallRecord } from "../Recordable.ts"
import type { Entry } from "./Headers.ts"

export interface Told<S> {
  readonly slot: number
  readonly state: S
  readonly image: Image | undefined
  /** Undefined: a commit that no call made. */
  readonly call: CallRecord | undefined
  readonly origin: string
  readonly carried: boolean
  readonly snapshot: boolean
}

const text = new TextDecoder()

export const failedOf = ({ call }: Told<unknown>): boolean => call !== undefined && call.outcome !== "ok"

/** Of a slot that cannot be read. */
export const lost = ({ origin }: Told<unknown>): Entry => ({
  _tag: "state",
  origin,
  carried: false,
  memory: null,
  state: "null"
})

/** `bytes`: its state, as JSON. `derives`: see JournalOptions. */
export const entryOf = async (
  { call, carried, image, origin, snapshot }: Told<unknown>,
  bytes: Uint8Array<ArrayBuffer>,
  { derives }: { readonly derives: boolean }
): Promise<Entry> => {
  const memory = snapshot && image !== undefined ? await hashOf(image) : null
  if (call === undefined) return { _tag: "state", origin, carried, memory, state: text.decode(bytes) }
  const { action, error, granted, kind, outcome, params } = call
  return {
    _tag: "call",
    kind,
    action: action ?? null,
    params: text.decode(params),
    clock: granted.clock ?? null,
    seed: granted.seed ?? null,
    outcome,
    error: error ?? null,
    state: outcome === "ok" ? await sha256Of(bytes) : null,
    completed: outcome === "ok" && derives ? text.decode(bytes) : null,
    memory
  }
}
