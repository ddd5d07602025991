import { makeAutoObservable } from "mobx"
import { observer } from "mobx-react-lite"
import type { Row as RowData } from "../../row.ts"
import type { StartRows, RowsProps } from "./app.ts"

type Mutable = { -readonly [Field in keyof RowData]: RowData[Field] }

class Table {
  readonly rows: Map<string, Mutable>

  constructor(rows: ReadonlyArray<RowData>) {
    this.rows = new Map(rows.map((row) => [row.id, { ...row }]))
    makeAutoObservable(this)
  }

  raise(id: string) {
    this.rows.get(id)!.value += 1
  }
}

export const mobx: StartRows = (all, show) => {
  const table = new Table(all)
  const Row = observer(({ row }: { readonly row: RowData }) => show(row))
  return {
    Rows: observer(({ ids }: RowsProps) => ids.map((id) => <Row key={id} row={table.rows.get(id)!} />)),
    raise: (id) => table.raise(id),
    valueOf: (id) => table.rows.get(id)!.value
  }
}
