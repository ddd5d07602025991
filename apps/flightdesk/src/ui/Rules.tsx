/** The watch's rules, each with the fields that edit it. */
import { useModule, useSelector } from "@sluice/react"
import { type ReactNode, useEffect, useId, useLayoutEffect, useRef, useState } from "react"
import { isSameRule, mostMinutes, Rule, type RuleDraft, ruleText } from "../domain/Alert.ts"
import { Atlas } from "../modules/Atlas.ts"
import { Watch } from "../modules/Watch.ts"
import { Icon } from "./Icon.tsx"

/** A rule as its fields have it: what is typed may not be a number yet. */
type RuleInput = Omit<RuleDraft, "minutes"> & { readonly minutes: string }

const inputOf = (rule: RuleDraft): RuleInput => ({ ...rule, minutes: String(rule.minutes) })

/** Undefined where the minutes are not such as a rule can have. */
const draftOf = ({ airport, direction, minutes: text }: RuleInput): RuleDraft | undefined => {
  const minutes = Number(text)
  const isMinutes = text.trim() !== "" && Number.isInteger(minutes) && minutes >= 0 && minutes <= mostMinutes
  return isMinutes ? { minutes, direction, airport } : undefined
}

const badMinutes = `The minutes must be a whole number from 0 to ${mostMinutes}.`

const thereAlready = (draft: RuleDraft): string => `There is already a rule “${ruleText(draft)}”.`

export const Rules = (): ReactNode => {
  const watch = useModule(Watch)
  const rules = useSelector(watch, (state) => state.rules)
  const area = useRef<HTMLDivElement>(null)
  const count = useRef(rules.length)
  /** Written by `remove`: which rule was removed, until that shows. */
  const removed = useRef<number>(undefined)

  const remove = (rule: Rule): void => {
    removed.current = rules.indexOf(rule)
    watch.actions.removeRule(rule.id)
  }

  useLayoutEffect(() => {
    const items = area.current?.querySelectorAll("li") ?? []
    if (rules.length > count.current) items[rules.length - 1]?.scrollIntoView({ block: "nearest" })
    count.current = rules.length
    if (removed.current === undefined) return
    const heir = items[Math.min(removed.current, items.length - 1)]?.querySelector("button")
    removed.current = undefined
    // The focus went with the rule, to its neighbour; unless it is elsewhere by now.
    if (document.activeElement === document.body) (heir ?? area.current?.querySelector("input"))?.focus()
  }, [rules])

  return (
    <div ref={area} className="rules">
      <ul aria-label="Rules">
        {rules.map((rule) => (
          <RuleItem key={rule.id} rule={rule} rules={rules} onRemove={remove} />
        ))}
      </ul>
      {rules.length === 0 ? <p className="muted">No rules: no flight raises an alert.</p> : null}
      <NewRule rules={rules} />
    </div>
  )
}

/** Half of what is typed may be a rule of its own: that over 120 minutes is one over 1 minute first. */
const typingMs = 400

interface RuleItemProps {
  readonly rule: Rule
  readonly rules: ReadonlyArray<Rule>
  readonly onRemove: (rule: Rule) => void
}

const RuleItem = ({ onRemove, rule, rules }: RuleItemProps) => {
  const watch = useModule(Watch)
  // What is in the fields since they were touched; they show the rule itself while undefined.
  const [edited, setEdited] = useState<RuleInput>()
  const input = edited ?? inputOf(rule)
  const draft = draftOf(input)
  const problem =
    draft === undefined
      ? badMinutes
      : rules.some((other) => other.id !== rule.id && isSameRule(other, draft))
        ? thereAlready(draft)
        : undefined

  const commit = (): void => {
    if (edited === undefined || draft === undefined || problem !== undefined) return
    const isNews =
      draft.minutes !== rule.minutes || draft.direction !== rule.direction || draft.airport !== rule.airport
    if (isNews) watch.actions.editRule({ ...draft, id: rule.id })
  }

  useEffect(() => {
    const timer = setTimeout(commit, typingMs)
    return () => clearTimeout(timer)
  })

  return (
    <li className="rule">
      <RuleFields
        input={input}
        problem={problem === undefined ? undefined : `${problem} Still in force: ${ruleText(rule)}.`}
        onChange={setEdited}
        onLeave={() => {
          commit()
          if (problem === undefined) setEdited(undefined)
        }}
        onCancel={() => setEdited(undefined)}
      />
      <button
        type="button"
        className="button quiet"
        aria-label={`Remove the rule over ${rule.minutes} minutes late ${rule.direction} ${rule.airport || "any airport"}`}
        onClick={() => onRemove(rule)}
      >
        <Icon name="close" />
      </button>
    </li>
  )
}

