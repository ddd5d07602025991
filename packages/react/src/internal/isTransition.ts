"use client"
import * as React from "react"

const read = (owner: unknown, name: string): unknown =>
  typeof owner === "object" && owner !== null ? Reflect.get(owner, name) : undefined

// By names in variables, so that no bundler asks React for an export that one of its versions does not have.
const since19 = "__CLIENT_INTERNALS_DO_NOT_USE_OR_WARN_USERS_THEY_CANNOT_UPGRADE"
const until18 = "__SECRET_INTERNALS_DO_NOT_USE_OR_YOU_WILL_BE_FIRED"
const internals = read(React, since19)
const [owner, name] =
  internals === undefined
    ? [read(read(React, until18), "ReactCurrentBatchConfig"), "transition"]
    : [internals, "T"]

/**
 * Whether an update that is made here and now is a transition's. React does not tell in public. Where it cannot
 * be found out, each update counts as one: that costs renders, and a hook may be put right after it has rendered.
 */
export const isTransition = (): boolean => read(owner, name) !== null

/**
 * Makes one update. In development React counts those of a transition, and warns of more than ten, as a sign of a
 * subscription that is not concurrent; one in a transition of its own within is in the same lane, and not counted.
 */
export const updateQuietly = (update: () => void): void => {
  const transition = read(owner, name)
  if (typeof transition === "object" && transition !== null) React.startTransition(update)
  else update()
}
