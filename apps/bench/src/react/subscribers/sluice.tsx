import { Collection, Module, Runtime } from "@sluice/core"
import { type RefOf, RuntimeProvider, useModule, useSelector } from "@sluice/react"
import * as Schema from "effect/Schema"
import type { ReactNode } from "react"
import { raised } from "../../row.ts"
import type { RowsProps, Show, StartRows } from "./app.ts"

const TableRows = Collection.schema(
  Schema.Struct({ id: Schema.String, value: Schema.Number, label: Schema.String }),
  "id"
)

const Table = Module.make("Table", {
  state: Schema.Struct({ rows: TableRows }),
  actions: { raise: Schema.String },
  reducers: { raise: (state, id) => ({ rows: state.rows.update(id, raised) }) }
})

const start =
  (concurrent: boolean, listOf: (show: Show) => (props: RowsProps) => ReactNode): StartRows =>
  (all, show) => {
    const runtime = Runtime.make(Table.implement({ initial: { rows: TableRows.empty.setAll(all) } }))
    const { unsafe } = runtime.resolve(Table.tag)
    const List = listOf(show)
    return {
      Rows: ({ ids }: RowsProps) => (
        <RuntimeProvider runtime={runtime} concurrent={concurrent}>
          <List ids={ids} />
        </RuntimeProvider>
      ),
      raise: (id) => unsafe.dispatch({ _tag: "raise", payload: id }),
      valueOf: (id) => unsafe.getState().rows.get(id)!.value
    }
  }

/** The list has the module's ref, and gives it to its rows. */
const given = (show: Show) => {
  const Row = ({ id, table }: { readonly id: string; readonly table: RefOf<typeof Table> }) =>
    show(useSelector(table, ({ rows }) => rows.get(id)!))
  return ({ ids }: RowsProps) => {
    const table = useModule(Table)
    return ids.map((id) => <Row key={id} id={id} table={table} />)
  }
}

/** Each row asks for the module itself. */
const asked = (show: Show) => {
  const Row = ({ id }: { readonly id: string }) =>
    show(useSelector(useModule(Table), ({ rows }) => rows.get(id)!))
  return ({ ids }: RowsProps) => ids.map((id) => <Row key={id} id={id} />)
}

export const sluice = start(false, given)
export const sluiceConcurrent = start(true, given)
export const sluiceAsked = start(false, asked)
