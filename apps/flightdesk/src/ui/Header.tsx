import { useModule, useSelector } from "@sluice/react"
import type { ReactNode } from "react"
import { type Fault, Fault as FaultSchema } from "../domain/Fault.ts"
import { Flights } from "../modules/Flights.ts"
import { Replay, type Speed, speeds } from "../modules/Replay.ts"
import { ServerTrouble } from "../modules/ServerTrouble.ts"
import { formatCount, formatDay, formatTime } from "./format.ts"
import { Icon } from "./Icon.tsx"
import { Summary } from "./Summary.tsx"
import { useFrameSelector } from "./useFrameSelector.ts"

export const Header = (): ReactNode => (
  <header className="header">
    <div className="brand">
      <svg className="brand-mark" viewBox="0 0 32 32" aria-hidden="true">
        <path d="M3 10h10M3 16h10M3 22h10" />
        <path d="M19 23h10M19 27h10" />
        <path className="gate" d="M16 4v24" />
      </svg>
      <div>
        <h1>Flight desk</h1>
        <p>20,000 US flights, January to March 2001</p>
      </div>
    </div>
    <Summary />
    <TroubleSwitch />
    <div className="replay">
      <Controls />
      <ProgressBar />
    </div>
    <ReplayProblem />
  </header>
)

const Controls = () => {
  const replay = useModule(Replay)
  const status = useSelector(replay, (state) => state.status)
  const isPlaying = status === "playing"
  const canStep = status === "paused"
  const isLoaded = useSelector(replay, (state) => state.isLoaded)
  return (
    <fieldset className="controls" aria-label="Replay">
      <button
        type="button"
        className="button primary play"
        disabled={!isPlaying && !canStep}
        onClick={() => (isPlaying ? replay.actions.pause() : replay.actions.play())}
      >
        <Icon name={isPlaying ? "pause" : "play"} />
        {isPlaying ? "Pause" : "Play"}
      </button>
      <button type="button" className="button" disabled={!canStep} onClick={() => replay.actions.step()}>
        <Icon name="step" />
        Step
      </button>
      <button type="button" className="button" disabled={!isLoaded} onClick={() => replay.actions.restart()}>
        <Icon name="restart" />
        Restart
      </button>
      <SpeedChoice />
    </fieldset>
  )
}

const speedText = (speed: Speed): string => (speed === "max" ? "Max" : `${formatCount(speed)}×`)

const SpeedChoice = () => {
  const replay = useModule(Replay)
  const chosen = useSelector(replay, (state) => state.speed)
  return (
    <fieldset className="segments">
      <legend className="visually-hidden">Speed</legend>
      {speeds.map((speed) => (
        <label key={speed} className="segment">
          <input
            type="radio"
            name="speed"
            checked={speed === chosen}
            onChange={() => replay.actions.setSpeed(speed)}
          />
          <span>{speedText(speed)}</span>
        </label>
      ))}
    </fieldset>
  )
}

const statusText = {
  idle: "Starting",
  loading: "Loading flights…",
  paused: "Paused",
  playing: "Playing",
  done: "All flights have arrived",
  failed: "Stopped"
} as const

const ProgressBar = () => {
  const replay = useModule(Replay)
  const flights = useModule(Flights)
  const { clock: told, status, total } = useFrameSelector(replay, (state) => state)
  // What the rest of the desk shows in the same frame; the replay tells its own progress now and then only.
  const position = useFrameSelector(flights, (state) => state.flights.size + state.rejected)
  const latest = useFrameSelector(flights, (state) => state.flights.at(state.flights.size - 1)?.time ?? 0)
  const clock = Math.max(told, latest)
  const isReady = total > 0
  return (
    <div className="progress">
      <div className="progress-text">
        <span className="clock">
          {isReady ? (
            <>
              {formatDay(clock)} <b>{formatTime(clock)}</b>
            </>
          ) : (
            "–"
          )}
        </span>
        <output className="muted">{statusText[status]}</output>
        <span className="muted count">
          {formatCount(position)} of {formatCount(total)}
        </span>
      </div>
      <progress aria-label="Replay progress" max={Math.max(total, 1)} value={position} />
    </div>
  )
}

const ReplayProblem = () => {
  const replay = useModule(Replay)
  const { isLoaded, problem, status } = useSelector(
    replay,
    ({ isLoaded, problem, status }) => ({ isLoaded, problem, status }),
    (a, b) => a.problem === b.problem && a.status === b.status && a.isLoaded === b.isLoaded
  )
  if (status !== "failed") return null
  return (
    <div className="notice bad" role="alert">
      <span>
        <b>{isLoaded ? "The replay stopped." : "The flights could not be loaded."}</b> {problem}
      </span>
      <button
        type="button"
        className="button"
        onClick={() => (isLoaded ? replay.actions.restart() : replay.actions.load())}
      >
        {isLoaded ? "Restart" : "Try again"}
      </button>
    </div>
  )
}

const faultText: Record<Fault, string> = {
  none: "None",
  down: "Down: answers 503",
  slow: "Slow: answers late",
  nonsense: "Nonsense: answers noise"
}

const TroubleSwitch = () => {
  const trouble = useModule(ServerTrouble)
  const { fault, problem, wanted } = useSelector(trouble)
  return (
    <div className="trouble" data-active={fault !== "none"}>
      <label>
        <span>Simulate server trouble</span>
        <select
          value={wanted ?? fault}
          onChange={(event) => {
            const chosen = FaultSchema.literals.find((literal) => literal === event.target.value)
            if (chosen !== undefined) trouble.actions.want(chosen)
          }}
        >
          {FaultSchema.literals.map((literal) => (
            <option key={literal} value={literal}>
              {faultText[literal]}
            </option>
          ))}
        </select>
      </label>
      {problem === null ? null : (
        <span role="alert" className="problem">
          {problem}
        </span>
      )}
    </div>
  )
}
