/** The inputs of a form, each of the kind that its part of the schema asks for. */
/* oxlint-disable react/no-array-index-key -- what was typed has no name but its place */
import { type ReactNode, useId, useState } from "react"
import { type Form, type FormNode, type Issue, nodeAt } from "../../form/Form.ts"
import { type Draft, draftOf, elementRef, emptyDraft, jsonOf, leastOf, mostOf } from "../../form/model.ts"
import { pathText } from "./path.ts"

export interface FormFieldsProps {
  readonly form: Form
  readonly draft: Draft
  readonly onChange: (draft: Draft) => void
  /** Where what was typed does not fit, from the root of the form. */
  readonly issues: ReadonlyArray<Issue>
  /** Of the whole. */
  readonly label: string
}

interface PartProps extends FormFieldsProps {
  readonly at: number
}

export const FormFields = (props: FormFieldsProps): ReactNode => (
  <div className="form">
    <Part {...props} at={props.form.root} />
  </div>
)

/** The issues below a key, as they are from there. */
const below = (issues: ReadonlyArray<Issue>, key: string | number): ReadonlyArray<Issue> =>
  issues.flatMap(({ message, path: [first, ...path] }) =>
    String(first) === String(key) ? [{ message, path }] : []
  )

const stepsOf = (path: Issue["path"]) =>
  path.map((key) => ({ kind: typeof key === "number" ? ("index" as const) : ("property" as const), key }))

const Issues = ({ id, issues }: { readonly id: string; readonly issues: ReadonlyArray<Issue> }) =>
  issues.length === 0 ? null : (
    <p className="error" id={id} role="alert">
      {issues.map(({ message, path }, index) => (
        <span key={index}>
          {path.length === 0 ? "" : `${pathText(stepsOf(path))}: `}
          {message}
        </span>
      ))}
    </p>
  )

/** What is checked, and what the JSON becomes. */
const remarkOf = ({ as, checks = [], description }: FormNode): string =>
  [description, as, ...checks].filter((text) => text !== undefined).join(" · ")

const Part = (props: PartProps): ReactNode => {
  const { draft } = props
  switch (draft._tag) {
    case "Items":
      return <Items {...props} draft={draft} />
    case "Fields":
      return <Fields {...props} draft={draft} />
    case "Member":
      return <Member {...props} draft={draft} />
    default:
      return <Single {...props} />
  }
}

/** A part with one input. All that is wrong within it is told beside that. */
const Single = (props: PartProps): ReactNode => {
  const { at, form, issues, label } = props
  const id = useId()
  const node = nodeAt(form, at)
  const remark = remarkOf(node)
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <Input {...props} node={node} id={id} errorId={`${id}error`} />
      {remark === "" ? null : <small className="remark">{remark}</small>}
      <Issues id={`${id}error`} issues={issues} />
    </div>
  )
}

interface InputProps extends PartProps {
  readonly node: FormNode
  readonly id: string
  readonly errorId: string
}

const Input = ({ draft, errorId, id, issues, node, onChange }: InputProps): ReactNode => {
  const described = issues.length === 0 ? {} : { "aria-invalid": true, "aria-describedby": errorId }
  switch (draft._tag) {
    case "Null":
      return <output id={id}>{node.as === "undefined" ? "undefined" : "null"}</output>
    case "Boolean":
      return (
        <input
          id={id}
          type="checkbox"
          {...described}
          checked={draft.value}
          onChange={(event) => onChange({ _tag: "Boolean", value: event.currentTarget.checked })}
        />
      )
    case "Choice":
      return (
        <select
          id={id}
          {...described}
          value={draft.index}
          onChange={(event) => onChange({ _tag: "Choice", index: Number(event.currentTarget.value) })}
        >
          {node._tag === "Choice"
            ? node.options.map((option, index) => (
                <option key={index} value={index}>
                  {option.label === "" ? '""' : option.label}
                </option>
              ))
            : null}
        </select>
      )
    case "Raw":
      return (
        <textarea
          id={id}
          {...described}
          rows={Math.min(12, Math.max(2, draft.text.split("\n").length))}
          spellCheck={false}
          placeholder="JSON"
          value={draft.text}
          onChange={(event) => onChange({ _tag: "Raw", text: event.currentTarget.value })}
        />
      )
    case "Text": {
      const set = (text: string) => onChange({ _tag: "Text", text })
      const common = { id, ...described, value: draft.text }
      if (node._tag === "Number") return <NumberInput {...common} node={node} onText={set} />
      if (node.as === "Date" || node.as === "DateTimeUtc") return <DateInput {...common} onText={set} />
      return <StringInput {...common} isDigits={node.as === "bigint"} onText={set} />
    }
    default:
      return null
  }
}

