/** What was dispatched last: to be sent again, or to be taken up and changed. */
import { useSelector } from "@sluice/react"
import type { ReactNode } from "react"
import { anyJson } from "../../../form/Form.ts"
import { draftOf, emptyDraft } from "../../../form/model.ts"
import { useAnswer } from "../../useAnswer.ts"
import type { Sent } from "./Dispatching.ts"
import { useDispatching } from "./useDispatching.ts"

export const Recent = (): ReactNode => {
  const recent = useSelector(useDispatching(), (state) => state.recent)
  return (
    <div className="details recent">
      <div className="bar tools">
        <span className="subject">Dispatched from here</span>
      </div>
      <div className="body">
        {recent.length === 0 ? (
          <p className="hint">What you dispatch is listed here, to be sent again.</p>
        ) : (
          <ol aria-label="Dispatched from here">
            {recent.map((sent) => (
              <Item key={JSON.stringify(sent)} sent={sent} />
            ))}
          </ol>
        )}
      </div>
    </div>
  )
}

const Item = ({ sent }: { readonly sent: Sent }): ReactNode => {
  const dispatching = useDispatching()
  const { instanceId, payload, tag } = sent
  const { value } = useAnswer("Actions", { instanceId }, { changes: false })
  const form = value?.actions.find((action) => action.tag === tag)?.form ?? anyJson
  const text = payload === undefined ? "" : JSON.stringify(payload)
  return (
    <li>
      <button
        type="button"
        className="taken"
        title="Take it up to change it"
        onClick={() =>
          dispatching.actions.takeUp({
            sent,
            draft: payload === undefined ? emptyDraft(form) : draftOf(form, payload),
            text: payload === undefined ? "" : JSON.stringify(payload, null, 2)
          })
        }
      >
        <b>{tag}</b> <small>{instanceId}</small> <code>{text}</code>
      </button>
      <button
        type="button"
        className="toggle"
        aria-label={`Dispatch ${tag} ${text} again`}
        onClick={() => dispatching.actions.send(sent)}
      >
        Again
      </button>
    </li>
  )
}