const firstInput: RuleInput = { minutes: "120", direction: "into", airport: "" }

const NewRule = ({ rules }: { readonly rules: ReadonlyArray<Rule> }) => {
  const watch = useModule(Watch)
  const [input, setInput] = useState(firstInput)
  // Written by `add`; until the next change.
  const [refusal, setRefusal] = useState<string>()
  const draft = draftOf(input)

  const change = (changed: RuleInput): void => {
    setInput(changed)
    setRefusal(undefined)
  }

  const add = (): void => {
    if (draft === undefined) setRefusal(badMinutes)
    else if (rules.some((rule) => isSameRule(rule, draft))) setRefusal(thereAlready(draft))
    else {
      setRefusal(undefined)
      watch.actions.addRule(draft)
    }
  }

  return (
    <form
      className="rule new-rule"
      aria-label="New rule"
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        add()
      }}
    >
      <RuleFields
        input={input}
        problem={refusal ?? (draft === undefined ? badMinutes : undefined)}
        onChange={change}
      />
      <button type="submit" className="button quiet" aria-label="Add this rule">
        <Icon name="plus" />
      </button>
    </form>
  )
}

const { direction: Direction } = Rule.fields

interface RuleFieldsProps {
  readonly input: RuleInput
  readonly problem: string | undefined
  readonly onChange: (input: RuleInput) => void
  readonly onLeave?: () => void
  readonly onCancel?: () => void
}

const RuleFields = ({ input, onCancel, onChange, onLeave, problem }: RuleFieldsProps) => {
  const atlas = useModule(Atlas)
  const airports = useSelector(atlas, (state) => state.airports)
  const minutesId = useId()
  const problemId = useId()
  return (
    <>
      <span className="rule-fields" onBlur={onLeave}>
        <label htmlFor={minutesId}>over</label>
        <input
          id={minutesId}
          type="number"
          aria-label="Minutes late"
          aria-invalid={problem !== undefined}
          aria-describedby={problemId}
          min={0}
          max={mostMinutes}
          required
          value={input.minutes}
          onChange={({ target }) => onChange({ ...input, minutes: target.value })}
          onKeyDown={(event) => {
            if (event.key === "Enter") onLeave?.()
            if (event.key === "Escape") onCancel?.()
          }}
        />
        <span>min late</span>
        <select
          aria-label="Direction"
          aria-describedby={problemId}
          value={input.direction}
          onChange={({ target }) => {
            const direction = Direction.literals.find((literal) => literal === target.value)
            if (direction !== undefined) onChange({ ...input, direction })
          }}
        >
          {Direction.literals.map((direction) => (
            <option key={direction} value={direction}>
              {direction}
            </option>
          ))}
        </select>
        <select
          aria-label="Airport"
          aria-describedby={problemId}
          value={input.airport}
          onChange={({ target }) => onChange({ ...input, airport: target.value })}
        >
          <option value="">any airport</option>
          {input.airport !== "" && airports.length === 0 ? <option>{input.airport}</option> : null}
          {airports.map(({ code, city }) => (
            <option key={code} value={code}>
              {code} {city}
            </option>
          ))}
        </select>
      </span>
      <output id={problemId} className="rule-problem">
        {problem}
      </output>
    </>
  )
}
