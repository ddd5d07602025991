import { atom, createStore, Provider, useAtomValue } from "jotai"
import { raised } from "../../row.ts"
import type { StartRows, RowsProps } from "./app.ts"

/** An atom for each row. */
export const jotai: StartRows = (all, show) => {
  const store = createStore()
  const atoms = new Map(all.map((row) => [row.id, atom(row)]))
  const Row = ({ id }: { readonly id: string }) => show(useAtomValue(atoms.get(id)!))
  return {
    Rows: ({ ids }: RowsProps) => (
      <Provider store={store}>
        {ids.map((id) => (
          <Row key={id} id={id} />
        ))}
      </Provider>
    ),
    raise: (id) => store.set(atoms.get(id)!, raised),
    valueOf: (id) => store.get(atoms.get(id)!).value
  }
}
