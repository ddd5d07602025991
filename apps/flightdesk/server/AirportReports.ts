/** Reports on airports, computed from the data. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import { reportOn, type AirportReport } from "../src/domain/AirportReport.ts"
import { decodeFlight } from "../src/domain/Flight.ts"
import { type BadData, DeskData } from "./DeskData.ts"

export class AirportReports extends Context.Service<
  AirportReports,
  {
    /** Undefined when there is no such airport. */
    readonly on: (code: string) => Effect.Effect<AirportReport | undefined, BadData>
  }
>()("flightdesk/server/AirportReports") {
  static readonly layer = Layer.effect(
    AirportReports,
    Effect.gen(function* () {
      const data = yield* DeskData
      const loaded = yield* Effect.cached(
        Effect.gen(function* () {
          const airports = yield* data.airports
          const flights = (yield* data.flights)
            .map((raw, index) => decodeFlight(raw, index, (code) => airports.has(code)))
            .filter(Result.isSuccess)
            .map((outcome) => outcome.success)
          return { airports, flights }
        })
      )
      return AirportReports.of({
        on: (code) =>
          Effect.map(loaded, ({ airports, flights }) => {
            const airport = airports.get(code)
            return airport === undefined ? undefined : reportOn(airport, flights)
          })
      })
    })
  )
}
