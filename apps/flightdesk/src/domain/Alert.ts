/** Watch rules, and the alerts they raise. */
import * as Schema from "effect/Schema"
import { Flight } from "./Flight.ts"

/** More than any flight of the data is late. */
export const mostMinutes = 999

/** Any airport when `airport` is empty. */
export const Rule = Schema.Struct({
  id: Schema.Int,
  minutes: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: mostMinutes })),
  direction: Schema.Literals(["into", "out of"]),
  airport: Schema.String
})
export type Rule = typeof Rule.Type

export type RuleDraft = Omit<Rule, "id">

/** Whether they match the same flights. Without an airport a direction says nothing. */
export const isSameRule = (a: RuleDraft, b: RuleDraft): boolean =>
  a.minutes === b.minutes && a.airport === b.airport && (a.airport === "" || a.direction === b.direction)

export const matches = (rule: Rule, flight: Flight): boolean =>
  flight.delay > rule.minutes &&
  (rule.airport === "" || (rule.direction === "into" ? flight.destination : flight.origin) === rule.airport)

export const ruleText = (rule: RuleDraft): string => {
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
