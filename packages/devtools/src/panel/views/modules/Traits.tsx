/** What an instance's derived fields read, and how often each ran, as a graph. */
import { type RefOf, useSelector } from "@sluice/react"
import type { ReactNode } from "react"
import type { Success } from "../../../protocol/index.ts"
import { count } from "../../ui/format.ts"
import { Graph } from "./Graph.tsx"
import type { Selection } from "./Selection.ts"

type Instance = Success<"Modules">["instances"][number]
type Trait = Instance["traits"][number]

const rowsOf = (rows: number | undefined): string =>
  rows === undefined ? "" : ` (${count(rows)} ${rows === 1 ? "row" : "rows"})`

const describe = ({ failing, field, kind, reads, recomputations }: Trait): string => {
  const from =
    reads.length === 0 ? "nothing" : reads.map((read) => `${read.field}${rowsOf(read.rows)}`).join(", ")
  return `${field}, ${kind}, reads ${from}. It ran ${recomputations === 1 ? "once" : `${count(recomputations)} times`} since the panel first looked${failing ? ", and fails now: the field has an older value" : ""}.`
}

export const Traits = ({
  instance: { traits },
  selection
}: {
  readonly instance: Instance
  readonly selection: RefOf<typeof Selection>
}): ReactNode => {
  const chosen = useSelector(selection, (state) => state.field)
  if (traits.length === 0) return null
  const derived = new Map(traits.map((trait) => [trait.field, trait]))
  const bases = [...new Set(traits.flatMap(({ reads }) => reads.map(({ field }) => field)))].filter(
    (field) => !derived.has(field)
  )
  const nodes = [
    ...bases.map((field) => ({ id: field, label: field, note: "field", kind: "base" })),
    ...traits.map(({ failing, field, kind, recomputations }) => ({
      id: field,
      label: field,
      note: failing ? `${kind}, fails` : `${kind}, ran ${count(recomputations)}×`,
      kind: failing ? "failing" : kind
    }))
  ]
  const edges = traits.flatMap(({ field, reads }) =>
    reads.map(({ field: from, rows }) => ({
      from,
      to: field,
      ...(rows === undefined ? {} : { label: rowsOf(rows) })
    }))
  )
  const selected = nodes.find(({ id }) => id === chosen)?.id ?? traits[0]?.field
  const trait = derived.get(selected ?? "")
  return (
    <section aria-label="Derived fields">
      <h3>Derived fields</h3>
      <Graph
        label="Fields"
        nodes={nodes}
        edges={edges}
        selected={selected}
        onSelect={selection.actions.field}
      />
      <output className="hint">
        {trait === undefined
          ? `${selected} is a field of its own, read by ${edges
              .filter(({ from }) => from === selected)
              .map(({ to }) => to)
              .join(", ")}.`
          : describe(trait)}
      </output>
    </section>
  )
}
