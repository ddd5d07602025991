import { atom, type PrimitiveAtom, useAtomValue, useSetAtom } from "jotai"
import { memo } from "react"
import { Buttons, Page, rowMarkup } from "./Page.tsx"
import { excited, makeRows, type Row, swapped } from "./rows.ts"

/** An atom for each row, which knows whether it is selected. */
interface Shown {
  readonly row: Row
  readonly selected: boolean
}
type RowAtom = PrimitiveAtom<Shown>

const rowsAtom = atom<ReadonlyArray<RowAtom>>([])
const selectedAtom = atom<RowAtom | undefined>(undefined)

const atomsOf = (count: number): Array<RowAtom> =>
  makeRows(count).map((row) => atom<Shown>({ row, selected: false }))

const createAtom = atom(null, (_, set, count: number) => {
  set(rowsAtom, atomsOf(count))
  set(selectedAtom, undefined)
})
const appendAtom = atom(null, (_, set, count: number) => {
  set(rowsAtom, (rows) => [...rows, ...atomsOf(count)])
})
const updateAtom = atom(null, (get, set) => {
  const rows = get(rowsAtom)
  for (let i = 0; i < rows.length; i += 10) {
    set(rows[i]!, ({ row, selected }) => ({ row: excited(row), selected }))
  }
})
const clearAtom = atom(null, (_, set) => {
  set(rowsAtom, [])
  set(selectedAtom, undefined)
})
const swapRowsAtom = atom(null, (_, set) => {
  set(rowsAtom, swapped)
})
const selectAtom = atom(null, (get, set, selected: RowAtom) => {
  const before = get(selectedAtom)
  if (before !== undefined) set(before, (shown) => ({ ...shown, selected: false }))
  set(selected, (shown) => ({ ...shown, selected: true }))
  set(selectedAtom, selected)
})
const removeAtom = atom(null, (_, set, removed: RowAtom) => {
  set(rowsAtom, (rows) => rows.filter((row) => row !== removed))
})

const Item = memo(({ of }: { readonly of: RowAtom }) => {
  const { row, selected } = useAtomValue(of)
  const select = useSetAtom(selectAtom)
  const remove = useSetAtom(removeAtom)
  return rowMarkup(
    row.id,
    row.label,
    selected,
    () => select(of),
    () => remove(of)
  )
})

const Items = () => useAtomValue(rowsAtom).map((of) => <Item key={of.toString()} of={of} />)

const Controls = () => {
  const create = useSetAtom(createAtom)
  const append = useSetAtom(appendAtom)
  const update = useSetAtom(updateAtom)
  const clear = useSetAtom(clearAtom)
  const swapRows = useSetAtom(swapRowsAtom)
  return (
    <Buttons
      run={() => create(1000)}
      runLots={() => create(10_000)}
      add={() => append(1000)}
      update={() => update()}
      clear={() => clear()}
      swapRows={() => swapRows()}
    />
  )
}

export const App = () => <Page buttons={<Controls />} rows={<Items />} />
