/** What can be asked of the place that is marked, and the answer. */
import { useSelector } from "@sluice/react"
import type { ReactNode } from "react"
import { mayChange } from "../../ui/mayChange.ts"
import { pathKey, pathText } from "../../ui/path.ts"
import { Tree } from "../../ui/Tree.tsx"
import { ValueText } from "../../ui/ValueText.tsx"
import { useAnswer } from "../../useAnswer.ts"
import { Edit } from "./Edit.tsx"
import { GoTo } from "./GoTo.tsx"
import { samePin } from "./Look.ts"
import { useCopy } from "./useCopy.ts"
import { useInstance, useLook, useMoment } from "./useLook.ts"
import { WhoChanged } from "./WhoChanged.tsx"

/** More than a tree shows at once. */
const manyParts = 100

export const PlacePanel = (): ReactNode => {
  const look = useLook()
  const instance = useInstance()
  const moment = useMoment()
  const place = useSelector(look, (state) => state.place)
  const asks = useSelector(look, (state) => state.asks)
  const pins = useSelector(look, (state) => state.pins)
  const { copy, said } = useCopy()
  if (place === null || instance === undefined) {
    return (
      <div className="details">
        <div className="body">
          <p className="hint">
            Select a part of the state to pin it, to edit it, or to see who changed it. <kbd>↑</kbd>{" "}
            <kbd>↓</kbd> go, <kbd>→</kbd> <kbd>←</kbd> open and close, <kbd>Enter</kbd> selects.
          </p>
        </div>
      </div>
    )
  }
  const { instanceId } = instance
  const pin = { instanceId, path: place.path }
  const isPinned = pins.some((other) => samePin(other, pin))
  const why = instance.closed
    ? "The instance has closed"
    : moment === "live"
      ? undefined
      : "Only what is shown now can be edited"
  return (
    <div className="details">
      <div className="bar tools">
        <span className="subject" title={pathText(place.path)}>
          {pathText(place.path)} <small>{instanceId}</small>
        </span>
        <button
          type="button"
          className="toggle"
          aria-pressed={isPinned}
          onClick={() => (isPinned ? look.actions.unpin(pin) : look.actions.pin(pin))}
        >
          {isPinned ? "Pinned" : "Pin"}
        </button>
        <button
          type="button"
          className="toggle"
          title="As text, all of it"
          onClick={() =>
            copy({ root: { _tag: "State", instanceId, moment }, path: [...place.path], as: "text" })
          }
        >
          Copy
        </button>
        <button
          type="button"
          className="toggle"
          aria-pressed={asks === "who"}
          onClick={() => look.actions.ask("who")}
        >
          Who changed this
        </button>
        <button
          type="button"
          className="toggle"
          aria-pressed={asks === "edit"}
          aria-disabled={why !== undefined}
          title={why}
          onClick={() => {
            if (why === undefined) look.actions.ask("edit")
          }}
        >
          Edit
        </button>
      </div>
      <div className="body">
        {said === "" ? null : <output className="hint">{said}</output>}
        <Now instanceId={instanceId} path={place.path} />
        {asks === "who" ? <WhoChanged instanceId={instanceId} path={place.path} /> : null}
        {asks === "edit" && why === undefined ? (
          <Edit key={pathKey(place.path)} instanceId={instanceId} path={place.path} label={place.label} />
        ) : null}
      </div>
    </div>
  )
}

const Now = ({ instanceId, path }: Parameters<typeof WhoChanged>[0]): ReactNode => {
  const root = { _tag: "State", instanceId, moment: useMoment() } as const
  const { failure, value } = useAnswer(
    "Values",
    { places: [{ root, path: [...path] }] },
    { changes: mayChange(root), keep: true }
  )
  const at = value?.values[0]
  if (at?.value === undefined) return <p className="now">{at?.issue ?? failure ?? "…"}</p>
  return (
    <div className="now">
      {at.value.size === 0 ? (
        <ValueText key={pathKey(path)} value={at.value} />
      ) : (
        <Tree key={pathKey(path)} label="value" root={root} path={path} value={at.value} />
      )}
      {at.value.size > manyParts ? <GoTo instanceId={instanceId} path={path} /> : null}
    </div>
  )
}
