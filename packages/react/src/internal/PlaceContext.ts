"use client"
import type { Runtime } from "@sluice/core"
import { createContext } from "react"
import type { View } from "./view/View.ts"

/** What a provider gives to the components below. */
export interface Place {
  readonly runtime: Runtime.AnyRuntime
  /** None where it is not concurrent. */
  readonly view: View | undefined
}

export const PlaceContext = createContext<Place | undefined>(undefined)
