/** A rule as its fields have it: what is typed may be no rule, or not yet. */
import * as Schema from "effect/Schema"
import { isSameRule, mostMinutes, Rule, type RuleDraft, ruleText } from "./Alert.ts"

const { airport, direction } = Rule.fields

export const RuleInput = Schema.Struct({ minutes: Schema.String, direction, airport })
export type RuleInput = typeof RuleInput.Type

export const inputOf = (rule: RuleDraft): RuleInput => ({
  minutes: String(rule.minutes),
  direction: rule.direction,
  airport: rule.airport
})

/** Undefined where the minutes are not such as a rule can have. */
export const draftOf = ({ airport, direction, minutes: text }: RuleInput): RuleDraft | undefined => {
  const minutes = Number(text)
  const isMinutes = text.trim() !== "" && Number.isInteger(minutes) && minutes >= 0 && minutes <= mostMinutes
  return isMinutes ? { minutes, direction, airport } : undefined
}

/** Why it cannot be a rule beside these others. */
export const problemOf = (input: RuleInput, others: ReadonlyArray<RuleDraft>): string | undefined => {
  const draft = draftOf(input)
  if (draft === undefined) return `The minutes must be a whole number from 0 to ${mostMinutes}.`
  return others.some((other) => isSameRule(other, draft))
    ? `There is already a rule “${ruleText(draft)}”.`
    : undefined
}
