/** The flights of a file in the order in which they arrive. */
import * as Result from "effect/Result"
import { decodeFlight, type Flight, type Rejection } from "./Flight.ts"

export interface Entry {
  readonly time: number
  readonly outcome: Result.Result<Flight, Rejection>
}

/**
 * Entries by time, then by place in the file. What is no flight keeps its place: it takes the time of the
 * flight before it in the file, so that it is reported when its turn comes.
 */
export const makeTimetable = (
  raws: ReadonlyArray<unknown>,
  isAirport: (code: string) => boolean
): ReadonlyArray<Entry> => {
  const outcomes = raws.map((raw, index) => decodeFlight(raw, index, isAirport))
  const first = outcomes.find(Result.isSuccess)
  let time = first === undefined ? 0 : first.success.time
  const entries = outcomes.map((outcome): Entry => {
    if (Result.isSuccess(outcome)) time = outcome.success.time
    return { time, outcome }
  })
  // Array.prototype.sort is stable, so the place in the file decides between equal times.
  return entries.sort((a, b) => a.time - b.time)
}
