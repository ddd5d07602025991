/** The watch's rules, each with the fields that edit it. */
import { useModule, useSelector } from "@sluice/react"
import { type ReactNode, useId, useLayoutEffect, useRef, useState } from "react"
import { mostMinutes, Rule, ruleText } from "../domain/Alert.ts"
import { draftOf, inputOf, problemOf, type RuleInput } from "../domain/RuleInput.ts"
import { Atlas } from "../modules/Atlas.ts"
import { othersThan, Watch } from "../modules/Watch.ts"
import { WatchItemLive } from "../modules/WatchItem.ts"
import { formatCount, plural } from "./format.ts"
import { Icon } from "./Icon.tsx"

export const Rules = ({ id }: { readonly id: string }): ReactNode => {
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
    <div ref={area} id={id} className="rules">
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

interface RuleItemProps {
  readonly rule: Rule
  readonly rules: ReadonlyArray<Rule>
  readonly onRemove: (rule: Rule) => void
}

/** What is typed and not yet a rule outlives the list, when that is put away. */
const keptFor = "2 minutes"

const RuleItem = ({ onRemove, rule, rules }: RuleItemProps) => {
  const item = useModule(WatchItemLive, { key: String(rule.id), input: rule.id, gcTime: keptFor })
  const input = useSelector(item, (state) => state.input) ?? inputOf(rule)
  const raised = useSelector(item, (state) => state.raised)
  const problem = problemOf(input, othersThan(rules, rule.id))
  return (
    <li className="rule">
      <RuleFields
        input={input}
        problem={problem === undefined ? undefined : `${problem} Still in force: ${ruleText(rule)}.`}
        onChange={item.actions.typed}
        onLeave={item.actions.left}
        onCancel={item.actions.cancelled}
      />
      <span className="raised muted" title={`${plural(raised, "alert")} by this rule`}>
        {formatCount(raised)}
      </span>
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
    const refused = problemOf(input, rules)
    setRefusal(refused)
    if (refused === undefined && draft !== undefined) watch.actions.addRule(draft)
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
        problem={refusal ?? (draft === undefined ? problemOf(input, []) : undefined)}
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
        <span>min</span>
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
