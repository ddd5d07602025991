/** A table and a list of which only the rows in view are in the document. */
/* oxlint-disable jsx-a11y/prefer-tag-over-role -- rows that stand where they are put cannot be those of a <table> */
/* oxlint-disable jsx-a11y/no-noninteractive-tabindex -- what scrolls must be within the keyboard's reach */
import { useVirtualizer } from "@tanstack/react-virtual"
import { type ReactNode, useRef } from "react"

interface RowsProps {
  readonly label: string
  readonly count: number
  readonly rowHeight: number
  /** Rows that move keep their elements, and with them the focus. */
  readonly keyOf: (index: number) => string | number
  readonly renderRow: (index: number) => ReactNode
}

/** Until it is known how much can be seen, and on the server: enough rows for a usual screen. */
const firstView = { width: 0, height: 480 }

/** Row heights are known, so nothing is measured. */
const useRows = ({ count, keyOf, rowHeight }: Pick<RowsProps, "count" | "keyOf" | "rowHeight">) => {
  const scroller = useRef<HTMLDivElement>(null)
  // The library's functions are not memoised by the React compiler, which is not used here.
  // oxlint-disable-next-line react/incompatible-library
  const virtualizer = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: keyOf,
    overscan: 6,
    initialRect: firstView
  })
  return { scroller, height: virtualizer.getTotalSize(), rows: virtualizer.getVirtualItems() }
}

const place = (rowHeight: number, start: number) => ({
  height: rowHeight,
  transform: `translateY(${start}px)`
})

export interface Column<Key extends string> {
  readonly key: Key
  readonly title: string
}

interface VirtualTableProps<Key extends string> extends RowsProps {
  readonly columns: ReadonlyArray<Column<Key>>
  readonly sortedBy: Key
  readonly descending: boolean
  readonly onSort: (key: Key) => void
}

/** Its headings stay in view, and sort. It scrolls by the keyboard when focused. */
export const VirtualTable = <Key extends string>(props: VirtualTableProps<Key>): ReactNode => {
  const { columns, count, descending, label, onSort, renderRow, rowHeight, sortedBy } = props
  const { height, rows, scroller } = useRows(props)
  return (
    <div
      ref={scroller}
      className="scroller"
      role="table"
      aria-label={label}
      aria-rowcount={count + 1}
      tabIndex={0}
    >
      <div className="headings" role="rowgroup">
        <div role="row" aria-rowindex={1} className="heading-row">
          {columns.map(({ key, title }) => (
            <div
              key={key}
              role="columnheader"
              className={`cell ${key}`}
              aria-sort={key !== sortedBy ? "none" : descending ? "descending" : "ascending"}
            >
              <button type="button" onClick={() => onSort(key)}>
                {title}
                <span className="sort-mark" aria-hidden="true">
                  {key !== sortedBy ? "" : descending ? "▼" : "▲"}
                </span>
              </button>
            </div>
          ))}
        </div>
      </div>
      <div className="rows" role="rowgroup" style={{ height }}>
        {rows.map(({ index, key, start }) => (
          <div
            key={String(key)}
            className="row"
            role="row"
            aria-rowindex={index + 2}
            style={place(rowHeight, start)}
          >
            {renderRow(index)}
          </div>
        ))}
      </div>
    </div>
  )
}

interface CellProps {
  readonly column: string
  readonly isHeader?: boolean
  readonly children: ReactNode
}

export const Cell = ({ children, column, isHeader = false }: CellProps): ReactNode => (
  <div role={isHeader ? "rowheader" : "cell"} className={`cell ${column}`}>
    {children}
  </div>
)

/** It scrolls by the keyboard when focused. */
export const VirtualList = (props: RowsProps): ReactNode => {
  const { count, label, renderRow, rowHeight } = props
  const { height, rows, scroller } = useRows(props)
  return (
    <div ref={scroller} className="scroller" role="list" aria-label={label} tabIndex={0}>
      <div className="rows" role="presentation" style={{ height }}>
        {rows.map(({ index, key, start }) => (
          <div
            key={String(key)}
            className="row"
            role="listitem"
            aria-setsize={count}
            aria-posinset={index + 1}
            style={place(rowHeight, start)}
          >
            {renderRow(index)}
          </div>
        ))}
      </div>
    </div>
  )
}
