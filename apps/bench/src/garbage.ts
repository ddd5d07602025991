/** Collections on demand, so that one contender's garbage is not collected on another's time. */
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"

setFlagsFromString("--expose-gc")
// A context made after the flag was set has the function; the one we run in was made before.
const gc = runInNewContext("gc") as (options?: { readonly type: "minor" }) => void

export const collectAll = (): void => gc()

export const collectYoung = (): void => gc({ type: "minor" })
