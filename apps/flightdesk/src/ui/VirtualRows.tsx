import { useVirtualizer } from "@tanstack/react-virtual"
import { type ReactNode, useRef } from "react"

interface VirtualRowsProps {
  readonly label: string
  readonly count: number
  readonly rowHeight: number
  /** Rows that move keep their elements, and with them the focus. */
  readonly keyOf: (index: number) => string | number
  /** What the rows are in: `list` or `table`. */
  readonly role: "list" | "table"
  /** Stays in view above the rows, and scrolls sideways with them. */
  readonly head?: ReactNode
  readonly row: (index: number) => ReactNode
}

/** Draws the rows that are in view, however many there are. Scrolls by the keyboard when focused. */
export const VirtualRows = ({
  count,
  head,
  keyOf,
  label,
  role,
  row,
  rowHeight
}: VirtualRowsProps): ReactNode => {
  const scroller = useRef<HTMLDivElement>(null)
  const virtualizer = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: keyOf,
    overscan: 6
  })
  const isTable = role === "table"
  return (
    <div
      ref={scroller}
      className="scroller"
      role={role}
      aria-label={label}
      {...(isTable ? { "aria-rowcount": count + 1 } : {})}
      // A part of the page that scrolls must be within the keyboard's reach.
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
      tabIndex={0}
    >
      {head}
      <div
        className="rows"
        role={isTable ? "rowgroup" : "presentation"}
        style={{ height: virtualizer.getTotalSize() }}
      >
        {virtualizer.getVirtualItems().map(({ index, key, start }) => (
          <div
            key={String(key)}
            className="row"
            role={isTable ? "row" : "listitem"}
            {...(isTable
              ? { "aria-rowindex": index + 2 }
              : { "aria-setsize": count, "aria-posinset": index + 1 })}
            style={{ height: rowHeight, transform: `translateY(${start}px)` }}
          >
            {row(index)}
          </div>
        ))}
      </div>
    </div>
  )
}
