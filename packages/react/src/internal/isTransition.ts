"use client"
import * as React from "react"

/** Where React 18.3 and 19 keep the transition of the event that is being handled; `undefined` if it is elsewhere. */
const current = (): unknown => {
  const of = (owner: unknown, name: string): unknown =>
    typeof owner === "object" && owner !== null ? Reflect.get(owner, name) : undefined
  const internals = "__CLIENT_INTERNALS_DO_NOT_USE_OR_WARN_USERS_THEY_CANNOT_UPGRADE"
  const secret = "__SECRET_INTERNALS_DO_NOT_USE_OR_YOU_WILL_BE_FIRED"
  // By a variable name, so that no bundler asks React for an export that one of the two does not have.
  const found = of(React, internals)
  return found === undefined
    ? of(of(of(React, secret), "ReactCurrentBatchConfig"), "transition")
    : of(found, "T")
}

/**
 * Whether an update made here and now belongs to a transition. React does not tell in public; where it cannot be
 * found, every update counts as one, which costs renders and is right all the same.
 */
export const isTransition = (): boolean => current() !== null
