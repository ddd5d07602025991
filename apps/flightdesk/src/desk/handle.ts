/** What the desk gives to whoever has its console open. */
import type * as modules from "../modules/index.ts"
import type { DeskRuntime } from "./runtime.ts"

export interface DeskHandle {
  readonly runtime: DeskRuntime
  readonly modules: typeof modules
}

declare global {
  interface Window {
    /** For example `flightdesk.runtime.resolve(flightdesk.modules.Flights.tag).unsafe.getState()`. */
    flightdesk: DeskHandle
  }
}
