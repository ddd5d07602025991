/** A graph in layers, from left to right. The arrow keys walk in it; what they come to is selected. */
import { type KeyboardEvent, type ReactNode, useId, useMemo } from "react"
import { type Edge, layout, type Placed } from "./layout.ts"

export interface GraphNode {
  readonly id: string
  readonly label: string
  /** Below the label. */
  readonly note: string
  readonly kind: string
}

export interface GraphProps {
  readonly label: string
  readonly nodes: ReadonlyArray<GraphNode>
  readonly edges: ReadonlyArray<Edge>
  readonly selected: string | undefined
  readonly onSelect: (id: string) => void
}

const width = 158
const height = 40
const gapX = 44
const gapY = 10

const left = ({ layer }: Placed): number => layer * (width + gapX)
const top = ({ row }: Placed): number => row * (height + gapY)

const curve = (from: Placed, to: Placed): string => {
  const [x1, y1, x2, y2] = [left(from) + width, top(from) + height / 2, left(to), top(to) + height / 2]
  const bend = Math.max(20, (x2 - x1) / 2)
  return `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`
}

export const Graph = ({ edges, label, nodes, onSelect, selected }: GraphProps): ReactNode => {
  const id = useId()
  // What is drawn changes more often than how it hangs together.
  const shape = JSON.stringify([nodes.map((node) => node.id), edges])
  const placed = useMemo(() => {
    // It was written right above.
    const [ids, joined] = JSON.parse(shape) as [ReadonlyArray<string>, ReadonlyArray<Edge>]
    return layout(ids, joined)
  }, [shape])
  const places = new Map(placed.map((place) => [place.id, place]))
  const current = places.get(selected ?? "") ?? placed[0]
  const go = (place: Placed | undefined) => {
    if (place !== undefined) onSelect(place.id)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    if (current === undefined || event.altKey) return
    const { id: at, layer, row } = current
    const inLayer = (wanted: number) => placed.filter((place) => place.layer === wanted)
    const beside = (wanted: number) => inLayer(wanted)[Math.min(row, inLayer(wanted).length - 1)]
    const joined = (next: "from" | "to", own: "from" | "to") =>
      edges.flatMap((edge) => (edge[own] === at ? (places.get(edge[next]) ?? []) : [])).at(0)
    const moves: Readonly<Record<string, () => Placed | undefined>> = {
      ArrowDown: () => inLayer(layer)[row + 1],
      ArrowUp: () => inLayer(layer)[row - 1],
      ArrowRight: () => joined("to", "from") ?? beside(layer + 1),
      ArrowLeft: () => joined("from", "to") ?? beside(layer - 1),
      Home: () => placed[0],
      End: () => placed.at(-1)
    }
    const move = moves[event.key]
    if (move === undefined) return
    event.preventDefault()
    go(move())
  }
  const size = {
    width: Math.max(0, ...placed.map((place) => left(place) + width)),
    height: Math.max(0, ...placed.map((place) => top(place) + height))
  }
  return (
    <div className="graph">
      <div
        className="plane"
        // Its options are found by their id, and stand where they are drawn.
        // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role
        role="listbox"
        aria-label={label}
        tabIndex={0}
        aria-activedescendant={current === undefined ? undefined : `${id}${current.id}`}
        style={size}
        onKeyDown={onKeyDown}
      >
        <svg aria-hidden="true" {...size}>
          {edges.map((edge) => {
            const [from, to] = [places.get(edge.from), places.get(edge.to)]
            if (from === undefined || to === undefined) return null
            const isNear = edge.from === current?.id || edge.to === current?.id
            const classes = [edge.kind ?? "", isNear ? "near" : ""].join(" ")
            return (
              <path key={`${edge.from} ${edge.to} ${edge.kind}`} className={classes} d={curve(from, to)}>
                <title>{edge.label}</title>
              </path>
            )
          })}
        </svg>
        {nodes.map((node) => {
          const place = places.get(node.id)
          return place === undefined ? null : (
            // The keys are those of the list.
            // oxlint-disable-next-line jsx-a11y/click-events-have-key-events
            <div
              key={node.id}
              id={`${id}${node.id}`}
              // oxlint-disable-next-line jsx-a11y/prefer-tag-over-role
              role="option"
              tabIndex={-1}
              className={`vertex ${node.kind}`}
              aria-selected={node.id === current?.id}
              title={`${node.label}\n${node.note}`}
              style={{ left: left(place), top: top(place), width, height }}
              onClick={() => onSelect(node.id)}
            >
              <b>{node.label}</b>
              <small>{node.note}</small>
            </div>
          )
        })}
      </div>
    </div>
  )
}
