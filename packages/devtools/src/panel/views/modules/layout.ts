/** Where the nodes of a graph stand: in layers, each right of all that lead to it, close to those that it is joined to. */

export interface Edge {
  readonly from: string
  readonly to: string
  /** Written at it. */
  readonly label?: string
  /** How it is drawn. */
  readonly kind?: string
}

export interface Placed {
  readonly id: string
  readonly layer: number
  /** In its layer, from the top. */
  readonly row: number
}

const layersOf = (ids: ReadonlyArray<string>, edges: ReadonlyArray<Edge>): ReadonlyMap<string, number> => {
  const leading = new Map<string, Array<string>>()
  for (const { from, to } of edges) {
    const known = leading.get(to)
    if (known === undefined) leading.set(to, [from])
    else known.push(from)
  }
  const layers = new Map<string, number>()
  const under = new Set<string>()
  const layerOf = (id: string): number => {
    const known = layers.get(id)
    if (known !== undefined) return known
    under.add(id)
    // An edge that closes a circle counts for nothing.
    const before = (leading.get(id) ?? []).filter((from) => from !== id && !under.has(from))
    const layer = Math.max(0, ...before.map((from) => layerOf(from) + 1))
    under.delete(id)
    layers.set(id, layer)
    return layer
  }
  for (const id of ids) layerOf(id)
  return layers
}

/** How often the rows are put in order by their neighbours, there and back. */
const sweeps = 4

/** Two of them, as nothing says otherwise. */
const inColumns = (ids: ReadonlyArray<string>): ReadonlyArray<Placed> =>
  ids.map((id, index) => ({ id, layer: index % 2, row: Math.floor(index / 2) }))

/** Edges of ids that are not given are passed over. */
export const layout = (ids: ReadonlyArray<string>, given: ReadonlyArray<Edge>): ReadonlyArray<Placed> => {
  const known = new Set(ids)
  const edges = given.filter(({ from, to }) => known.has(from) && known.has(to))
  if (edges.length === 0) return inColumns(ids)
  const layerOf = layersOf(ids, edges)
  const joined = new Set(edges.flatMap(({ from, to }) => [from, to]))
  const layers: Array<Array<string>> = []
  for (const id of ids.toSorted((a, b) => Number(joined.has(b)) - Number(joined.has(a))))
    (layers[layerOf.get(id) ?? 0] ??= []).push(id)
  const neighbours = new Map<string, Array<string>>(ids.map((id) => [id, []]))
  for (const { from, to } of edges) {
    neighbours.get(from)?.push(to)
    neighbours.get(to)?.push(from)
  }
  // In shares of the layer's height, so that layers of other lengths compare.
  const place = new Map<string, number>()
  const write = (layer: ReadonlyArray<string>) => {
    for (const [row, id] of layer.entries()) place.set(id, (row + 0.5) / layer.length)
  }
  for (const layer of layers) write(layer)
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const order = sweep % 2 === 0 ? layers : layers.toReversed()
    for (const layer of order) {
      const wanted = new Map(
        layer.map((id) => {
          const places = (neighbours.get(id) ?? []).map((other) => place.get(other) ?? 0)
          return [id, places.length === 0 ? 1 : places.reduce((a, b) => a + b, 0) / places.length]
        })
      )
      layer.sort((a, b) => (wanted.get(a) ?? 0) - (wanted.get(b) ?? 0))
      write(layer)
    }
  }
  return layers.flatMap((layer, at) => layer.map((id, row) => ({ id, layer: at, row })))
}
