/** The places that are watched: one request for all of them. */
import { useSelector } from "@sluice/react"
import type { ReactNode } from "react"
import { pathKey, pathText } from "../../ui/path.ts"
import { ValueText } from "../../ui/ValueText.tsx"
import { useAnswer } from "../../useAnswer.ts"
import type { Pin } from "./pinStorage.ts"
import { useLook, useMoment } from "./useLook.ts"

export const Pins = (): ReactNode => {
  const pins = useSelector(useLook(), (state) => state.pins)
  return pins.length === 0 ? null : <List pins={pins} />
}

const List = ({ pins }: { readonly pins: ReadonlyArray<Pin> }): ReactNode => {
  const look = useLook()
  const moment = useMoment()
  const { failure, value } = useAnswer(
    "Values",
    {
      places: pins.map(({ instanceId, path }) => ({ root: { _tag: "State", instanceId, moment }, path }))
    },
    { changes: moment === "live", keep: true }
  )
  return (
    <ul className="pins" aria-label="Pinned">
      {pins.map((pin, index) => {
        const name = `${pin.instanceId} ${pathText(pin.path)}`
        const at = value?.values[index]
        return (
          <li key={`${pin.instanceId} ${pathKey(pin.path)}`}>
            <button type="button" className="link" onClick={() => look.actions.goTo(pin)}>
              {name}
            </button>
            {at?.value === undefined ? (
              <span className="hint">{at?.issue ?? failure ?? "…"}</span>
            ) : (
              <ValueText value={at.value} />
            )}
            <button
              type="button"
              className="icon"
              aria-label={`Unpin ${name}`}
              onClick={() => look.actions.unpin(pin)}
            >
              ×
            </button>
          </li>
        )
      })}
    </ul>
  )
}
