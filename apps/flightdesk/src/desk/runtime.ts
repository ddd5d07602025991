import { Runtime } from "@sluice/core"
import * as Cause from "effect/Cause"
import * as Layer from "effect/Layer"
import { AirportDetailLive } from "../modules/AirportDetail.ts"
import { AtlasLive } from "../modules/Atlas.ts"
import { DelayModelIdle, DelayModelLive } from "../modules/DelayModel.ts"
import { DeskLive } from "../modules/Desk.ts"
import { FlightsLive } from "../modules/Flights.ts"
import { LuaRulesLive } from "../modules/LuaRules.ts"
import { ReplayLive } from "../modules/Replay.ts"
import { ServerTroubleLive } from "../modules/ServerTrouble.ts"
import { WatchLive } from "../modules/Watch.ts"
import { DeskApi } from "../services/DeskApi.ts"
import { Feed } from "../services/Feed.ts"

export interface DeskRuntimeOptions {
  /** What the server's page was rendered from. */
  readonly hydrate?: unknown
  /** Renders one page on the server. */
  readonly server?: boolean
  /** The desk's server itself is asked in another way. */
  readonly api?: Layer.Layer<DeskApi>
}

/** The desk's modules and what they run on. */
export const makeDeskRuntime = ({ api = DeskApi.layer, hydrate, server = false }: DeskRuntimeOptions = {}) =>
  Runtime.make(
    [
      AtlasLive,
      FlightsLive,
      WatchLive,
      LuaRulesLive,
      ReplayLive,
      AirportDetailLive,
      ServerTroubleLive,
      DeskLive,
      server ? DelayModelIdle : DelayModelLive
    ],
    {
      label: "Flight desk",
      hydrate,
      server,
      layer: Layer.provideMerge(Feed.layer, api),
      trace: { level: "full" },
      // A program of the desk failed: for whoever has the console open.
      // oxlint-disable-next-line no-console
      onError: (cause, info) => console.error(Cause.pretty(cause), info)
    }
  )

export type DeskRuntime = ReturnType<typeof makeDeskRuntime>
