/** Calls of a handler that is declared pure: what they gave, by what they were given. */
import type { Ran } from "../host/Host.ts"
import type { Call } from "../Machine.ts"

/** Calls that are remembered of each handler; the least lately used goes first. */
const capacity = 1000
/** Params that are remembered of each state. */
const perState = 16

const decoder = new TextDecoder()
const textOf = (bytes: Uint8Array | null): string => (bytes === null ? "" : decoder.decode(bytes))

/** JSON has no such character outside of its escapes. */
const keyOf = ({ kind, params, state, tag = "" }: Call): string =>
  [kind, tag, textOf(state), textOf(params)].join("\u0000")

type Given = Pick<Ran, "returned" | "image">

/** By the bytes of state and params. */
export class ByBytes {
  private readonly kept = new Map<string, Given>()

  /** To be asked before the call: its bytes may be another thread's afterwards. */
  readonly key = keyOf

  get(key: string): Ran | undefined {
    const given = this.kept.get(key)
    if (given === undefined) return undefined
    this.kept.delete(key)
    this.kept.set(key, given)
    return { ...given, ranMs: 0, waitedMs: 0, pages: 0, pagesChanged: 0, fuel: undefined }
  }

  /** A fault is not what the code gave. */
  set(key: string, { image, returned }: Ran): void {
    if (returned._tag === "Fault") return
    this.kept.set(key, { image, returned })
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= capacity) return
      this.kept.delete(oldest)
    }
  }
}

/** By the objects themselves, without looking into them: quick enough for the window. */
export class ByReference<A> {
  private readonly kept = new Map<string, WeakMap<object, Map<unknown, A>>>()

  /** `way` into the code: another one may give something else. */
  of(way: string, state: unknown, params: unknown, call: () => A): A {
    if (typeof state !== "object" || state === null) return call()
    const states = this.kept.get(way) ?? new WeakMap<object, Map<unknown, A>>()
    this.kept.set(way, states)
    const known = states.get(state) ?? new Map<unknown, A>()
    const before = known.get(params)
    if (before !== undefined) return before
    const given = call()
    states.set(state, known)
    known.set(params, given)
    for (const oldest of known.keys()) {
      if (known.size <= perState) break
      known.delete(oldest)
    }
    return given
  }
}
