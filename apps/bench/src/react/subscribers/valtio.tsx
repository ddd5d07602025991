import { proxy, useSnapshot } from "valtio"
import type { StartRows, RowsProps } from "./app.ts"

export const valtio: StartRows = (all, show) => {
  const state = proxy({ rows: Object.fromEntries(all.map((row) => [row.id, { ...row }])) })
  const Row = ({ id }: { readonly id: string }) => show(useSnapshot(state.rows[id]!))
  return {
    Rows: ({ ids }: RowsProps) => ids.map((id) => <Row key={id} id={id} />),
    raise: (id) => void ++state.rows[id]!.value,
    valueOf: (id) => state.rows[id]!.value
  }
}
