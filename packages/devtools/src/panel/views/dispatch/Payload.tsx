/** The payload of one action: its inputs, and the button. */
import { useSelector } from "@sluice/react"
import { type ReactNode, useId } from "react"
import { anyJson, type Form, type Issue, nodeAt } from "../../../form/Form.ts"
import { draftOf, emptyDraft, type Json, jsonOf } from "../../../form/model.ts"
import { FormFields } from "../../ui/FormFields.tsx"
import { pathText } from "../../ui/path.ts"
import { useFirstWrong } from "../../ui/useFirstWrong.ts"
import { keyOf } from "./Dispatching.ts"
import { useDispatching } from "./useDispatching.ts"

export interface PayloadProps {
  readonly instanceId: string
  readonly moduleId: string
  readonly tag: string
  readonly form: Form
}

const none: ReadonlyArray<Issue> = []

/** A payload of nothing is left out. */
const takesNothing = (form: Form): boolean => {
  const root = nodeAt(form, form.root)
  return root._tag === "Null" && root.as === "undefined"
}

export const Payload = ({ form, instanceId, moduleId, tag }: PayloadProps): ReactNode => {
  const dispatching = useDispatching()
  const key = keyOf(moduleId, tag)
  const mode = useSelector(dispatching, (state) => state.mode)
  const typed = useSelector(dispatching, (state) => state.drafts[key])
  const text = useSelector(dispatching, (state) => state.texts[key])
  const outcome = useSelector(dispatching, (state) => state.outcome)
  const draft = typed ?? emptyDraft(form)
  const isVoid = takesNothing(form)
  const issues = outcome?.issues ?? none
  const ref = useFirstWrong(issues)

  const incomplete = (found: ReadonlyArray<Issue>) =>
    dispatching.actions.settled({ kind: "refused", text: "What was typed is not complete.", issues: found })
  const dispatch = (payload: Json | undefined) =>
    dispatching.actions.send({ instanceId, moduleId, tag, ...(payload === undefined ? {} : { payload }) })
  const send = () => {
    if (isVoid) return dispatch(undefined)
    const made = mode === "form" ? jsonOf(form, draft) : parseJson(text ?? jsonText(form, draft))
    return "issues" in made ? incomplete(made.issues) : dispatch(made.value)
  }
  return (
    <form
      ref={ref}
      className="payload"
      aria-label={`Dispatch ${tag}`}
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        send()
      }}
    >
      {isVoid ? (
        <p className="hint">It takes no payload.</p>
      ) : mode === "form" ? (
        <FormFields
          form={form}
          draft={draft}
          label="payload"
          issues={issues}
          onChange={(next) => {
            dispatching.actions.setDraft({ key, draft: next })
            const made = jsonOf(form, next)
            if ("value" in made)
              dispatching.actions.setText({ key, text: JSON.stringify(made.value, null, 2) })
          }}
        />
      ) : (
        <JsonInput
          text={text ?? jsonText(form, draft)}
          issues={issues}
          onText={(next) => {
            dispatching.actions.setText({ key, text: next })
            const made = parseJson(next)
            if ("value" in made && made.value !== undefined)
              dispatching.actions.setDraft({ key, draft: draftOf(form, made.value) })
          }}
        />
      )}
      <div className="sends">
        <button type="submit" className="primary">
          Dispatch
        </button>
        {outcome === null || outcome.kind === "sending" ? null : (
          <p
            className={outcome.kind === "refused" ? "error" : outcome.kind}
            role={outcome.kind === "refused" ? "alert" : "status"}
          >
            {outcome.text}
          </p>
        )}
      </div>
    </form>
  )
}

/** What was typed, nothing where nothing was. */
const parseJson = (text: string) =>
  text.trim() === "" ? { value: undefined } : jsonOf(anyJson, { _tag: "Raw", text })

const jsonText = (form: Form, draft: Parameters<typeof jsonOf>[1]): string => {
  const made = jsonOf(form, draft)
  return "value" in made ? JSON.stringify(made.value, null, 2) : ""
}

const JsonInput = ({
  issues,
  onText,
  text
}: {
  readonly text: string
  readonly issues: ReadonlyArray<Issue>
  readonly onText: (text: string) => void
}): ReactNode => {
  const id = useId()
  return (
    <div className="form">
      <label htmlFor={id}>payload, as JSON</label>
      <textarea
        id={id}
        rows={Math.min(16, Math.max(5, text.split("\n").length))}
        spellCheck={false}
        value={text}
        {...(issues.length === 0 ? {} : { "aria-invalid": true, "aria-describedby": `${id}error` })}
        onChange={(event) => onText(event.currentTarget.value)}
      />
      {issues.length === 0 ? null : (
        <ul id={`${id}error`} className="error" aria-label="Where it does not fit">
          {issues.map(({ message, path }) => {
            const at = path.map((step) => ({
              kind: typeof step === "number" ? ("index" as const) : ("property" as const),
              key: step
            }))
            return (
              <li key={`${JSON.stringify(path)} ${message}`}>
                {path.length === 0 ? "" : `${pathText(at)}: `}
                {message}
              </li>
            )
          })}
        </ul>
      )}
    </div>
  )
}
