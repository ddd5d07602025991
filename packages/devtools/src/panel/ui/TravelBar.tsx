/** The page's time, always there: a slider over what the history reaches, and what holds the page where it is. */
import { useModule, useSelector } from "@sluice/react"
import { type ReactNode, useId, useState } from "react"
import { Connection } from "../modules/Connection.ts"
import { type Speed, Travel } from "../modules/Travel.ts"
import { count } from "./format.ts"
import { TravelOptions } from "./TravelOptions.tsx"

const speeds: ReadonlyArray<readonly [Speed, string]> = [
  [0.5, "0.5×"],
  [1, "1×"],
  [2, "2×"],
  [4, "4×"],
  [8, "8×"],
  ["recorded", "as recorded"]
]

export const TravelBar = ({ onLive }: { readonly onLive: () => void }): ReactNode => {
  const connection = useModule(Connection)
  const travel = useModule(Travel)
  const history = useSelector(connection, (state) => state.counts?.history)
  const now = useSelector(connection, (state) => state.travel)
  const isPlaying = useSelector(travel, (state) => state.playing !== null)
  const speed = useSelector(travel, (state) => state.speed)
  const place = speeds.findIndex(([value]) => value === speed)
  const isLocked = now.locked.length > 0
  const isPaused = now.paused !== undefined
  const [isOpen, setOpen] = useState(false)
  const options = useId()
  const isEmpty = history === undefined || history.own <= history.oldest
  return (
    <>
      <div className="bar travel" role="toolbar" aria-label="Travel">
        <button
          type="button"
          className="icon"
          title="One entry back (Alt+←)"
          aria-label="Step back"
          disabled={isEmpty}
          onClick={() => travel.actions.step(-1)}
        >
          <Sign path="M10 3 5 8l5 5" />
        </button>
        <button
          type="button"
          className="icon"
          title={isPlaying ? "Stop here" : "Play from here, or from the base"}
          aria-label={isPlaying ? "Stop playing" : "Play"}
          disabled={isEmpty}
          onClick={() => (isPlaying ? travel.actions.stop() : travel.actions.play())}
        >
          {isPlaying ? <Sign path="M5.5 3.5v9M10.5 3.5v9" /> : <Sign path="M5 3.5v9l7-4.5z" isFilled />}
        </button>
        <button
          type="button"
          className="icon"
          title="One entry on (Alt+→)"
          aria-label="Step on"
          disabled={isEmpty}
          onClick={() => travel.actions.step(1)}
        >
          <Sign path="m6 3 5 5-5 5" />
        </button>
        <Slider />
        <button
          type="button"
          className="toggle"
          aria-pressed={!now.travelling}
          title="Show the page's own states, and let in what has waited (Escape)"
          onClick={onLive}
        >
          Live
        </button>
        <button
          type="button"
          className="toggle speed"
          title="How fast it plays: press for the next speed"
          onClick={() => travel.actions.setSpeed(speeds[(place + 1) % speeds.length]?.[0] ?? 1)}
        >
          <span className="unseen">Speed </span>
          {speeds[place]?.[1]}
        </button>
        <button
          type="button"
          className="toggle"
          aria-pressed={isLocked}
          title="Entries wait, in order, until this is let go"
          onClick={() => travel.actions.lock(!isLocked)}
        >
          Lock
        </button>
        <button
          type="button"
          className="toggle"
          aria-label="Pause recording"
          aria-pressed={isPaused}
          title="What happens is counted, and not recorded, until this is let go"
          onClick={() => travel.actions.pause(!isPaused)}
        >
          Pause
        </button>
        <button
          type="button"
          className="toggle"
          aria-label="More"
          title="One instance alone, commit, revert, reset, and a condition to lock at"
          aria-expanded={isOpen}
          aria-controls={options}
          onClick={() => setOpen(!isOpen)}
        >
          …
        </button>
      </div>
      {isOpen ? <TravelOptions id={options} /> : null}
    </>
  )
}

const Sign = ({ isFilled = false, path }: { readonly path: string; readonly isFilled?: boolean }) => (
  <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden>
    <path
      d={path}
      fill={isFilled ? "currentColor" : "none"}
      stroke="currentColor"
      strokeWidth="1.8"
      strokeLinecap="round"
      strokeLinejoin="round"
    />
  </svg>
)

/** From the base to what is live, which is its end. */
const Slider = () => {
  const connection = useModule(Connection)
  const travel = useModule(Travel)
  const history = useSelector(connection, (state) => state.counts?.history)
  const { moment, travelling } = useSelector(connection, (state) => state.travel)
  const wanted = useSelector(travel, (state) =>
    state.pending > 0 && state.wanted !== null ? state.wanted.moment : undefined
  )
  const { dropped = 0, oldest = 0, own: latest = 0 } = history ?? {}
  const at = wanted ?? (travelling ? moment : undefined) ?? latest
  const text =
    wanted === undefined && !travelling
      ? `live, after ${count(latest)}`
      : at === oldest
        ? `the base, ${count(oldest)}`
        : `after ${count(at)} of ${count(latest)}`
  return (
    <div className="reach">
      <span
        className={at === oldest && travelling ? "base here" : "base"}
        title={`The history begins here, with the states after entry ${count(oldest)}.${
          dropped === 0 ? "" : ` ${count(dropped)} older entries have been let go of.`
        }`}
      >
        {count(oldest)}
      </span>
      <input
        type="range"
        aria-label="Moment"
        aria-valuetext={text}
        min={oldest}
        max={Math.max(latest, oldest + 1)}
        value={at}
        disabled={latest <= oldest}
        onChange={({ currentTarget }) => travel.actions.to(Math.min(currentTarget.valueAsNumber, latest))}
      />
      <span className="moment">
        {travelling || wanted !== undefined ? `${count(at)} / ${count(latest)}` : count(latest)}
      </span>
    </div>
  )
}
