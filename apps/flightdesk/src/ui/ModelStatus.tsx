/** How the delay model does: what it has learned, why it stopped, and the switch that has it fail. */
import { useModule, useSelector } from "@sluice/react"
import type { ReactNode } from "react"
import {
  type ModelFault,
  ModelFault as ModelFaultSchema,
  type ModelProblem
} from "../domain/DelayForecast.ts"
import { DelayModel } from "../modules/DelayModel.ts"
import { formatCount } from "./format.ts"
import { useFrameSelector } from "./useFrameSelector.ts"

const faultText: Record<ModelFault, string> = {
  none: "None",
  loop: "Loops for ever",
  trap: "Crashes",
  refuse: "Refuses"
}

export const ModelStatus = (): ReactNode => {
  const model = useModule(DelayModel)
  const learned = useFrameSelector(model, (state) => state.learned)
  const fault = useSelector(model, (state) => state.fault)
  const problem = useSelector(model, (state) => state.problem)
  return (
    <div className="model" data-active={fault !== "none"}>
      <output className="muted">Delay model: learned from {formatCount(learned)}</output>
      <label>
        <span className="muted">Trouble</span>
        <select
          aria-label="Model trouble"
          value={fault}
          onChange={(event) => {
            const chosen = ModelFaultSchema.literals.find((literal) => literal === event.target.value)
            if (chosen !== undefined) model.actions.setFault(chosen)
          }}
        >
          {ModelFaultSchema.literals.map((literal) => (
            <option key={literal} value={literal}>
              {faultText[literal]}
            </option>
          ))}
        </select>
      </label>
      {problem === null ? null : <Problem problem={problem} onAgain={() => model.actions.again()} />}
    </div>
  )
}

const Problem = ({
  onAgain,
  problem: { message, tag }
}: {
  readonly problem: ModelProblem
  readonly onAgain: () => void
}) => (
  <div className="notice warn" role="alert">
    <span title={message}>
      <b>{titles[tag] ?? "The delay model could not be loaded."}</b> {message}
    </span>
    <button type="button" className="button" onClick={onAgain}>
      Try again
    </button>
  </div>
)

/** By the tag of the error. */
const titles: Readonly<Partial<Record<string, string>>> = {
  HandlerFault: "The delay model was stopped.",
  HandlerError: "The delay model refused.",
  HandlerMismatch: "The delay model gave nonsense."
}
