import { useSyncExternalStore } from "react"
import type { PanelModel, PanelState } from "./model.ts"

/**
 * A part of the panel's state, by reference. Components take it from here and not from their props: React
 * in development compares and records changed props, and would walk thousands of entries and whole states.
 */
export const usePanel = <A>(model: PanelModel, select: (state: PanelState) => A): A => {
  const read = () => select(model.getState())
  return useSyncExternalStore(model.subscribe, read, read)
}
