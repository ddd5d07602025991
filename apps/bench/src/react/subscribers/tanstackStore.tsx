import { createAtom, useSelector } from "@tanstack/react-store"
import { raised } from "../../row.ts"
import type { StartRows, RowsProps } from "./app.ts"

/** An atom for each row. */
export const tanstackStore: StartRows = (all, show) => {
  const atoms = new Map(all.map((row) => [row.id, createAtom(row)]))
  const Row = ({ id }: { readonly id: string }) => show(useSelector(atoms.get(id)!))
  return {
    Rows: ({ ids }: RowsProps) => ids.map((id) => <Row key={id} id={id} />),
    raise: (id) => atoms.get(id)!.set(raised),
    valueOf: (id) => atoms.get(id)!.get().value
  }
}
