import { useModule, useSelector } from "@sluice/react"
import type { ReactNode } from "react"
import { Connection } from "../modules/Connection.ts"
import { Travel } from "../modules/Travel.ts"
import { useAnswer } from "../useAnswer.ts"
import { conditionText } from "./conditionText.ts"
import { count } from "./format.ts"

const entries = (number: number): string => `${count(number)} ${number === 1 ? "entry" : "entries"}`

/** Says that the page shows the past, is locked, or is not recorded, what waits, and what was refused. */
export const TravelNotice = ({ onLive }: { readonly onLive: () => void }): ReactNode => {
  const now = useSelector(useModule(Connection), (state) => state.travel)
  const travel = useModule(Travel)
  const failure = useSelector(travel, (state) => state.failure)
  const passedOver = useSelector(travel, (state) => state.passedOver)
  const waiting = now.waiting.reduce((sum, { entries }) => sum + entries, 0)
  const waits = now.endsFirst
    ? "The next entry ends this."
    : waiting === 0
      ? "New entries wait."
      : `${entries(waiting)} wait${waiting === 1 ? "s" : ""}.`
  return (
    <>
      {now.travelling ? (
        <output className="notice travelling">
          <span>
            Showing the past
            {now.moment === undefined ? null : <After moment={now.moment} />}. {waits}
            {passedOver.length === 0
              ? null
              : ` Closed since, and passed over: ${passedOver.slice(0, 3).join(", ")}${
                  passedOver.length > 3 ? ` and ${passedOver.length - 3} more` : ""
                }.`}
          </span>
          <button type="button" className="primary" onClick={onLive} title="Escape">
            Back to live
          </button>
        </output>
      ) : null}
      {now.locked.length > 0 && !now.travelling ? (
        <output className="notice travelling">
          <span>
            {now.met === undefined ? (
              "Locked. "
            ) : (
              <>
                Locked by <code>{now.met.txnId}</code>
                {now.condition === undefined ? ". " : `: ${conditionText(now.condition)}. `}
              </>
            )}
            {waiting === 0 ? "New entries wait." : `${entries(waiting)} wait${waiting === 1 ? "s" : ""}.`}
          </span>
          <button type="button" className="primary" onClick={() => travel.actions.lock(false)}>
            Unlock
          </button>
        </output>
      ) : null}
      {now.paused === undefined ? null : (
        <output className="notice paused">
          <span>
            Recording is paused. {entries(now.paused.commits + now.paused.events)}{" "}
            {now.paused.commits + now.paused.events === 1 ? "has" : "have"} passed.
          </span>
          <button type="button" className="primary" onClick={() => travel.actions.pause(false)}>
            Record again
          </button>
        </output>
      )}
      {now.ended === undefined ? null : (
        <output className="notice">
          {now.ended === "entry"
            ? "An entry has ended the travel, and entered."
            : "The page itself, or a hot reload, has ended the travel and the locks. What waited has entered."}
        </output>
      )}
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
