"use client"
import type { Runtime } from "@sluice/core"
import { createContext, useContext } from "react"
import { RuntimeNotProvided } from "./Errors.ts"

export const RuntimeContext = createContext<Runtime.AnyRuntime | undefined>(undefined)

/** The runtime of the nearest RuntimeProvider. Throws `RuntimeNotProvided` where there is none. */
export const useRuntime = (): Runtime.AnyRuntime => {
  const runtime = useContext(RuntimeContext)
  if (runtime === undefined) throw new RuntimeNotProvided()
  return runtime
}
