import { proxy, useSnapshot } from "valtio"
import type { Handlers } from "./commands.ts"
import { Buttons, Page, rowMarkup } from "./Page.tsx"
import { makeRows, type Row } from "./rows.ts"
import { memo } from "react"

const table = proxy<{ rows: Array<Row>; selected: number }>({ rows: [], selected: 0 })

const create = (rows: Array<Row>) => {
  table.rows = rows
  table.selected = 0
}

const { select, remove, ...commands }: Handlers = {
  run: () => create(makeRows(1000)),
  runLots: () => create(makeRows(10_000)),
  add: () => {
    table.rows.push(...makeRows(1000))
  },
  update: () => {
    const { rows } = table
    for (let i = 0; i < rows.length; i += 10) rows[i] = { id: rows[i]!.id, label: `${rows[i]!.label} !!!` }
  },
  clear: () => create([]),
  swapRows: () => {
    const { rows } = table
    if (rows.length < 999) return
    const second = rows[1]!
    rows[1] = rows[998]!
    rows[998] = second
  },
  select: (id) => {
    table.selected = id
  },
  remove: (id) => {
    table.rows.splice(
      table.rows.findIndex((row) => row.id === id),
      1
    )
  }
}

interface ItemProps extends Row {
  readonly selected: boolean
}

// Of a snapshot what is read is tracked: the row's fields are read here, where its rows are.
const Item = memo(({ id, label, selected }: ItemProps) =>
  rowMarkup(
    id,
    label,
    selected,
    () => select(id),
    () => remove(id)
  )
)

const Items = () => {
  const { rows, selected } = useSnapshot(table)
  return rows.map(({ id, label }) => <Item key={id} id={id} label={label} selected={id === selected} />)
}

export const App = () => <Page buttons={<Buttons {...commands} />} rows={<Items />} />