interface TextProps {
  readonly id: string
  readonly value: string
  readonly onText: (text: string) => void
}

const StringInput = ({
  isDigits,
  onText,
  ...common
}: TextProps & { readonly isDigits: boolean }): ReactNode => {
  // As it was at first: another element would lose the keyboard.
  const [isLong] = useState(common.value.includes("\n") || common.value.length > 80)
  return isLong ? (
    <textarea {...common} rows={4} onChange={(event) => onText(event.currentTarget.value)} />
  ) : (
    <input
      {...common}
      type="text"
      spellCheck={!isDigits}
      inputMode={isDigits ? "numeric" : "text"}
      onChange={(event) => onText(event.currentTarget.value)}
    />
  )
}

const NumberInput = ({
  node,
  onText,
  ...common
}: TextProps & { readonly node: Extract<FormNode, { readonly _tag: "Number" }> }): ReactNode => (
  <input
    {...common}
    // One of type number takes no NaN, which JSON has as a string.
    {...(node.hasSpecial === true
      ? { type: "text", inputMode: "decimal" as const, spellCheck: false }
      : { type: "number", step: node.isInt === true ? 1 : "any", min: node.min, max: node.max })}
    onChange={(event) => onText(event.currentTarget.value)}
  />
)

/** Local time to the millisecond, as its input has it; nothing where that cannot show it. */
const localOf = (iso: string): string | undefined => {
  const at = new Date(iso)
  if (Number.isNaN(at.getTime()) || at.getFullYear() < 1000 || at.getFullYear() > 9999) return undefined
  const local = new Date(at.getTime() - at.getTimezoneOffset() * 60_000)
  return local.toISOString().slice(0, 23)
}

const DateInput = ({ onText, value, ...common }: TextProps): ReactNode => {
  const local = value === "" ? "" : localOf(value)
  // As it was at first: another element would lose the keyboard.
  const [isText] = useState(local === undefined)
  return (
    <span className="inputs">
      {isText ? (
        <input
          {...common}
          type="text"
          value={value}
          onChange={(event) => onText(event.currentTarget.value)}
        />
      ) : (
        <input
          {...common}
          type="datetime-local"
          step={0.001}
          value={local ?? ""}
          onChange={(event) => {
            const typed = event.currentTarget.value
            onText(typed === "" ? "" : new Date(typed).toISOString())
          }}
        />
      )}
      <button type="button" className="toggle" onClick={() => onText(new Date().toISOString())}>
        Now
      </button>
    </span>
  )
}

const Group = ({
  children,
  issues,
  label,
  remark
}: {
  readonly label: string
  readonly remark: string
  readonly issues: ReadonlyArray<Issue>
  readonly children: ReactNode
}): ReactNode => {
  const id = useId()
  return (
    <fieldset className="group" {...(issues.length === 0 ? {} : { "aria-describedby": id })}>
      <legend>
        {label} {remark === "" ? null : <small className="remark">{remark}</small>}
      </legend>
      {children}
      <Issues id={id} issues={issues} />
    </fieldset>
  )
}

const Items = (
  props: Omit<PartProps, "draft"> & { readonly draft: Extract<Draft, { readonly _tag: "Items" }> }
): ReactNode => {
  const { at, draft, form, issues, label, onChange } = props
  const { items } = draft
  const node = nodeAt(form, at)
  const set = (next: ReadonlyArray<Draft>) => onChange({ _tag: "Items", items: next })
  const next = elementRef(node, items.length)
  const own = issues.filter(({ path: [first] }) => first === undefined || items[Number(first)] === undefined)
  const canRemove = items.length > leastOf(node)
  return (
    <Group label={label} remark={remarkOf(node)} issues={own}>
      {items.map((item, index) => (
        <div className="part" key={index}>
          <Part
            form={form}
            at={elementRef(node, index) ?? -1}
            draft={item}
            label={String(index)}
            issues={below(issues, index)}
            onChange={(changed) => set(items.with(index, changed))}
          />
          {canRemove && (node._tag === "List" || index === items.length - 1) ? (
            <Remove of={`${label} ${index}`} onClick={() => set(items.toSpliced(index, 1))} />
          ) : null}
        </div>
      ))}
      {next === undefined || items.length >= mostOf(node) ? null : (
        <button
          type="button"
          className="toggle"
          onClick={() => set([...items, emptyDraft(form, next)])}
          aria-label={`Add to ${label}`}
        >
          Add
        </button>
      )}
    </Group>
  )
}

