/** A flight as the desk knows it, and how one is read from the data. */
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"

/**
 * `id` is the flight's place in the file. `time` is its local time in epoch milliseconds as if it were UTC:
 * the data names no zone, so no zone may be inferred. `delay` is minutes late on arrival, negative when early.
 * `distance` is in miles.
 */
export const Flight = Schema.Struct({
  id: Schema.Int,
  time: Schema.Int,
  delay: Schema.Finite,
  distance: Schema.Finite,
  origin: Schema.String,
  destination: Schema.String
})
export type Flight = typeof Flight.Type

/** A line of the data that is no flight, and why. */
export const Rejection = Schema.Struct({
  index: Schema.Int,
  reason: Schema.String,
  text: Schema.String
})
export type Rejection = typeof Rejection.Type

const RawFlight = Schema.Struct({
  date: Schema.String,
  delay: Schema.Finite,
  distance: Schema.Finite.check(Schema.isGreaterThan(0)),
  origin: Schema.NonEmptyString,
  destination: Schema.NonEmptyString
})

const decodeRaw = Schema.decodeUnknownResult(RawFlight)

const datePattern = /^(\d{4})\/(\d{2})\/(\d{2}) (\d{2}):(\d{2})$/

/** `2001/01/31 09:05` as epoch milliseconds, or undefined when it is no such minute. */
export const parseTime = (date: string): number | undefined => {
  const match = datePattern.exec(date)
  if (match === null) return undefined
  const [year, month, day, hour, minute] = match.slice(1).map(Number)
  const time = Date.UTC(year ?? 0, (month ?? 0) - 1, day, hour, minute)
  // Date.UTC carries 2001/02/30 over into March; the text it stands for must be the text that was given.
  return formatDate(time) === date ? time : undefined
}

const formatDate = (time: number): string =>
  new Date(time).toISOString().slice(0, 16).replaceAll("-", "/").replace("T", " ")

const shorten = (value: unknown): string => {
  const text = JSON.stringify(value) ?? String(value)
  return text.length > 160 ? `${text.slice(0, 159)}…` : text
}

/** `Expected number\n  at ["delay"]` as `delay: expected number`. */
const issueText = (message: string): string => {
  const [what = "", where] = message.split(/\n\s*at /)
  const said = what.charAt(0).toLowerCase() + what.slice(1)
  const path = where?.replaceAll(/[[\]"]/g, "")
  return path === undefined ? said : `${path}: ${said}`
}

/** Reads one element of the data. `isAirport` says which codes are known. */
export const decodeFlight = (
  raw: unknown,
  index: number,
  isAirport: (code: string) => boolean
): Result.Result<Flight, Rejection> => {
  const reject = (reason: string) => Result.fail({ index, reason, text: shorten(raw) })
  const decoded = decodeRaw(raw)
  if (Result.isFailure(decoded)) return reject(issueText(decoded.failure.message))
  const { date, delay, destination, distance, origin } = decoded.success
  const time = parseTime(date)
  if (time === undefined) return reject(`date: ${JSON.stringify(date)} is not a minute`)
  for (const code of [origin, destination]) {
    if (!isAirport(code)) return reject(`unknown airport ${code}`)
  }
  return Result.succeed({ id: index, time, delay, distance, origin, destination })
}
