import { useModule, useSelector } from "@sluice/react"
import type { ReactNode } from "react"
import type { Success } from "../../../protocol/index.ts"
import { Sessions } from "../../modules/Sessions.ts"
import { Timeline } from "../../modules/Timeline.ts"
import { Views } from "../../modules/Views.ts"
import { count } from "../../ui/format.ts"
import { ValueText } from "../../ui/ValueText.tsx"

/** Whether the reducers make again what was recorded; the first entry of which they make something else. */
export const Replay = (): ReactNode => {
  const sessions = useModule(Sessions)
  const replayed = useSelector(sessions, (state) => state.replayed)
  const isBusy = useSelector(sessions, (state) => state.job !== null)
  return (
    <section aria-label="Replay">
      <h3>Replay</h3>
      <div className="acts">
        <button type="button" className="toggle" disabled={isBusy} onClick={() => sessions.actions.replay()}>
          Replay through the reducers
        </button>
        <span className="hint">Nothing is done to the page.</span>
      </div>
      {replayed === null ? null : <Result replayed={replayed} />}
    </section>
  )
}

const Result = ({ replayed }: { readonly replayed: Success<"Replay"> }) => {
  const { compared, divergence, given, missing, partial } = replayed
  const parts = [
    `${count(compared)} were made again`,
    ...(given === 0 ? [] : [`${count(given)} that no reducer made count as given`]),
    ...(partial === 0 ? [] : [`${count(partial)} could not be compared, since something was redacted`])
  ].join(", ")
  return (
    <>
      {divergence === undefined ? (
        <output className="good">All came out as they were recorded: {parts}.</output>
      ) : (
        <Divergence divergence={divergence} compared={compared} />
      )}
      {missing.length === 0 ? null : (
        <p className="partial">The page does not have these modules: {missing.join(", ")}.</p>
      )}
    </>
  )
}

const Divergence = ({
  compared,
  divergence: { error, instanceId, path, recorded, replayed, txnId }
}: {
  readonly divergence: NonNullable<Success<"Replay">["divergence"]>
  readonly compared: number
}) => {
  const timeline = useModule(Timeline)
  const views = useModule(Views)
  const isOwn = useSelector(useModule(Sessions), (state) => state.chosen === null)
  return (
    <div className="bad" role="alert">
      <span>
        After {count(compared)} that came out as recorded, <code>{txnId}</code> did not
        {error === undefined ? ` at ${path} of ${instanceId}` : ""}.
      </span>
      {error === undefined ? (
        <>
          <span>
            recorded: <ValueText value={recorded} />
          </span>
          <span>
            now: <ValueText value={replayed} />
          </span>
          <span>
            Its reducer reads something besides its arguments, such as a clock, or has changed since.
          </span>
        </>
      ) : (
        <span>
          Its reducer threw: <ValueText value={error} />
        </span>
      )}
      {isOwn ? (
        <span>
          <button
            type="button"
            className="toggle"
            onClick={() => {
              timeline.actions.open(txnId)
              views.actions.show("timeline")
            }}
          >
            Show it in the timeline
          </button>
        </span>
      ) : null}
    </div>
  )
}
