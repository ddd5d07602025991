/**
 * Plays the flights of the file in the order of their time. It knows no module: what connects to it gives it
 * functions to call, and it awaits each flight's Promise before the next, so whoever is slow to take a flight
 * slows the replay and nothing else.
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as FiberHandle from "effect/FiberHandle"
import * as Layer from "effect/Layer"
import * as Result from "effect/Result"
import type { Airport } from "../domain/Airport.ts"
import type { Flight, Rejection } from "../domain/Flight.ts"
import { type Entry, makeTimetable } from "../domain/Timetable.ts"
import type { ApiError } from "./ApiError.ts"
import { DeskApi } from "./DeskApi.ts"
import { type Pace, ReplayClock } from "./ReplayClock.ts"

export interface FlightSink {
  readonly arrived: (flight: Flight) => Promise<void>
  readonly rejected: (rejection: Rejection) => Promise<void>
}

export interface Progress {
  /** Entries delivered so far, rejected ones too. */
  readonly position: number
  readonly clock: number
  /** Set when the replay stopped by itself. */
  readonly ended?: { readonly problem: string | null }
}

export interface Loaded {
  readonly total: number
  readonly start: number
  readonly end: number
  /** Those that the flights name. */
  readonly airports: ReadonlyArray<Airport>
}

/** A flight was not taken; the replay stopped there. */
class NotTaken extends Data.TaggedError("NotTaken")<{ readonly cause: unknown }> {
  override get message() {
    return this.cause instanceof Error ? this.cause.message : String(this.cause)
  }
}

/** Between two reports of progress. */
const reportEveryMs = 100
/** The longest stretch of work at full speed before the browser may paint. */
const breathEveryMs = 8

export const namedAirports = (
  entries: ReadonlyArray<Entry>,
  airports: ReadonlyMap<string, Airport>
): ReadonlyArray<Airport> => {
  const codes = new Set<string>()
  for (const { outcome } of entries) {
    if (Result.isFailure(outcome)) continue
    codes.add(outcome.success.origin)
    codes.add(outcome.success.destination)
  }
  return [...codes].sort().flatMap((code) => airports.get(code) ?? [])
}

export class Feed extends Context.Service<
  Feed,
  {
    readonly load: Effect.Effect<Loaded, ApiError>
    /** So many entries have been delivered already. */
    readonly startAt: (position: number) => Effect.Effect<void>
    readonly deliverTo: (sink: FlightSink) => Effect.Effect<void>
    readonly reportTo: (report: (progress: Progress) => Promise<void>) => Effect.Effect<void>
    readonly setPace: (pace: Pace) => Effect.Effect<void>
    readonly play: Effect.Effect<void>
    /** The flight that is on its way stays so, and is delivered once. */
    readonly pause: Effect.Effect<void>
    /** Delivers one entry. Does nothing while playing. */
    readonly step: Effect.Effect<void>
    readonly rewind: Effect.Effect<void>
  }
>()("flightdesk/Feed") {
  static readonly layer = Layer.effect(
    Feed,
    Effect.gen(function* () {
      const api = yield* DeskApi
      const running = yield* FiberHandle.make<void>()
      const clock = new ReplayClock(1, () => performance.now())

      // Written by `load`, `deliverTo`, `reportTo`.
      let entries: ReadonlyArray<Entry> = []
      let sink: FlightSink | undefined
      let report: (progress: Progress) => Promise<void> = () => Promise.resolve()
      // Written by `startAt`, `deliver` and `rewind`.
      let position = 0
      let onItsWay: Promise<void> = Promise.resolve()
      // Written by `tell` and `breathe`.
      let toldAt = 0
      let breathedAt = 0

      const deliver = (entry: Entry): Promise<void> => {
        if (sink === undefined) return Promise.reject(new Error("Nothing is connected to the feed"))
        position++
        clock.arrivedAt(entry.time)
        onItsWay = Result.isSuccess(entry.outcome)
          ? sink.arrived(entry.outcome.success)
          : sink.rejected(entry.outcome.failure)
        return onItsWay
      }

      const taken = Effect.tryPromise({ try: () => onItsWay, catch: (cause) => new NotTaken({ cause }) })

      const deliverNext = (entry: Entry) =>
        Effect.tryPromise({ try: () => deliver(entry), catch: (cause) => new NotTaken({ cause }) })

      const tell = (ended?: Progress["ended"]) =>
        Effect.promise(() => {
          toldAt = performance.now()
          const atEnd = position >= entries.length
          const time = atEnd
            ? (entries.at(-1)?.time ?? 0)
            : Math.min(clock.read(), entries[position]?.time ?? 0)
          return report({ position, clock: time, ...(ended === undefined ? {} : { ended }) })
        })

      const tellNowAndThen = Effect.suspend(() =>
        performance.now() - toldAt < reportEveryMs ? Effect.void : tell()
      )

      const breathe = Effect.suspend(() => {
        if (performance.now() - breathedAt < breathEveryMs) return Effect.void
        return Effect.tap(Effect.yieldNow, () =>
          Effect.sync(() => {
            breathedAt = performance.now()
          })
        )
      })

      const waitFor = (time: number) =>
        Effect.gen(function* () {
          for (;;) {
            const ms = clock.until(time)
            if (ms <= 0) return
            yield* tellNowAndThen
            yield* Effect.sleep(Math.min(ms, reportEveryMs))
          }
        })

      const stopping = <E extends { readonly message: string }>(effect: Effect.Effect<void, E>) =>
        effect.pipe(Effect.catch((error) => tell({ problem: error.message })))

      const playOn = stopping(
        Effect.gen(function* () {
          yield* taken
          clock.set(entries[position - 1]?.time ?? entries[0]?.time ?? 0)
          for (let entry = entries[position]; entry !== undefined; entry = entries[position]) {
            yield* waitFor(entry.time)
            yield* deliverNext(entry)
            yield* tellNowAndThen
            yield* breathe
          }
          yield* tell({ problem: null })
        })
      )

      const stepOnce = stopping(
        Effect.gen(function* () {
          yield* taken
          const entry = entries[position]
          if (entry === undefined) return
          clock.set(entry.time)
          yield* deliverNext(entry)
          yield* tell(position === entries.length ? { problem: null } : undefined)
        })
      )

      const pause = FiberHandle.clear(running)

      return Feed.of({
        load: Effect.gen(function* () {
          const [raws, airports] = yield* Effect.all([api.flights, api.airports], { concurrency: 2 })
          entries = makeTimetable(raws, (code) => airports.has(code))
          const start = entries[0]?.time ?? 0
          clock.set(start)
          return {
            total: entries.length,
            start,
            end: entries.at(-1)?.time ?? start,
            airports: namedAirports(entries, airports)
          }
        }),
        startAt: (given) =>
          Effect.sync(() => {
            position = Math.min(given, entries.length)
            clock.set(entries[position - 1]?.time ?? entries[0]?.time ?? 0)
          }),
        deliverTo: (given) =>
          Effect.sync(() => {
            sink = given
          }),
        reportTo: (given) =>
          Effect.sync(() => {
            report = given
          }),
        setPace: (pace) => Effect.sync(() => clock.setPace(pace)),
        play: Effect.asVoid(FiberHandle.run(running, playOn)),
        pause: Effect.andThen(pause, tell()),
        step: Effect.asVoid(FiberHandle.run(running, stepOnce, { onlyIfMissing: true })),
        rewind: Effect.gen(function* () {
          yield* pause
          position = 0
          onItsWay = Promise.resolve()
          clock.set(entries[0]?.time ?? 0)
        })
      })
    })
  )
}
