/** Trouble that the server makes on request, so that what the desk does about it can be seen. */
import * as Schema from "effect/Schema"

/**
 * `down` answers 503; `slow` does its work and answers late; `nonsense` answers 200 with bytes that mean
 * nothing and does no work.
 */
export const Fault = Schema.Literals(["none", "down", "slow", "nonsense"])
export type Fault = typeof Fault.Type

export const FaultSetting = Schema.Struct({ fault: Fault })