const Remove = ({ of, onClick }: { readonly of: string; readonly onClick: () => void }) => (
  <button type="button" className="icon" aria-label={`Remove ${of}`} onClick={onClick}>
    ×
  </button>
)

/** The tag of a member of a union: it was chosen with the member. */
const isSaid = (node: FormNode, key: string): boolean =>
  key === "_tag" && node._tag === "Choice" && node.options.length === 1

const Fields = (
  props: Omit<PartProps, "draft"> & { readonly draft: Extract<Draft, { readonly _tag: "Fields" }> }
): ReactNode => {
  const { at, draft, form, issues, label, onChange } = props
  const node = nodeAt(form, at)
  const fields = node._tag === "Struct" ? node.fields : []
  const rest = node._tag === "Struct" ? node.rest : undefined
  const shown = new Set<string>([
    ...fields.flatMap(({ key }, index) => ((draft.fields[index] ?? null) === null ? [] : [key])),
    ...draft.rest.map(({ key }) => key)
  ])
  const own = issues.filter(({ path: [first] }) => first === undefined || !shown.has(String(first)))
  const setRest = (next: typeof draft.rest) => onChange({ ...draft, rest: next })
  return (
    <Group label={label} remark={remarkOf(node)} issues={own}>
      {fields.map((field, index) => {
        const value = draft.fields[index] ?? null
        if (isSaid(nodeAt(form, field.of), field.key) && value !== null) return null
        const set = (changed: Draft | null) =>
          onChange({ ...draft, fields: draft.fields.with(index, changed) })
        return (
          <div className="part" key={field.key}>
            {value === null ? (
              <div className="field">
                <span className="absent">{field.key}</span>
                <output>left out</output>
              </div>
            ) : (
              <Part
                form={form}
                at={field.of}
                draft={value}
                label={field.key}
                issues={below(issues, field.key)}
                onChange={set}
              />
            )}
            {field.isOptional ? (
              <button
                type="button"
                className="toggle"
                aria-pressed={value !== null}
                aria-label={`Give ${field.key}`}
                onClick={() => set(value === null ? emptyDraft(form, field.of) : null)}
              >
                {value === null ? "+" : "−"}
              </button>
            ) : null}
          </div>
        )
      })}
      {draft.rest.map(({ key, value }, index) => (
        <div className="part" key={index}>
          <div className="entry">
            <input
              type="text"
              aria-label={`Name of ${label} ${index}`}
              placeholder="name"
              value={key}
              onChange={(event) => setRest(draft.rest.with(index, { key: event.currentTarget.value, value }))}
            />
            <Part
              form={form}
              at={rest ?? -1}
              draft={value}
              label={key}
              issues={below(issues, key)}
              onChange={(changed) => setRest(draft.rest.with(index, { key, value: changed }))}
            />
          </div>
          <Remove of={`${label} ${key}`} onClick={() => setRest(draft.rest.toSpliced(index, 1))} />
        </div>
      ))}
      {rest === undefined ? null : (
        <button
          type="button"
          className="toggle"
          aria-label={`Add to ${label}`}
          onClick={() => setRest([...draft.rest, { key: "", value: emptyDraft(form, rest) }])}
        >
          Add
        </button>
      )}
    </Group>
  )
}

const Member = (
  props: Omit<PartProps, "draft"> & { readonly draft: Extract<Draft, { readonly _tag: "Member" }> }
): ReactNode => {
  const { at, draft, form, issues, label, onChange } = props
  const id = useId()
  const node = nodeAt(form, at)
  const members = node._tag === "Union" ? node.members : []
  const member = members[draft.index]
  const choose = (index: number) => {
    const next = members[index]
    if (next === undefined) return
    // What was typed stays where it is of the other member as well.
    const typed = member === undefined ? undefined : jsonOf(form, draft.value, member.of)
    const kept = typed !== undefined && "value" in typed ? draftOf(form, typed.value, next.of) : undefined
    onChange({
      _tag: "Member",
      index,
      value: kept === undefined || kept._tag === "Raw" ? emptyDraft(form, next.of) : kept
    })
  }
  return (
    <div className="member">
      <label className="choice" htmlFor={id}>
        {`${label} is`}
        <select id={id} value={draft.index} onChange={(event) => choose(Number(event.currentTarget.value))}>
          {members.map((each, index) => (
            <option key={index} value={index}>
              {each.label}
            </option>
          ))}
        </select>
      </label>
      <Part
        form={form}
        at={member?.of ?? -1}
        draft={draft.value}
        label={label}
        issues={issues}
        onChange={(value) => onChange({ _tag: "Member", index: draft.index, value })}
      />
    </div>
  )
}
