/** Reports on airports, computed from the data files; the files are read once, when first asked for. */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import type { Airport } from "../src/domain/Airport.ts"
import { parseAirports } from "../src/domain/Airport.ts"
import { reportOn, type AirportReport } from "../src/domain/AirportReport.ts"
import { decodeFlight, type Flight } from "../src/domain/Flight.ts"
import type { DataFiles } from "./DataFiles.ts"

/** A data file could not be read or is not what its name says. */
export class BadData extends Data.TaggedError("BadData")<{
  readonly file: string
  readonly problem: string
}> {
  override get message() {
    return `${this.file} cannot be used: ${this.problem}. Put a right one in its place and start the server again.`
  }
}

interface Loaded {
  readonly airports: ReadonlyMap<string, Airport>
  readonly flights: ReadonlyArray<Flight>
}

const parseFlights = (text: string): ReadonlyArray<unknown> | undefined => {
  try {
    const parsed: unknown = JSON.parse(text)
    return Array.isArray(parsed) ? parsed : undefined
  } catch {
    return undefined
  }
}

const load = (files: DataFiles) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const read = (file: string) =>
      fs.readFileString(file).pipe(Effect.mapError((error) => new BadData({ file, problem: error.message })))
    const airports = parseAirports(yield* read(files.airports))
    if (airports === undefined) {
      return yield* new BadData({ file: files.airports, problem: "it has no table of airports" })
    }
    const raws = parseFlights(yield* read(files.flights))
    if (raws === undefined)
      return yield* new BadData({ file: files.flights, problem: "it has no JSON array" })
    const flights = raws
      .map((raw, index) => decodeFlight(raw, index, (code) => airports.has(code)))
      .filter(Result.isSuccess)
      .map((outcome) => outcome.success)
    const loaded: Loaded = { airports, flights }
    return loaded
  })

export class AirportReports extends Context.Service<
  AirportReports,
  {
    /** Undefined when there is no such airport. */
    readonly on: (code: string) => Effect.Effect<AirportReport | undefined, BadData>
  }
>()("flightdesk/server/AirportReports") {
  static readonly layer = (files: DataFiles) =>
    Layer.effect(
      AirportReports,
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const data = yield* Effect.cached(Effect.provideService(load(files), FileSystem.FileSystem, fs))
        return AirportReports.of({
          on: (code) =>
            Effect.map(data, ({ airports, flights }) => {
              const airport = airports.get(code)
              return airport === undefined ? undefined : reportOn(airport, flights)
            })
        })
      })
    )
}
