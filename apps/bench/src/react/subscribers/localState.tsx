import { useLayoutEffect, useState } from "react"
import { raised, type Row as RowData } from "../../row.ts"
import type { StartRows, RowsProps } from "./app.ts"

/** React alone: a `useState` in each row, and its setter found by the row's id. */
export const localState: StartRows = (all, show) => {
  const rows = new Map(all.map((row) => [row.id, row]))
  const setters = new Map<string, (row: RowData) => void>()
  const Row = ({ id }: { readonly id: string }) => {
    const [row, setRow] = useState(() => rows.get(id)!)
    useLayoutEffect(() => {
      setters.set(id, setRow)
      return () => void setters.delete(id)
    }, [id])
    return show(row)
  }
  return {
    Rows: ({ ids }: RowsProps) => ids.map((id) => <Row key={id} id={id} />),
    raise: (id) => {
      const row = raised(rows.get(id)!)
      rows.set(id, row)
      setters.get(id)?.(row)
    },
    valueOf: (id) => rows.get(id)!.value
  }
}
