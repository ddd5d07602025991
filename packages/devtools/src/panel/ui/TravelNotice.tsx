import { useModule, useSelector } from "@sluice/react"
import type { ReactNode } from "react"
import { Connection } from "../modules/Connection.ts"
import { Travel } from "../modules/Travel.ts"
import { useAnswer } from "../useAnswer.ts"

/** Says that the page shows the past, and why the last travel was refused. */
export const TravelNotice = ({ onLive }: { readonly onLive: () => void }): ReactNode => {
  const travelling = useSelector(useModule(Connection), (state) => state.travel)
  const failure = useSelector(useModule(Travel), (state) => state.failure)
  return (
    <>
      {travelling.travelling ? (
        <output className="notice travelling">
          <span>
            Showing the past
            {travelling.moment === undefined ? null : <After moment={travelling.moment} />}. New entries wait.
          </span>
          <button type="button" className="primary" onClick={onLive} title="Escape">
            Back to live
          </button>
        </output>
      ) : null}
      {failure === null ? null : (
        <div className="notice failed" role="alert">
          {failure}
        </div>
      )}
    </>
  )
}

const After = ({ moment }: { readonly moment: number }): ReactNode => {
  const { value } = useAnswer("Entry", { at: { seq: moment, n: 0 } }, { changes: false })
  if (value === undefined) return null
  return (
    <>
      {" "}
      after <code>{value.row.txnId}</code>
    </>
  )
}
