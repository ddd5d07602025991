import { makeAutoObservable } from "mobx"
import { observer } from "mobx-react-lite"
import { Buttons, Page, rowMarkup } from "./Page.tsx"
import { makeRows } from "./rows.ts"

interface MutableRow {
  readonly id: number
  label: string
}

class Table {
  rows: Array<MutableRow> = []
  selected = 0

  constructor() {
    makeAutoObservable(this)
  }

  run = () => {
    this.rows = makeRows(1000)
    this.selected = 0
  }
  runLots = () => {
    this.rows = makeRows(10_000)
    this.selected = 0
  }
  add = () => {
    this.rows.push(...makeRows(1000))
  }
  update = () => {
    for (let i = 0; i < this.rows.length; i += 10) this.rows[i]!.label += " !!!"
  }
  clear = () => {
    this.rows = []
    this.selected = 0
  }
  swapRows = () => {
    if (this.rows.length < 999) return
    const second = this.rows[1]!
    this.rows[1] = this.rows[998]!
    this.rows[998] = second
  }
  select = (id: number) => {
    this.selected = id
  }
  remove = (id: number) => {
    this.rows.splice(
      this.rows.findIndex((row) => row.id === id),
      1
    )
  }
}

const table = new Table()

interface ItemProps {
  readonly row: MutableRow
  readonly selected: boolean
}

const Item = observer(({ row, selected }: ItemProps) =>
  rowMarkup(
    row.id,
    row.label,
    selected,
    () => table.select(row.id),
    () => table.remove(row.id)
  )
)

const Items = observer(() =>
  table.rows.map((row) => <Item key={row.id} row={row} selected={row.id === table.selected} />)
)

const { run, runLots, add, update, clear, swapRows } = table

export const App = () => (
  <Page buttons={<Buttons {...{ run, runLots, add, update, clear, swapRows }} />} rows={<Items />} />
)
