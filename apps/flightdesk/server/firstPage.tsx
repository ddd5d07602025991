/**
 * The desk's first page, as the server renders it: the flights that had arrived when the desk opened. Built as
 * a bundle of its own, because node reads no JSX; what goes in and out is plain data.
 */
import { PassThrough, Readable } from "node:stream"
import type { Runtime } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import type { ReactNode } from "react"
import { renderToPipeableStream } from "react-dom/server"
import { writeOpening } from "../src/desk/opening.ts"
import { makeDeskRuntime } from "../src/desk/runtime.ts"
import type { Airport } from "../src/domain/Airport.ts"
import type { AirportReport } from "../src/domain/AirportReport.ts"
import { drawStates } from "../src/domain/projection.ts"
import { makeTimetable } from "../src/domain/Timetable.ts"
import { AirportDetail } from "../src/modules/AirportDetail.ts"
import { Atlas } from "../src/modules/Atlas.ts"
import { Desk, type Filter } from "../src/modules/Desk.ts"
import { Flights } from "../src/modules/Flights.ts"
import { Replay } from "../src/modules/Replay.ts"
import { ApiError } from "../src/services/ApiError.ts"
import { DeskApi, isStates } from "../src/services/DeskApi.ts"
import { namedAirports } from "../src/services/Feed.ts"
import { DeskRoot, isConcurrent } from "../src/ui/DeskRoot.tsx"

/** The hour of the first day at which the desk opens: what came before is on the first page. */
const openingHour = 10

export interface DeskFiles {
  /** The elements of the file, each still to be decoded. */
  readonly flights: ReadonlyArray<unknown>
  readonly airports: ReadonlyMap<string, Airport>
  /** `us-10m.json`, or anything else. */
  readonly states: unknown
  /** Rejects where there is none. */
  readonly report: (code: string) => Promise<AirportReport>
}

const nobodyAsks = Effect.die(new Error("The desk does not ask for this before it is in the browser"))

/** What the desk may ask for while it is rendered. */
const apiOf = ({ report }: Pick<DeskFiles, "report">) =>
  Layer.succeed(
    DeskApi,
    DeskApi.of({
      flights: nobodyAsks,
      airports: nobodyAsks,
      states: nobodyAsks,
      record: () => nobodyAsks,
      forget: () => nobodyAsks,
      report: (code) =>
        Effect.tryPromise({
          try: () => report(code),
          catch: () => new ApiError({ problem: "down", detail: "it has no data" })
        }),
      fault: nobodyAsks,
      setFault: () => nobodyAsks
    })
  )

export interface FirstPage {
  /**
   * The whole document, of the built `index.html`. Settles when all of it can be sent, as it must be for a browser
   * without JavaScript; rejects when it cannot be rendered.
   */
  readonly render: (template: string, query: URLSearchParams) => Promise<Readable>
}

/** The desk as it opens, from the files alone. */
const openingOf = ({ airports, flights, report, states }: DeskFiles): Runtime.Snapshot => {
  const entries = makeTimetable(flights, (code) => airports.has(code))
  const start = entries[0]?.time ?? 0
  const opensAt = new Date(start).setUTCHours(openingHour, 0, 0, 0)
  const before = entries.filter(({ time }) => time < opensAt)
  const runtime = makeDeskRuntime({ api: apiOf({ report }), server: true })
  const flightsDesk = runtime.resolve(Flights.tag).unsafe
  for (const { outcome } of before) {
    flightsDesk.dispatch(
      Result.isSuccess(outcome)
        ? { _tag: "arrived", payload: outcome.success }
        : { _tag: "rejected", payload: outcome.failure }
    )
  }
  runtime.resolve(Replay.tag).unsafe.transact("opening", ({ update }) =>
    update((state) => ({
      ...state,
      // The browser loads the flights that come next.
      status: "loading",
      total: entries.length,
      start,
      end: entries.at(-1)?.time ?? start,
      position: before.length,
      clock: before.at(-1)?.time ?? start
    }))
  )
  const atlas = runtime.resolve(Atlas.tag).unsafe
  atlas.dispatch({ _tag: "charted", payload: namedAirports(entries, airports) })
  if (isStates(states)) atlas.dispatch({ _tag: "drawn", payload: drawStates(states) })
  const snapshot = runtime.dehydrate({ modules: [Flights, Replay, Atlas] })
  void runtime.dispose()
  return snapshot
}

const wholeNumber = /^\d{1,4}$/

/** The fields of the filter's form, as a browser sends them. */
const filterOf = (query: URLSearchParams, airports: ReadonlyMap<string, Airport>): Filter => {
  const airport = (query.get("airport") ?? "").toUpperCase()
  const minDelay = query.get("delay") ?? ""
  return {
    airport: airports.has(airport) ? airport : "",
    minDelay: wholeNumber.test(minDelay) ? Number(minDelay) : null,
    route: (query.get("route") ?? "").slice(0, 40)
  }
}

const onPage = [Flights, Replay, Atlas, Desk, AirportDetail]

const place = '<div id="root"></div>'

/** Reads the files once; each page has a runtime of its own. */
export const makeFirstPage = (files: DeskFiles): FirstPage => {
  const opening = openingOf(files)
  return {
    render: async (template, query) => {
      const [before, after] = template.split(place)
      if (before === undefined || after === undefined) throw new Error(`The page has no ${place}`)
      const runtime = makeDeskRuntime({ api: apiOf(files), hydrate: opening, server: true })
      const filter = filterOf(query, files.airports)
      runtime.resolve(Desk.tag).unsafe.dispatch({ _tag: "filtered", payload: filter })
      if (filter.airport !== "") {
        const detail = runtime.resolve(AirportDetail.tag).unsafe
        detail.dispatch({ _tag: "selected", payload: filter.airport })
        // Or the panel would say that it is busy, and the browser find that it is not.
        await detail.whenLoaded("report")
      }
      const { abort, stream } = await rendered(
        <DeskRoot runtime={runtime} concurrent={isConcurrent(query)} />
      )
      const page = async function* () {
        try {
          yield before + place.slice(0, -"</div>".length)
          yield* stream
          yield "</div>" + writeOpening(runtime.dehydrate({ modules: onPage })) + after
        } finally {
          abort()
          void runtime.dispose()
        }
      }
      return Readable.from(page(), { objectMode: false })
    }
  }
}

interface Rendered {
  readonly stream: AsyncIterable<Uint8Array>
  readonly abort: () => void
}

const rendered = (desk: ReactNode): Promise<Rendered> =>
  new Promise((resolve, reject) => {
    const { abort, pipe } = renderToPipeableStream(desk, {
      // What comes later, or is taken apart for its size, is put in its place by a script.
      progressiveChunkSize: Infinity,
      onAllReady: () => resolve({ stream: pipe(new PassThrough()), abort: () => abort() }),
      onShellError: reject
    })
  })
