import type { ReactNode } from "react"
import { count, duration } from "../../ui/format.ts"
import { type Column, columns, meanOf, type Measure } from "./Recording.ts"

const headings: Readonly<Record<Column, string>> = {
  name: "What",
  count: "Times",
  selfMs: "Own",
  totalMs: "Whole",
  meanMs: "Mean",
  maxMs: "Longest"
}

/** More cannot be read anyway. */
const maxRows = 300

export interface MeasureTableProps {
  readonly measures: ReadonlyArray<Measure>
  readonly sort: { readonly by: Column; readonly descending: boolean }
  readonly onSort: (by: Column) => void
}

export const MeasureTable = ({ measures, onSort, sort }: MeasureTableProps): ReactNode => {
  const most = Math.max(0, ...measures.map(({ selfMs }) => selfMs))
  return (
    <div className="scroll">
      <table className="measures">
        <thead>
          <tr>
            {columns.map((column) => (
              <th
                key={column}
                scope="col"
                className={column === "name" ? undefined : "number"}
                aria-sort={column === sort.by ? (sort.descending ? "descending" : "ascending") : "none"}
              >
                <button type="button" onClick={() => onSort(column)}>
                  {headings[column]}
                  <span aria-hidden="true">{column === sort.by ? (sort.descending ? " ↓" : " ↑") : ""}</span>
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {measures.slice(0, maxRows).map((measure) => (
            <Row
              key={`${measure.kind} ${measure.instanceId} ${measure.name}`}
              measure={measure}
              most={most}
            />
          ))}
        </tbody>
      </table>
      {measures.length > maxRows ? <p className="hint">and {count(measures.length - maxRows)} more</p> : null}
    </div>
  )
}

const Row = ({ measure, most }: { readonly measure: Measure; readonly most: number }) => {
  const { instanceId, kind, maxMs, name, selfMs, totalMs } = measure
  return (
    <tr>
      <th scope="row">
        <span className={`kind ${kind}`}>{kind}</span> {name} <small>{instanceId}</small>
        {most === 0 ? null : <span className="share" style={{ width: `${(selfMs / most) * 100}%` }} />}
      </th>
      <td className="number">{count(measure.count)}</td>
      <td className="number">{duration(selfMs)}</td>
      <td className="number" title={kind === "handler" ? "With what it waited for" : undefined}>
        {duration(totalMs)}
      </td>
      <td className="number">{duration(meanOf(measure))}</td>
      <td className="number">{duration(maxMs)}</td>
    </tr>
  )
}
