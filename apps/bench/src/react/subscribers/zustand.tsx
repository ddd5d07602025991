import { create } from "zustand"
import { raised, type Row as RowData } from "../../row.ts"
import type { StartRows, RowsProps } from "./app.ts"

interface State {
  readonly rows: Readonly<Record<string, RowData>>
  readonly raise: (id: string) => void
}

export const zustand: StartRows = (all, show) => {
  const useTable = create<State>()((set) => ({
    rows: Object.fromEntries(all.map((row) => [row.id, row])),
    raise: (id) => set(({ rows }) => ({ rows: { ...rows, [id]: raised(rows[id]!) } }))
  }))
  const Row = ({ id }: { readonly id: string }) => show(useTable((state) => state.rows[id]!))
  return {
    Rows: ({ ids }: RowsProps) => ids.map((id) => <Row key={id} id={id} />),
    raise: (id) => useTable.getState().raise(id),
    valueOf: (id) => useTable.getState().rows[id]!.value
  }
}
