/**
 * The desk's first page, as the server renders it: the flights that had arrived when the desk opened. Built as
 * a bundle of its own, because node reads no JSX; what goes in and out is plain data.
 */
import { PassThrough, Readable } from "node:stream"
import type { Runtime } from "@sluice/core"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import { renderToPipeableStream } from "react-dom/server"
import { writeOpening } from "../src/desk/opening.ts"
import { type DeskRuntime, makeDeskRuntime } from "../src/desk/runtime.ts"
import type { Airport } from "../src/domain/Airport.ts"
import { drawStates } from "../src/domain/projection.ts"
import { makeTimetable } from "../src/domain/Timetable.ts"
import { Atlas } from "../src/modules/Atlas.ts"
import { Desk, type Filter } from "../src/modules/Desk.ts"
import { Flights } from "../src/modules/Flights.ts"
import { Replay } from "../src/modules/Replay.ts"
import { DeskApi, isStates } from "../src/services/DeskApi.ts"
import { namedAirports } from "../src/services/Feed.ts"
import { DeskRoot } from "../src/ui/DeskRoot.tsx"

/** The hour of the first day at which the desk opens: what came before is on the first page. */
const openingHour = 10

export interface DeskFiles {
  /** The elements of the file, each still to be decoded. */
  readonly flights: ReadonlyArray<unknown>
  readonly airports: ReadonlyMap<string, Airport>
  /** `us-10m.json`, or anything else. */
  readonly states: unknown
}

/** What nobody asks before the desk is in the browser. */
const absent = {
  flights: Effect.never,
  airports: Effect.never,
  states: Effect.never,
  record: () => Effect.never,
  forget: () => Effect.never,
  report: () => Effect.never,
  fault: Effect.never,
  setFault: () => Effect.never
}
const absentApi = Layer.succeed(DeskApi, DeskApi.of(absent))

export interface FirstPage {
  /**
   * The whole document, of the built `index.html`. Settles when all of it can be sent but what parts of it wait
   * for; rejects when it cannot be rendered.
   */
  readonly render: (template: string, query: URLSearchParams) => Promise<Readable>
}

/** The desk as it opens, from the files alone. */
const openingOf = ({ airports, flights, states }: DeskFiles): Runtime.Snapshot => {
  const entries = makeTimetable(flights, (code) => airports.has(code))
  const start = entries[0]?.time ?? 0
  const opensAt = new Date(start).setUTCHours(openingHour, 0, 0, 0)
  const before = entries.filter(({ time }) => time < opensAt)
  const runtime = makeDeskRuntime({ api: absentApi })
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

const place = '<div id="root"></div>'

/** Reads the files once; each page has a runtime of its own. */
export const makeFirstPage = (files: DeskFiles): FirstPage => {
  const opening = openingOf(files)
  return {
    render: async (template, query) => {
      const [before, after] = template.split(place)
      if (before === undefined || after === undefined) throw new Error(`The page has no ${place}`)
      const runtime = makeDeskRuntime({ api: absentApi, hydrate: opening })
      runtime
        .resolve(Desk.tag)
        .unsafe.dispatch({ _tag: "filtered", payload: filterOf(query, files.airports) })
      const { abort, stream } = await rendered(runtime)
      const page = async function* () {
        try {
          yield before + place.slice(0, -"</div>".length)
          yield* stream
          yield (
            "</div>" + writeOpening(runtime.dehydrate({ modules: [Flights, Replay, Atlas, Desk] })) + after
          )
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

const rendered = (runtime: DeskRuntime): Promise<Rendered> =>
  new Promise((resolve, reject) => {
    const { abort, pipe } = renderToPipeableStream(<DeskRoot runtime={runtime} />, {
      onShellReady: () => resolve({ stream: pipe(new PassThrough()), abort: () => abort() }),
      onShellError: reject
    })
  })
