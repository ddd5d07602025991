"use client"
import type { Runtime } from "@sluice/core"
import * as Data from "effect/Data"
import { useContext } from "react"
import { type Place, PlaceContext } from "./internal/PlaceContext.ts"

/** A hook of this package was called outside a RuntimeProvider. */
export class RuntimeNotProvided extends Data.TaggedError("RuntimeNotProvided") {
  override get message() {
    return "No Sluice runtime is provided here. Render the component inside <RuntimeProvider runtime={runtime}>."
  }
}

export const usePlace = (): Place => {
  const place = useContext(PlaceContext)
  if (place === undefined) throw new RuntimeNotProvided()
  return place
}

/** The runtime of the nearest RuntimeProvider. Throws `RuntimeNotProvided` where there is none. */
export const useRuntime = (): Runtime.AnyRuntime => usePlace().runtime
