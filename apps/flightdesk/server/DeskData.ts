/** The data files, each read once, when first asked for. */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import type { Airport } from "../src/domain/Airport.ts"
import { parseAirports } from "../src/domain/Airport.ts"
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

const parseJson = (file: string, text: string): Effect.Effect<unknown, BadData> =>
  Effect.try({
    try: (): unknown => JSON.parse(text),
    catch: () => new BadData({ file, problem: "it is no JSON" })
  })

export class DeskData extends Context.Service<
  DeskData,
  {
    readonly airports: Effect.Effect<ReadonlyMap<string, Airport>, BadData>
    /** The elements of the file, each still to be decoded. */
    readonly flights: Effect.Effect<ReadonlyArray<unknown>, BadData>
    readonly states: Effect.Effect<unknown, BadData>
  }
>()("flightdesk/server/DeskData") {
  static readonly layer = (files: DataFiles) =>
    Layer.effect(
      DeskData,
      Effect.gen(function* () {
        const fs = yield* FileSystem.FileSystem
        const read = (file: string) =>
          fs
            .readFileString(file)
            .pipe(Effect.mapError((error) => new BadData({ file, problem: error.message })))
        const readJson = (file: string) => Effect.flatMap(read(file), (text) => parseJson(file, text))
        return DeskData.of({
          airports: yield* Effect.cached(
            Effect.flatMap(read(files.airports), (text) => {
              const airports = parseAirports(text)
              return airports === undefined
                ? Effect.fail(new BadData({ file: files.airports, problem: "it has no table of airports" }))
                : Effect.succeed(airports)
            })
          ),
          flights: yield* Effect.cached(
            Effect.flatMap(readJson(files.flights), (json) =>
              Array.isArray(json)
                ? Effect.succeed<ReadonlyArray<unknown>>(json)
                : Effect.fail(new BadData({ file: files.flights, problem: "it has no JSON array" }))
            )
          ),
          states: yield* Effect.cached(readJson(files.states))
        })
      })
    )
}
