/** Who called what, as a flame graph: the arrow keys walk in it, Enter looks into a call, Escape out of it. */
import { type KeyboardEvent, type ReactNode, useMemo, useState } from "react"
import { count, duration } from "../../ui/format.ts"
import { type Bar, barsOf } from "./flame.ts"
import type { Profile } from "./Recording.ts"

const rowHeight = 22
/** Narrower ones cannot be seen. */
const least = 0.002

export const Flame = ({ profile: { calls, measures } }: { readonly profile: Profile }): ReactNode => {
  const [root, setRoot] = useState<number>()
  const [selected, setSelected] = useState<number>()
  const bars = useMemo(() => barsOf(calls, root, least), [calls, root])
  const current = bars.find(({ call }) => call === selected) ?? bars[0]
  if (current === undefined) return <p className="hint">Nothing that ran has called anything yet.</p>

  const go = (bar: Bar | undefined) => {
    if (bar !== undefined) setSelected(bar.call)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.altKey) return
    const { call, depth, from } = current
    const row = bars.filter((bar) => bar.depth === depth)
    const at = row.findIndex((bar) => bar.call === call)
    const moves: Readonly<Record<string, () => void>> = {
      ArrowRight: () => go(row[at + 1]),
      ArrowLeft: () => go(row[at - 1]),
      ArrowDown: () => go(bars.find((bar) => calls[bar.call]?.parent === call)),
      ArrowUp: () => go(bars.find((bar) => bar.call === calls[call]?.parent)),
      Home: () => go(bars[0]),
      End: () => go(bars.findLast((bar) => bar.from <= from)),
      Enter: () => setRoot(call)
    }
    const isOut = event.key === "Escape" && root !== undefined
    const move = isOut ? () => setRoot(calls[root]?.parent) : moves[event.key]
    if (move === undefined) return
    event.preventDefault()
    move()
  }
  const depth = Math.max(...bars.map((bar) => bar.depth)) + 1
  const idOf = (call: number) => `flame-${call}`
  return (
    <div className="flame">
      <div
        className="bars"
        // Its options are found by their id, and drawn where they stand.
        // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role
        role="listbox"
        aria-label="Calls"
        tabIndex={0}
        aria-activedescendant={idOf(current.call)}
        style={{ height: depth * rowHeight }}
        onKeyDown={onKeyDown}
      >
        {bars.map(({ call, depth: row, from, width }) => {
          const made = calls[call]
          const measure = measures[made?.measure ?? -1]
          if (made === undefined || measure === undefined) return null
          const times = `${duration(made.totalMs)}, ${count(made.count)} times`
          return (
            // The keys are those of the list.
            // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
            <div
              key={call}
              id={idOf(call)}
              // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role
              role="option"
              tabIndex={-1}
              className={`bar-of ${measure.kind}`}
              aria-selected={call === current.call}
              aria-label={`${measure.kind} ${measure.name} of ${measure.instanceId}: ${times}`}
              title={`${measure.kind} ${measure.name}\n${measure.instanceId}\n${times}, of its own ${duration(made.selfMs)}`}
              style={{ left: `${from * 100}%`, width: `${width * 100}%`, top: row * rowHeight }}
              onClick={() => setSelected(call)}
              onDoubleClick={() => setRoot(call)}
            >
              {measure.name}
            </div>
          )
        })}
      </div>
      <Selected profile={{ calls, measures }} call={current.call} />
      {root === undefined ? null : (
        <button type="button" className="toggle" onClick={() => setRoot(undefined)}>
          Show all
        </button>
      )}
    </div>
  )
}

const Selected = ({
  call,
  profile: { calls, measures }
}: {
  readonly call: number
  readonly profile: Pick<Profile, "calls" | "measures">
}) => {
  const made = calls[call]
  const measure = measures[made?.measure ?? -1]
  if (made === undefined || measure === undefined) return null
  return (
    <p className="hint">
      <b>{measure.kind}</b> {measure.name} of {measure.instanceId}: {duration(made.totalMs)} in{" "}
      {count(made.count)} calls, {duration(made.selfMs)} of its own
    </p>
  )
}
