/** Watch rules, and the alerts they raise. */
import * as Schema from "effect/Schema"
import { Flight } from "./Flight.ts"

/** Any airport when `airport` is empty. */
export const Rule = Schema.Struct({
  id: Schema.Int,
  minutes: Schema.Int,
  direction: Schema.Literals(["into", "out of"]),
  airport: Schema.String
})
export type Rule = typeof Rule.Type

export const matches = (rule: Rule, flight: Flight): boolean =>
  flight.delay > rule.minutes &&
  (rule.airport === "" || (rule.direction === "into" ? flight.destination : flight.origin) === rule.airport)

export const ruleText = (rule: Rule): string => {
  const where = rule.airport === "" ? "anywhere" : `${rule.direction} ${rule.airport}`
  return `over ${rule.minutes} minutes late ${where}`
}

/** One match of one rule by one flight. `id` is unique over every session that a server has seen. */
export const Alert = Schema.Struct({
  id: Schema.NonEmptyString,
  session: Schema.NonEmptyString,
  rule: Schema.NonEmptyString,
  flight: Flight
})
export type Alert = typeof Alert.Type

/** An alert as the server keeps it. `place` counts from 1 within its session. */
export const AlertRecord = Schema.Struct({
  ...Alert.fields,
  place: Schema.Int,
  recordedAt: Schema.Int
})
export type AlertRecord = typeof AlertRecord.Type
