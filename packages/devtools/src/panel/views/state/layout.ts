/** Where the nodes of a chart are: a column for each level, leaves one below the other, parents beside their parts. */
import type { Value } from "../../../protocol/index.ts"
import { pathKey, type Steps } from "../../ui/path.ts"
import type { ChartState } from "./ChartParts.ts"

export interface ChartNode {
  readonly key: string
  readonly path: Steps
  readonly label: string
  readonly value: Value
  readonly level: number
  readonly isOpen: boolean
  readonly x: number
  readonly y: number
}

/** Stands for the parts that are not shown. */
export interface ChartRest {
  readonly key: string
  readonly count: number
  readonly x: number
  readonly y: number
}

export interface ChartLink {
  readonly key: string
  /** `text` is how many characters are written there. */
  readonly from: { readonly x: number; readonly y: number; readonly text: number }
  readonly to: { readonly x: number; readonly y: number }
}

export interface ChartLayout {
  readonly nodes: ReadonlyArray<ChartNode>
  readonly rests: ReadonlyArray<ChartRest>
  readonly links: ReadonlyArray<ChartLink>
  readonly width: number
  readonly height: number
}

export const columnWidth = 210
export const rowHeight = 24
const margin = 14

/** Nodes are in the order in which a tree lists them. */
export const layoutOf = (
  told: ChartState["told"],
  opened: ReadonlyArray<string>,
  label: string
): ChartLayout => {
  const isOpen = new Set(opened)
  const nodes: Array<ChartNode> = []
  const rests: Array<ChartRest> = []
  const links: Array<ChartLink> = []
  let row = 0
  let levels = 0
  const nextY = () => margin + rowHeight * row++

  const place = (path: Steps, name: string, value: Value, level: number): ChartNode => {
    const key = pathKey(path)
    const x = margin + (level - 1) * columnWidth
    levels = Math.max(levels, level)
    const below = isOpen.has(key) && value.size > 0 ? told[key] : undefined
    const at = nodes.push({ key, path, label: name, value, level, isOpen: below !== undefined, x, y: 0 }) - 1
    const parts = (below?.parts ?? []).map((part) =>
      place([...path, part.step], part.label, part.value, level + 1)
    )
    const left = below === undefined ? 0 : value.size - below.parts.length
    const ends: Array<{ readonly key: string; readonly x: number; readonly y: number }> = [...parts]
    if (left > 0) {
      levels = Math.max(levels, level + 1)
      const rest = { key: `${key} rest`, count: left, x: x + columnWidth, y: nextY() }
      rests.push(rest)
      ends.push(rest)
    }
    const [first, last] = [ends[0], ends.at(-1)]
    const y = first === undefined || last === undefined ? nextY() : (first.y + last.y) / 2
    for (const end of ends) links.push({ key: end.key, from: { x, y, text: name.length }, to: end })
    const node = { key, path, label: name, value, level, isOpen: below !== undefined, x, y }
    nodes[at] = node
    return node
  }

  const root = told[pathKey([])]
  if (root !== undefined) place([], label, root.value, 1)
  return {
    nodes,
    rests,
    links,
    width: levels * columnWidth + 2 * margin,
    height: Math.max(1, row) * rowHeight + margin
  }
}
