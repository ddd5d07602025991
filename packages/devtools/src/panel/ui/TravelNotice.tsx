import { useModule, useSelector } from "@sluice/react"
import type { ReactNode } from "react"
import { Connection } from "../modules/Connection.ts"
import { Timeline } from "../modules/Timeline.ts"
import { Travel } from "../modules/Travel.ts"

/** Says that the page shows the past, and why the last travel was refused. */
export const TravelNotice = ({ onLive }: { readonly onLive: () => void }): ReactNode => {
  const travelling = useSelector(useModule(Connection), (state) => state.travel)
  const failure = useSelector(useModule(Travel), (state) => state.failure)
  const txnId = useSelector(
    useModule(Timeline),
    (state) => state.rows.findLast(({ at }) => at.n === 0 && at.seq === travelling.moment)?.txnId
  )
  return (
    <>
      {travelling.travelling ? (
        <output className="notice travelling">
          <span>
            Showing the past
            {txnId === undefined ? null : (
              <>
                {" "}
                after <code>{txnId}</code>
              </>
            )}
            . New entries wait.
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
