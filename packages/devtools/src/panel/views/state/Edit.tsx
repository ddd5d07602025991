/** Another value for a place: by the form of its schema, refused where it does not fit. */
import * as Effect from "effect/Effect"
import { type ReactNode, useState } from "react"
import * as Schema from "effect/Schema"
import type { Form, Issue } from "../../../form/Form.ts"
import { type Draft, draftOf, emptyDraft, jsonOf } from "../../../form/model.ts"
import { FormFields } from "../../ui/FormFields.tsx"
import type { Steps } from "../../ui/path.ts"
import { useFirstWrong } from "../../ui/useFirstWrong.ts"
import { useAnswer } from "../../useAnswer.ts"
import { usePage } from "../../usePage.ts"
import { NoAnswer } from "../../ui/Failure.tsx"

interface EditProps {
  readonly instanceId: string
  readonly path: Steps
  readonly label: string
}

export const Edit = (props: EditProps): ReactNode => {
  const [isFromNothing, setFromNothing] = useState(false)
  const { failure, value } = useAnswer(
    "Field",
    { instanceId: props.instanceId, path: [...props.path] },
    // What is being typed is not to be changed.
    { changes: false }
  )
  if (value === undefined) return <NoAnswer failure={failure} />
  const { form, isDerived, value: now } = value
  const initial = isJson(now) ? draftOf(form, now) : isFromNothing ? emptyDraft(form) : undefined
  if (initial === undefined)
    return (
      <>
        <p className="hint">
          What is there is too large to be typed anew, is redacted, or has no JSON. Edit a part of it. What
          you set here takes the place of all of it.
        </p>
        <button type="button" className="toggle" onClick={() => setFromNothing(true)}>
          Begin with nothing
        </button>
      </>
    )
  return <Editor {...props} form={form} isDerived={isDerived} initial={initial} />
}

const isJson = Schema.is(Schema.Json)

const Editor = ({
  form,
  initial,
  instanceId,
  isDerived,
  label,
  path
}: EditProps & { readonly form: Form; readonly isDerived: boolean; readonly initial: Draft }): ReactNode => {
  const page = usePage()
  const [draft, setDraft] = useState(initial)
  const [issues, setIssues] = useState<ReadonlyArray<Issue>>([])
  const ref = useFirstWrong(issues)
  const [said, setSaid] = useState<{ readonly text: string; readonly isRefused: boolean }>()

  const send = () => {
    const made = jsonOf(form, draft)
    if ("issues" in made) {
      setIssues(made.issues)
      return setSaid({ text: "What was typed is not complete.", isRefused: true })
    }
    const edit = page.request("Edit", { instanceId, path: [...path], value: made.value, byForm: true })
    return Effect.runFork(
      Effect.match(edit, {
        onSuccess: () => {
          setIssues([])
          setSaid({ text: "Edited.", isRefused: false })
        },
        onFailure: (error) => {
          const places = error._tag === "Refused" ? (error.issues ?? []) : []
          setIssues(places)
          setSaid({ text: places.length > 0 ? "It does not fit." : error.message, isRefused: true })
        }
      })
    )
  }
  return (
    <form
      ref={ref}
      className="edit"
      aria-label={`Edit ${label}`}
      noValidate
      onSubmit={(event) => {
        event.preventDefault()
        send()
      }}
    >
      {isDerived ? <p className="hint">It is derived: what is put here is computed again.</p> : null}
      <FormFields form={form} draft={draft} onChange={setDraft} issues={issues} label={label} />
      <div className="sends">
        <button type="submit" className="primary">
          Set
        </button>
        {said === undefined ? null : (
          <p className={said.isRefused ? "error" : "hint"} role={said.isRefused ? "alert" : "status"}>
            {said.text}
          </p>
        )}
      </div>
    </form>
  )
}
