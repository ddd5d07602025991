"use client"
import type { Runtime } from "@sluice/core"
import * as Data from "effect/Data"
import { createContext, useContext } from "react"

/** A hook of this package was called outside a RuntimeProvider. */
export class RuntimeNotProvided extends Data.TaggedError("RuntimeNotProvided") {
  override get message() {
    return "No Sluice runtime is provided here. Render the component inside <RuntimeProvider runtime={runtime}>."
  }
}

export const RuntimeContext = createContext<Runtime.AnyRuntime | undefined>(undefined)

/** The runtime of the nearest RuntimeProvider. Throws `RuntimeNotProvided` where there is none. */
export const useRuntime = (): Runtime.AnyRuntime => {
  const runtime = useContext(RuntimeContext)
  if (runtime === undefined) throw new RuntimeNotProvided()
  return runtime
}
