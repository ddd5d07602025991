import { createContext, useContext, useLayoutEffect, useReducer } from "react"
import { raised, type Row as RowData } from "../../row.ts"
import type { StartRows, RowsProps } from "./app.ts"

type Record = Readonly<{ [id: string]: RowData }>

const reduce = (rows: Record, id: string): Record => ({ ...rows, [id]: raised(rows[id]!) })

export const context: StartRows = (all, show) => {
  const initial: Record = Object.fromEntries(all.map((row) => [row.id, row]))
  const RowsContext = createContext(initial)
  let current = initial
  let dispatch: (id: string) => void = () => {}
  const Row = ({ id }: { readonly id: string }) => show(useContext(RowsContext)[id]!)
  const Rows = ({ ids }: RowsProps) => {
    const [rows, raise] = useReducer(reduce, current)
    useLayoutEffect(() => {
      current = rows
      dispatch = raise
    }, [rows])
    return (
      <RowsContext value={rows}>
        <All ids={ids} />
      </RowsContext>
    )
  }
  const All = ({ ids }: RowsProps) => ids.map((id) => <Row key={id} id={id} />)
  return { Rows, raise: (id) => dispatch(id), valueOf: (id) => current[id]!.value }
}
