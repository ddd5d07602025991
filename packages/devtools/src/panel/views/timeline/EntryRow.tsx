/* oxlint-disable jsx-a11y/prefer-tag-over-role -- a select cannot show rows with columns, nor only those in view */
import { memo, type ReactNode } from "react"
import type { Row } from "../../../protocol/index.ts"
import { count, duration, shortTxn, timeOfDay } from "../../ui/format.ts"
import { type Axis, barsOf } from "./axis.ts"
import { loadText, originNames, runsText, titleOf, waitText } from "./titles.ts"

export interface EntryRowProps {
  readonly id: string
  readonly place: number
  /** Not known yet where it is absent. */
  readonly entry: Row | undefined
  /** How many are like it, with it. */
  readonly alike: number
  readonly axis: Axis
  readonly top: number
  readonly height: number
  readonly index: number
  readonly of: number
  readonly isSelected: boolean
  readonly isHere: boolean
  readonly isLater: boolean
  readonly isPinned: boolean
  readonly isClosed: boolean
  /** Of its group (T11), where it has one. */
  readonly part: "first" | "middle" | "last" | undefined
  readonly onSelect: (place: number) => void
  readonly onJump: (moment: number) => void
}

export const EntryRow = memo((props: EntryRowProps): ReactNode => {
  const { alike, entry, height, id, index, isHere, isLater, isSelected, of, onJump, onSelect, place, top } =
    props
  const classes = [
    "row",
    ...(entry === undefined ? ["unknown"] : [entry.origin.kind, entry.outcome]),
    isHere ? "here" : "",
    isLater ? "later" : "",
    props.part === undefined ? "" : `together ${props.part}`
  ]
  return (
    // The list has the keys, Enter being the double click, and the focus: it says which row is active.
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
    <div
      id={id}
      className={classes.filter(Boolean).join(" ")}
      role="option"
      aria-selected={isSelected}
      aria-posinset={index + 1}
      aria-setsize={of}
      aria-current={isHere ? "step" : undefined}
      style={{ transform: `translateY(${top}px)`, height }}
      onClick={() => onSelect(place)}
      onDoubleClick={() => {
        if (entry !== undefined) onJump(entry.at.seq)
      }}
    >
      {entry === undefined ? (
        <span className="what">…</span>
      ) : (
        <Columns {...props} entry={entry} alike={alike} />
      )}
    </div>
  )
})
EntryRow.displayName = "EntryRow"

const Columns = ({
  alike,
  axis,
  entry,
  isClosed,
  isPinned
}: Pick<EntryRowProps, "alike" | "axis" | "isClosed" | "isPinned"> & { readonly entry: Row }) => (
  <>
    <span className="time">{timeOfDay(entry.time)}</span>
    <span
      className={isClosed ? "instance closed" : "instance"}
      title={isClosed ? "This instance has been disposed since" : undefined}
    >
      {entry.instanceId}
    </span>
    <span className="what">
      {isPinned ? <span aria-label="pinned">★ </span> : null}
      <span className="name">
        {titleOf(entry)}
        {entry.outcome === "commit" ? null : <em>{entry.outcome}</em>}
      </span>{" "}
      {alike > 1 ? <em className="alike">×{count(alike)}</em> : null}
      <Marks entry={entry} />
      {entry.error === undefined ? null : <span className="payload error"> {entry.error}</span>}
      {entry.payload === undefined ? null : <span className="payload"> {entry.payload}</span>}
    </span>
    <span className="origin">{originNames[entry.origin.kind] ?? entry.origin.kind}</span>
    <span className="cause" title={entry.cause === undefined ? undefined : `Caused by ${entry.cause}`}>
      {entry.cause === undefined ? "" : `↳ ${shortTxn(entry.cause, entry.instanceId)}`}
    </span>
    <Track entry={entry} axis={axis} />
    <span className="duration">{entry.durationMs === undefined ? "" : duration(entry.durationMs)}</span>
  </>
)

/** What delayed it, or is still to come. */
const Marks = ({ entry: { loads, runs, waited } }: { readonly entry: Row }) => {
  const handlers = runs === undefined ? "" : runsText(runs)
  return (
    <>
      {waited === undefined ? null : <em className="wait">{waitText(waited)}</em>}
      {loads?.map((load) => (
        <em key={`${load.phase} ${load.field}`} className={`load ${load.outcome}`}>
          {loadText(load)}
        </em>
      ))}
      {handlers === "" ? null : (
        <em className={runs !== undefined && runs.failed > 0 ? "failed" : "running"}>{handlers}</em>
      )}
    </>
  )
}

/** The same is told in words beside it. */
const Track = ({ axis, entry }: Pick<EntryRowProps, "axis"> & { readonly entry: Row }) => (
  <span className="track" aria-hidden>
    {barsOf(entry, axis).map(({ failed, kind, open, start, width }, index) => (
      <i
        // Bars of one entry have no other name than their place.
        // oxlint-disable-next-line react/no-array-index-key
        key={index}
        className={`${kind}${open ? " open" : ""}${failed ? " failed" : ""}`}
        style={{ insetInlineStart: `${start}%`, width: `${width}%` }}
      />
    ))}
  </span>
)

export type GapRowProps = Pick<
  EntryRowProps,
  "height" | "id" | "index" | "isSelected" | "of" | "onSelect" | "place" | "top"
> & { readonly lost: number }

export const GapRow = memo(
  ({ height, id, index, isSelected, lost, of, onSelect, place, top }: GapRowProps): ReactNode => (
    // oxlint-disable-next-line jsx-a11y/click-events-have-key-events, jsx-a11y/interactive-supports-focus
    <div
      id={id}
      className="row gap"
      role="option"
      aria-selected={isSelected}
      aria-posinset={index + 1}
      aria-setsize={of}
      style={{ transform: `translateY(${top}px)`, height }}
      onClick={() => onSelect(place)}
    >
      <span>
        {count(lost)} {lost === 1 ? "entry" : "entries"} lost
      </span>
    </div>
  )
)
GapRow.displayName = "GapRow"
