/** What is asked of a thread's machines, and what they answer: values, which can be sent to another thread. */
import type { Pinned } from "../Recordable.ts"
import type { Delta } from "../Image.ts"
import type { Call, FaultKind, Returned } from "../Machine.ts"

/** One call of one unit: an instance, or all callers that are none. Units never share a machine. */
export interface Step {
  readonly unit: number
  readonly call: Call
  readonly granted: Pinned
  /** From the memory after the unit's last good step, or from the empty image. Undefined: it is as it should be. */
  readonly restore: Delta | undefined
  /** Units that are asked for no more as they are: their machines are given up. */
  readonly forget: ReadonlyArray<number>
}

/** A Fault's fields. */
export interface Faulted {
  readonly _tag: "Fault"
  readonly kind: FaultKind
  readonly detail: string
  readonly at: { readonly source: string; readonly line: number } | undefined
}

export interface Stepped {
  readonly returned: Returned | Faulted
  /** From the memory before the call; from the empty image, if that was the one its code begins with. */
  readonly delta: Delta | undefined
  /** 0 where nobody measures it: a clock costs as much as a short call within the window. */
  readonly ranMs: number
  /** Of all of its memories afterwards. */
  readonly pages: number
  readonly fuel: number | undefined
}
